"""The case folders: small submissions, one file each, with the verdict that a reader of the code would give.

A case has ``expect`` (the verdict), ``why`` (in one line), ``files``, and where it matters ``task`` and ``at`` (the
places that the evidence must name).
"""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from evals.checklist.registry import checks
from evals.code.files import language_of
from evals.code.view import build_view
from prompts.task import Task

CASES = Path(__file__).parent / "cases"
BY_ITEM = {check.__module__.rpartition(".")[2].replace("_", "-"): check for check in checks()}
PATHS = sorted(path.relative_to(CASES).as_posix() for path in CASES.glob("*/*.yaml"))


@pytest.mark.parametrize("path", PATHS)
def test_case(path: str) -> None:
    case = yaml.safe_load((CASES / path).read_text(encoding="utf-8"))
    task = Task(**case["task"]) if "task" in case else None
    result = BY_ITEM[path.partition("/")[0]](build_view(case["files"], task=task))
    assert result.verdict.value == case["expect"], f"{case['why']}: {result}"
    places = {f"{e.path}:{e.line}" for e in result.evidence}
    assert set(case.get("at", ())) <= places, f"{case['why']}: {result.evidence}"


@pytest.mark.parametrize("item", sorted(BY_ITEM))
def test_every_item_has_cases_of_every_kind(item: str) -> None:
    cases = [
        yaml.safe_load((CASES / p).read_text(encoding="utf-8")) for p in PATHS if p.startswith(f"{item}/")
    ]
    verdicts = Counter(case["expect"] for case in cases)
    languages = {language_of(path) for case in cases for path in case["files"]} - {None}
    assert len(cases) >= 12
    assert min(verdicts["pass"], verdicts["fail"], verdicts["not-applicable"]) >= 1
    assert len(languages) >= 3
