import os
from pathlib import Path

import pytest

from sandbox.isolation.protocol import Finished
from sandbox.toolchains.judge_run import report_from_junit
from sandbox.toolchains.junit import UnreadableReportError, read_junit

PYTEST = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="4">
<testcase classname="tests.test_a" name="test_ok" time="0.01"/>
<testcase classname="tests.test_a" name="test_bad">
<failure message="assert 1 == 2">E  assert 1 == 2</failure></testcase>
<testcase classname="tests.test_a" name="test_err"><error message="boom">boom</error></testcase>
<testcase classname="tests.test_a" name="test_skip"><skipped message="no"/></testcase>
</testsuite></testsuites>"""
NODE = """<testsuites><testcase name="a" classname="test"/><testsuite name="outer">
<testcase name="a" classname="test"/><testcase name="a" classname="test"/></testsuite></testsuites>"""
GOOD = '<testsuites><testcase classname="t" name="a"/></testsuites>'


def read(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    (tmp_path / "junit.xml").write_text(text, encoding="utf-8")
    return [(case.id, case.outcome) for case in read_junit(tmp_path / "junit.xml")]


def test_pytest_shape(tmp_path: Path) -> None:
    assert read(tmp_path, PYTEST) == [
        ("tests.test_a::test_ok", "passed"),
        ("tests.test_a::test_bad", "failed"),
        ("tests.test_a::test_err", "errored"),
        ("tests.test_a::test_skip", "skipped"),
    ]
    assert "assert 1 == 2" in read_junit(tmp_path / "junit.xml")[1].message


def test_node_shape_gives_unique_ids(tmp_path: Path) -> None:
    assert [name for name, _ in read(tmp_path, NODE)] == ["a", "outer::a", "outer::a#2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuites>&a;</testsuites>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuites/>',
        "<testsuites><testcase>",
    ],
)
def test_hostile_or_broken_xml_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableReportError):
        read(tmp_path, text)


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.xml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "link.xml").symlink_to(tmp_path / "real.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    for name in ("link.xml", "pipe.xml", "absent.xml"):
        with pytest.raises(UnreadableReportError):
            read_junit(tmp_path / name)


def judge(tmp_path: Path, text: str | None, finished: Finished) -> str:
    if text is not None:
        (tmp_path / "junit.xml").write_text(text, encoding="utf-8")
    return report_from_junit(tmp_path / "junit.xml", finished, {0, 1}).problem


def test_report_and_exit_code_must_agree(tmp_path: Path) -> None:
    assert judge(tmp_path, GOOD, Finished(0, "", 1)) == ""
    assert judge(tmp_path, PYTEST, Finished(1, "", 1)) == ""
    assert "disagree" in judge(tmp_path, GOOD, Finished(1, "", 1))
    assert "disagree" in judge(tmp_path, PYTEST, Finished(0, "", 1))


def test_a_run_without_a_report_never_passes(tmp_path: Path) -> None:
    assert "wrote no report" in judge(tmp_path, None, Finished(0, "1 passed", 1))
    assert "no tests" in judge(tmp_path, "<testsuites/>", Finished(0, "", 1))
    assert judge(tmp_path, GOOD, Finished(5, "", 1)) == "the test run ended with exit code 5"
    assert "exit code -9" in judge(tmp_path, GOOD, Finished(-9, "", 1))
    limit = Finished(None, "", 1, "time", "still running after 1 s")
    assert judge(tmp_path, GOOD, limit) == "time limit: still running after 1 s"
