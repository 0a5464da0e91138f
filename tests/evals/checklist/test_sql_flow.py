"""The ways into a query's text (cases/*_sql.yaml): which are injections, and which only look like one."""

from pathlib import Path

import pytest
import yaml

from evals.checklist.sql_parameterized import check
from evals.code.view import build_view
from evals.verdict import Verdict

CASES = Path(__file__).parent / "cases"
PYTHON = yaml.safe_load((CASES / "python_sql.yaml").read_text(encoding="utf-8"))
OTHERS = yaml.safe_load((CASES / "other_sql.yaml").read_text(encoding="utf-8"))
SNIPPETS = {"a.py": PYTHON} | OTHERS


def _all(kind: str) -> list[tuple[str, str]]:
    return [(path, text) for path, kinds in SNIPPETS.items() for text in kinds[kind]]


@pytest.mark.parametrize(("path", "text"), _all("bad"))
def test_an_injection_is_found(path: str, text: str) -> None:
    assert check(build_view({path: text})).verdict is Verdict.FAIL


@pytest.mark.parametrize(("path", "text"), _all("safe"))
def test_a_safe_query_is_left_alone(path: str, text: str) -> None:
    assert check(build_view({path: text})).verdict is not Verdict.FAIL
