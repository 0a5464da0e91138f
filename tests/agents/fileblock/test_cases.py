"""The conformance folder: what each answer in it must be read as, and that every rule has its cases."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from agents.fileblock import Stream, parse
from agents.fileblock.applying import apply_edits
from agents.fileblock.diagnosis import SEVERITIES
from agents.submission import Answer, Submission

CASES = Path(__file__).with_name("cases")
NAMES = sorted(folder.name for folder in CASES.iterdir())
DOCUMENT = Path(__file__).parents[3] / "docs" / "fileblock.md"


def rules_of(name: str) -> list[str]:
    why = (CASES / name / "why.txt").read_text(encoding="utf-8")
    rules, _, reason = why.partition(": ")
    assert reason.strip() and why.count("\n") == 1, "why.txt is one line: the rules, a colon, a reason"
    return rules.split()


def shape(answer: Answer) -> dict[str, Any]:
    said = answer.submission
    return {
        **edits_shape(said),
        "files": [
            {
                "path": file.path,
                "sha256": hashlib.sha256(file.text.encode("utf-8")).hexdigest(),
                "bytes": len(file.text.encode("utf-8")),
                "span": list(file.span),
                "text": file.text,
            }
            for file in said.files
        ],
        "dependencies": None
        if said.dependencies is None
        else [{"ecosystem": d.ecosystem, "spec": d.spec} for d in said.dependencies],
        "migrations": None
        if said.migrations is None
        else [{"kind": m.kind, "text": m.text} for m in said.migrations],
        "env_vars": None
        if said.env_vars is None
        else [{"name": v.name, "value": v.value} for v in said.env_vars],
        "diagnostics": sorted(
            (
                {"code": d.code, "severity": d.severity, "line": d.line, "path": d.path}
                for d in answer.diagnostics
            ),
            key=lambda told: (told["line"], told["code"]),
        ),
        "adherence": answer.adherence,
    }


def edits_shape(said: Submission) -> dict[str, Any]:
    """The fields for edits and deletions, where an answer has some."""
    edits = [
        {
            "path": edit.path,
            "span": list(edit.span),
            "pieces": [{"line": p.line, "search": p.search, "replace": p.replace} for p in edit.pieces],
        }
        for edit in said.edits
    ]
    deletions = [{"path": deletion.path, "line": deletion.line} for deletion in said.deletions]
    return ({"edits": edits} if edits else {}) | ({"deletions": deletions} if deletions else {})


def base_of(name: str) -> dict[str, str]:
    """The files that a case's edits are for."""
    base = CASES / name / "base"
    return {
        path.relative_to(base).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(base.rglob("*"))
        if path.is_file()
    }


def applied_shape(answer: Answer, base: dict[str, str]) -> dict[str, Any]:
    """What the edits come to over the base."""
    applied = apply_edits(answer.submission, base)
    return {
        "files": {file.path: file.text for file in applied.submission.files},
        "deletions": [deletion.path for deletion in applied.submission.deletions],
        "diagnostics": [
            {"code": d.code, "severity": d.severity, "line": d.line, "path": d.path}
            for d in applied.diagnostics
        ],
    }


def read_case(name: str) -> tuple[str, dict[str, Any], str | None]:
    text = (CASES / name / "response.md").read_bytes().decode("utf-8")
    expected = json.loads((CASES / name / "expected.json").read_text(encoding="utf-8"))
    stop_reason = expected.pop("stop_reason", None)
    expected["diagnostics"].sort(key=lambda told: (told["line"], told["code"]))
    return text, expected, stop_reason


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str) -> None:
    text, expected, stop_reason = read_case(name)
    applied = expected.pop("applied", None)
    answer = parse(text, stop_reason)
    assert shape(answer) == expected
    base = base_of(name)
    assert (applied_shape(answer, base) if base else None) == applied
    assert all(diagnostic.message for diagnostic in answer.diagnostics)


@pytest.mark.parametrize("name", NAMES)
def test_case_in_pieces(name: str) -> None:
    text, _, stop_reason = read_case(name)
    stream = Stream()
    for start in range(0, len(text), 7):
        stream.feed(text[start : start + 7])
    assert stream.finish(stop_reason) == parse(text, stop_reason)


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    rules = re.findall(r"^\*\*([A-Z]\d+)\.\*\*", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rules) == len(set(rules)) > 40
    assert {rule for name in NAMES for rule in rules_of(name)} == set(rules)


def test_every_code_is_documented_and_has_a_case() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| (warning|error) \|", document, re.MULTILINE))
    assert documented == SEVERITIES
    told: set[str] = set()
    for _, expected, _ in map(read_case, NAMES):
        told |= {d["code"] for d in expected["diagnostics"]}
        told |= {d["code"] for d in expected.get("applied", {}).get("diagnostics", [])}
    assert told == set(SEVERITIES)


def test_there_are_enough_cases() -> None:
    assert len(NAMES) >= 100
