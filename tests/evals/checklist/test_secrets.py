"""Secrets and their fallbacks (cases/secrets.yaml): what is one, and what only looks like one."""

from pathlib import Path

import pytest
import yaml

from evals.checklist.no_hardcoded_secrets import check
from evals.code.view import build_view
from evals.verdict import Verdict

_CASES = yaml.safe_load((Path(__file__).parent / "cases" / "secrets.yaml").read_text(encoding="utf-8"))
SECRETS: dict[str, list[str]] = _CASES["secret"]
FINE: dict[str, list[str]] = _CASES["safe"]


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(path, text) for path, texts in table.items() for text in texts]


@pytest.mark.parametrize(("path", "text"), cases(SECRETS))
def test_a_secret_is_found(path: str, text: str) -> None:
    result = check(build_view({path: text + "\n"}))
    assert result.verdict is Verdict.FAIL
    assert {e.path for e in result.evidence} == {path}


@pytest.mark.parametrize(("path", "text"), cases(FINE))
def test_what_is_no_secret_is_left_alone(path: str, text: str) -> None:
    assert check(build_view({path: text + "\n"})).verdict is not Verdict.FAIL
