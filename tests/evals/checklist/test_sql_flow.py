"""Python's ways into a query's text (cases/python_sql.yaml): which are injections, and which only look like one."""

from pathlib import Path

import pytest
import yaml

from evals.checklist.sql_parameterized import check
from evals.code.view import build_view
from evals.verdict import Verdict

SNIPPETS = yaml.safe_load((Path(__file__).parent / "cases" / "python_sql.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", SNIPPETS["bad"])
def test_an_injection_is_found(text: str) -> None:
    assert check(build_view({"a.py": text})).verdict is Verdict.FAIL


@pytest.mark.parametrize("text", SNIPPETS["safe"])
def test_a_safe_query_is_left_alone(text: str) -> None:
    assert check(build_view({"a.py": text})).verdict is not Verdict.FAIL
