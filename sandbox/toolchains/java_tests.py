"""Holds surefire's reports against what only surefire can know and against the tests that stand in the sources."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sandbox.report import TestCase, TestReport
from sandbox.toolchains.junit import UnreadableReportError, read_bounded
from sandbox.toolchains.word import secret_word

PROPERTY = "backsmith.word"
_HOLDS_TESTS = re.compile(r"@(?:\w*Test|TestFactory|TestTemplate)\b|extends[ \t]+TestCase\b", re.ASCII)
# What surefire runs where a pom says nothing else (maven-surefire-plugin, "includes").
_RUN_BY_NAME = re.compile(r"(?:^Test\w*|\w*(?:Test|Tests|TestCase))\.java$", re.ASCII)
_ABSTRACT = re.compile(r"\babstract[ \t]+class\b|\binterface[ \t]+\w", re.ASCII)
_MAX_FILES = 2_000


def test_classes(files: Mapping[str, str]) -> frozenset[str]:
    """The files below ``src/test`` that hold test methods."""
    return frozenset(
        path for path, text in files.items() if "src/test/" in path and _HOLDS_TESTS.search(text)
    )


test_classes.__test__ = False  # type: ignore[attr-defined]


def genuine(report: TestReport, folder: Path, files: Mapping[str, str]) -> TestReport:
    """The report, unless one of the files in ``folder`` is none of surefire's.

    Surefire writes down the properties that it was started with, and one of them holds a word that no file of the
    project can. Classes that stand in the sources and in no report are skipped tests.
    """
    word = f'value="{secret_word(files)}"'.encode("ascii")
    try:
        for path in sorted(folder.glob("*.xml"))[:_MAX_FILES]:
            if word not in read_bounded(path):
                return replace(
                    report, problem="a report was planted beside surefire's: none of it is believed"
                )
    except UnreadableReportError as error:
        return replace(report, problem=str(error))
    if report.problem:
        return report
    told = {case.id.partition("::")[0].partition("$")[0] for case in report.cases}
    why = "left out by the project's own settings"
    missing = sorted(
        name for path in test_classes(files) if (name := _class(path, files[path])) not in told | {""}
    )
    return replace(report, cases=(*report.cases, *(TestCase(name, "skipped", why) for name in missing)))


def _class(path: str, text: str) -> str:
    """The class that surefire runs by a file's name; empty for one that it does not run as such."""
    _, java, inner = path.partition("src/test/java/")
    if not java or not _RUN_BY_NAME.search(PurePosixPath(path).name) or _ABSTRACT.search(text):
        return ""
    return inner.removesuffix(".java").replace("/", ".")
