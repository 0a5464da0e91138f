"""Checklist results as SARIF 2.1.0, which code hosts show beside the lines that it names.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. GitHub takes each result for an alert,
whatever its kind, and refuses a whole file for one result without a place: so only fails are results, and each has a
place. What could not be judged is a notification of the run, and every verdict stands in the run's properties.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from evals.sarif_rules import rule_of
from evals.verdict import CheckResult, Evidence, Verdict
from prompts.quoting import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_VARYING = re.compile(r"[0-9a-fA-F]{8,}|\d+")
_LONGEST = 4_000

Json = dict[str, object]


def write_sarif(results: Sequence[CheckResult], version: str) -> str:
    """One run with one rule an item. Each piece of evidence of a fail is a result of its own."""
    return write_samples_sarif([("", results)], version)


def write_samples_sarif(samples: Sequence[tuple[str, Sequence[CheckResult]]], version: str) -> str:
    """The same for several samples, by name: their files stand in folders of these names."""
    items = tuple(dict.fromkeys(result.item for _, results in samples for result in results))
    places = {item: index for index, item in enumerate(items)}
    seen = Counter[str]()
    run: Json = {
        "tool": {
            "driver": {
                "name": "backsmith",
                "version": version,
                "rules": [_rule(item) for item in items],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": list(_notifications(samples, places))}
        ],
        "results": [
            found
            for name, results in samples
            for result in results
            if result.verdict is Verdict.FAIL
            for found in _results(result, name, places[result.item], seen)
        ],
        "properties": {
            "verdicts": {name or ".": {r.item: str(r.verdict) for r in results} for name, results in samples}
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _rule(item: str) -> Json:
    rule = rule_of(item)
    properties: Json = {"tags": ["backend"], "precision": "high"}
    if rule.severity is not None:
        properties |= {"tags": ["backend", "security"], "security-severity": f"{rule.severity:.1f}"}
    return {
        "id": item,
        "name": "".join(word.capitalize() for word in item.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"Fails where {rule.fails}."},
        "help": {
            "text": f"Fails where {rule.fails}. {rule.mend}",
            "markdown": f"**Fails** where {rule.fails}.\n\n**To mend it:** {rule.mend}",
        },
        "defaultConfiguration": {"level": "error"},
        "properties": properties,
    }


def _results(result: CheckResult, folder: str, index: int, seen: Counter[str]) -> Iterator[Json]:
    # What names no place of its own is shown where the item's first finding is.
    at = next((e for e in result.evidence if e.path), None)
    for evidence in result.evidence:
        message = _message(result, evidence)
        mark = _fingerprint(result.item, folder, evidence)
        seen[mark] += 1
        yield {
            "ruleId": result.item,
            "ruleIndex": index,
            "kind": "fail",
            "level": "error",
            "message": {"text": message},
            "locations": [_location(evidence if evidence.path else at, folder)],
            "partialFingerprints": {"primaryLocationLineHash": f"{mark}:{seen[mark]}"},
        }


def _notifications(
    samples: Sequence[tuple[str, Sequence[CheckResult]]], places: dict[str, int]
) -> Iterator[Json]:
    for name, results in samples:
        for result in results:
            if result.verdict is Verdict.INCONCLUSIVE:
                at = next((e for e in result.evidence if e.path), None)
                yield {
                    "level": "note",
                    "message": {"text": _message(result, Evidence(f"inconclusive: {result.reason}"))},
                    "associatedRule": {"id": result.item, "index": places[result.item]},
                    "locations": [_location(at, name)],
                }


def _message(result: CheckResult, evidence: Evidence) -> str:
    return f"{result.item}: {visible(evidence.message[:_LONGEST])}"


def _location(evidence: Evidence | None, folder: str) -> Json:
    """A place; of the folder as a whole where the evidence names none."""
    path = "/".join(part for part in (folder, evidence.path if evidence else "") if part)
    line = max(1, evidence.line) if evidence else 1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path or ".", errors="replace")},
            "region": {"startLine": line},
        }
    }


def _fingerprint(item: str, folder: str, evidence: Evidence) -> str:
    """The same for the same finding in a later run, although lines move and an application gives other numbers."""
    said = _VARYING.sub("0", evidence.message)
    told = "\0".join((item, folder, evidence.path, said))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
