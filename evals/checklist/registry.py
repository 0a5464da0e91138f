"""Which items there are, in their fixed order. Other distributions add theirs as entry points."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points

from evals.checklist.mutated import with_mutants
from evals.checklist.probed import with_probes
from evals.code.view import CodeView
from evals.verdict import CheckResult

Check = Callable[[CodeView], CheckResult]

GROUP = "backsmith.checks"
_OWN = (
    "complete",
    "error_handling",
    "input_validation",
    "no_hardcoded_secrets",
    "tests_cover_errors",
    "sql_parameterized",
    "auth_required",
    "response_models",
)


@lru_cache
def checks() -> tuple[Check, ...]:
    """Our own items first, then those of entry points by name."""
    own: list[Check] = [import_module(f"evals.checklist.{name}").check for name in _OWN]
    others = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return (*own, *(point.load() for point in others))


def judge(view: CodeView, among: Iterable[Check] | None = None) -> tuple[CheckResult, ...]:
    """The verdict of every item on one view, what probes and mutants showed included."""
    read = (check(view) for check in (checks() if among is None else among))
    return tuple(with_mutants(with_probes(result, view), view) for result in read)
