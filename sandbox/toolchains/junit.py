"""Reads JUnit XML that hostile code may have written: bounded, with no entities, never following a link."""

import os
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.report import Outcome, TestCase

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MAX_BYTES = 64 * 1024 * 1024
_MAX_CASES = 100_000
_MAX_MESSAGE = 8_000


class UnreadableReportError(Exception):
    """The file is absent, too large, no plain file, or no JUnit XML; the text says which."""


def read_bounded(path: Path) -> bytes:
    """The bytes of a plain file of bounded size. Raises UnreadableReportError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UnreadableReportError("the test runner wrote no report") from None
    except OSError as error:
        raise UnreadableReportError(f"the test report cannot be opened: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnreadableReportError("the test report is not a plain file")
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise UnreadableReportError("the test report is larger than 64 MiB")
    return data


def read_junit(path: Path) -> tuple[TestCase, ...]:
    """Every test case of a JUnit XML file, ids made unique. Raises UnreadableReportError."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(read_bounded(path), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise UnreadableReportError(f"the test report is not readable XML: {error}") from error
    cases: list[TestCase] = []
    seen: Counter[str] = Counter()
    todo: list[tuple[Element, tuple[str, ...]]] = [(root, ())]
    while todo:
        element, suites = todo.pop()
        if element.tag == "testcase":
            cases.append(_case(element, suites, seen))
            if len(cases) > _MAX_CASES:
                raise UnreadableReportError(f"the test report holds more than {_MAX_CASES} cases")
            continue
        inner = (*suites, element.get("name", "")) if element.tag == "testsuite" else suites
        todo.extend((child, inner) for child in reversed(element))
    return tuple(cases)


def _case(element: "Element", suites: tuple[str, ...], seen: Counter[str]) -> TestCase:
    name = element.get("name", "")
    classname = element.get("classname", "")
    # Node puts nested names into suites and says "test" for the class; pytest names the module as the class.
    parts = (
        [part for part in suites if part and part not in {"pytest", "test"}]
        if classname in {"", "test"}
        else [classname]
    )
    identifier = "::".join([*parts, name])[:500] or "(unnamed)"
    seen[identifier] += 1
    if seen[identifier] > 1:
        identifier += f"#{seen[identifier]}"
    outcome: Outcome = "passed"
    message = ""
    for child in element:
        kinds: dict[str, Outcome] = {"failure": "failed", "error": "errored", "skipped": "skipped"}
        if child.tag in kinds:
            found = kinds[child.tag]
            outcome = found if outcome == "passed" else outcome
            text = "\n".join(part for part in (child.get("message", ""), (child.text or "").strip()) if part)
            message = message or _bounded(text)
    return TestCase(identifier, outcome, message, _seconds(element.get("time", "")))


def _bounded(text: str) -> str:
    if len(text) <= _MAX_MESSAGE:
        return text
    half = _MAX_MESSAGE // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value < 1e7 else 0.0
