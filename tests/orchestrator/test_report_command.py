"""Every form of the report, of a run that was really made."""

import base64
import gzip
import json
import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from prompts.errors import ConfigError
from tests.orchestrator import answers
from tests.orchestrator.conftest import Cli


@pytest.fixture
def finished(cli: Cli, tmp_path: Path) -> Path:
    recording = tmp_path / "recordings/greeting"
    recording.mkdir(parents=True)
    (recording / "task.yaml").write_text(answers.TASK, encoding="utf-8")
    (recording / "response.md").write_text(answers.BROKEN_TEST, encoding="utf-8")
    cli(
        "run", "recordings/greeting/task.yaml", "--model", "replay", "--replay", "by-task",
        "--cassette", "recordings", "--rounds", "1", "--run", "r",
    )  # fmt: skip
    return tmp_path / "r"


def test_all_forms_tell_the_same_run(cli: Cli, finished: Path, tmp_path: Path) -> None:
    told = cli(
        "report", finished, "--html", "out/r.html", "--junit", "out/j.xml", "--sarif", "out/s.sarif",
        "--json", "out/r.json", "--rows", "out/r.csv", "--inspect", "out/i.json", "--markdown", "-",
    )  # fmt: skip
    out = tmp_path / "out"
    assert "# Build a tiny greeting library" in told.stdout

    case = next(Xml.parse(out / "j.xml").iter("testcase"))
    failure = case.find("failure")
    assert failure is not None
    assert "hello ada" in (failure.text or "")

    sarif = json.loads((out / "s.sarif").read_text(encoding="utf-8"))
    assert {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]} >= {"auth-required"}
    assert json.loads((out / "r.json").read_text(encoding="utf-8"))["samples"][0]["verdict"] == "fail"
    assert ",fail," in (out / "r.csv").read_text(encoding="utf-8")
    [sample] = json.loads((out / "i.json").read_text(encoding="utf-8"))["samples"]
    assert sample["scores"]["backsmith"]["value"] == "I"
    assert sample["output"]["completion"] == answers.BROKEN_TEST

    html = (out / "r.html").read_text(encoding="utf-8")
    block = re.search(r'id="s-0">([^<]+)<', html)
    assert block is not None
    page = json.loads(gzip.decompress(base64.b64decode(block[1])))
    [one] = page["rounds"]
    assert one["answer"] == answers.BROKEN_TEST
    assert one["files"]["greeting.py"] == answers.CODE
    assert one["score"]["tests"]["failed"] == 1
    assert [speaker for speaker, _ in page["prompt"]] == ["system", "user"]
    key = page["prompt"][1][1]
    text = re.search(rf'id="t-{key}">([^<]+)<', html)
    assert text is not None
    assert "greeting library" in json.loads(gzip.decompress(base64.b64decode(text[1])))


def test_a_folder_gets_a_log_of_each_agent_by_a_name_that_inspect_finds(
    cli: Cli, finished: Path, tmp_path: Path
) -> None:
    cli("report", finished, "--inspect", "logs")
    [log] = (tmp_path / "logs").iterdir()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}_[\w-]+_[0-9a-f]{22}\.json", log.name)
    told = json.loads(log.read_text(encoding="utf-8"))
    assert (told["status"], len(told["samples"])) == ("success", 1)
    assert told["eval"]["created"] <= told["stats"]["started_at"] < told["stats"]["completed_at"]
    cli("report", finished, "--inspect", "logs")
    assert [log] == list((tmp_path / "logs").iterdir()), "the same run has the same log"
    with pytest.raises(ConfigError, match="no agent other"):
        cli("report", finished, "--inspect", "logs", "--agent", "other")


def test_rows_in_an_unknown_form_are_refused(cli: Cli, finished: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.xlsx"):
        cli("report", finished, "--rows", "r.xlsx")
