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
    return write_samples_sarif([("", results)], version)


def write_samples_sarif(samples: Sequence[tuple[str, Sequence[CheckResult]]], version: str) -> str:
    """The same for several samples, by name: their files stand in folders of these names."""
    items = dict.fromkeys(result.item for _, results in samples for result in results)
    places = {item: index for index, item in enumerate(items)}
    rules = [{"id": item, "shortDescription": {"text": item.replace("-", " ")}} for item in items]
    found = [
        one
        for name, results in samples
        for result in results
        for one in _results(places[result.item], result, f"{name}/" if name else "")
    ]
    driver = {
        "name": "backsmith",
        "version": version,
        "rules": rules,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": found}]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _results(index: int, result: CheckResult, folder: str) -> list[_Result]:
    if result.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        return [_result(index, result, evidence.message, evidence, folder) for evidence in result.evidence]
    return [_result(index, result, result.reason, None, folder)]


def _result(index: int, result: CheckResult, message: str, evidence: Evidence | None, folder: str) -> _Result:
    kind, level = _KINDS[result.verdict]
    found: _Result = {
        "ruleId": result.item,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": f"{result.item}: {message}"},
    }
    if evidence is not None and evidence.path:
        place: dict[str, object] = {
            "artifactLocation": {"uri": quote(folder + evidence.path, errors="replace")}
        }
        if evidence.line > 0:
            place["region"] = {"startLine": evidence.line}
        found["locations"] = [{"physicalLocation": place}]
    return found
