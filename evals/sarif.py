"""Checklist results as SARIF 2.1.0, which code hosts show beside the lines that it names.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Sequence
from typing import TypedDict
from urllib.parse import quote

from evals.verdict import CheckResult, Evidence, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_KINDS = {
    Verdict.FAIL: ("fail", "error"),
    Verdict.INCONCLUSIVE: ("open", "none"),
    Verdict.PASS: ("pass", "none"),
    Verdict.NOT_APPLICABLE: ("notApplicable", "none"),
}


class _Text(TypedDict):
    text: str


class _Result(TypedDict, total=False):
    ruleId: str
    ruleIndex: int
    kind: str
    level: str
    message: _Text
    locations: list[dict[str, object]]


def write_sarif(results: Sequence[CheckResult], version: str) -> str:
    """One run with one rule an item. Each piece of evidence of a fail or an inconclusive is a result of its own; a pass
    and a not-applicable are one result each."""
    rules = [{"id": r.item, "shortDescription": {"text": r.item.replace("-", " ")}} for r in results]
    found = [result for index, r in enumerate(results) for result in _results(index, r)]
    driver = {
        "name": "backsmith",
        "version": version,
        "rules": rules,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": found}]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _results(index: int, result: CheckResult) -> list[_Result]:
    if result.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        return [_result(index, result, evidence.message, evidence) for evidence in result.evidence]
    return [_result(index, result, result.reason, None)]


def _result(index: int, result: CheckResult, message: str, evidence: Evidence | None) -> _Result:
    kind, level = _KINDS[result.verdict]
    found: _Result = {
        "ruleId": result.item,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": f"{result.item}: {message}"},
    }
    if evidence is not None and evidence.path:
        place: dict[str, object] = {"artifactLocation": {"uri": quote(evidence.path, errors="replace")}}
        if evidence.line > 0:
            place["region"] = {"startLine": evidence.line}
        found["locations"] = [{"physicalLocation": place}]
    return found
