"""Reads a reviewer's answer: one finding a line, in the form that the review template asks for."""

import re

from prompts.finding import Finding, Severity
from prompts.quoting import visible

MAX_FINDINGS = 50
_MAX_LINE = 2_000

_BULLET = re.compile(r"(?:[-*+\u2022]|[0-9]{1,3}[.)])[ \t]*")
_SEVERITY = re.compile(r"[*_]{0,2}\[[ \t*_]{0,4}([A-Za-z]{1,12})[ \t*_]{0,4}\][*_]{0,2}[ \t:]{0,4}")
_LINE_NUMBER = re.compile(r":(?:L|line )?([0-9]{1,7})(?:[-\u2013][0-9]{1,7})?$")
_SEPARATORS = (" - ", " \u2013 ", " \u2014 ", " -- ")
_WORDS: dict[str, Severity] = {
    "blocker": "high",
    "critical": "high",
    "error": "high",
    "high": "high",
    "major": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "info": "low",
    "low": "low",
    "minor": "low",
    "nit": "low",
}


def parse_review(text: str) -> tuple[Finding, ...]:
    """The findings in a reviewer's answer, in its order, at most 50; ``()`` when it says there are none.

    A finding is a line ``- [severity] path:line - text`` (also without place). An answer with neither a
    finding nor ``No findings.`` gives one that holds the whole answer, so that nothing a reviewer says is
    lost.
    """
    findings: list[Finding] = []
    none_said = False
    plain = visible(text)
    for whole_line in plain.split("\n"):
        line = whole_line[:_MAX_LINE].strip()
        none_said = none_said or line.strip("*_.`- ").lower() in {"no findings", "no finding"}
        finding = _finding(line)
        if finding is not None and len(findings) < MAX_FINDINGS:
            findings.append(finding)
    if findings or none_said:
        return tuple(dict.fromkeys(findings))
    title = "the review is not in the form that was asked for; read it as a whole" if plain.strip() else ""
    return (Finding("review", title or "the review is empty", plain.strip()[:8_000], severity="medium"),)


def _finding(line: str) -> Finding | None:
    bullet = _BULLET.match(line)
    severity = _SEVERITY.match(line, bullet.end() if bullet else 0)
    if severity is None or severity.group(1).lower() not in _WORDS:
        return None
    rest = line[severity.end() :].strip()
    path, number, said = _split_place(rest)
    if not said:
        return None
    return Finding("review", said, path=path, line=number, severity=_WORDS[severity.group(1).lower()])


def _split_place(rest: str) -> tuple[str, int, str]:
    """Path, line and text of ``path:line - text``; no path where what stands first does not look like one."""
    cuts = [(rest.find(separator), separator) for separator in _SEPARATORS if separator in rest]
    if not cuts:
        return "", 0, rest
    start, separator = min(cuts)
    place = rest[:start].strip().strip("*`").strip()
    number = _LINE_NUMBER.search(place)
    path = (place[: number.start()] if number else place).strip("`")
    if not path or " " in path or not ("." in path or "/" in path or path in {"Makefile", "Dockerfile"}):
        return "", 0, rest
    return path, int(number.group(1)) if number else 0, rest[start + len(separator) :].strip()
