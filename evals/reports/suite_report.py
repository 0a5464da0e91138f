"""A suite's run as JSON: its metrics and its samples. The field names are the JSON's own."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from evals.metrics.breakdown import Breakdown, break_down
from evals.plain_json import dump
from evals.results import RunResults

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """A run, what it comes to, and whether that can be relied on."""

    run: RunResults
    metrics: Breakdown
    partial: bool
    inconclusive: bool


def suite_json(run: RunResults) -> str:
    """The report as indented JSON."""
    report = SuiteReport(run, break_down(run), run.partial, run.inconclusive)
    return dump(_adapter(), report, indent=1) + "\n"


@cache
def _adapter() -> "TypeAdapter[SuiteReport]":
    from pydantic import TypeAdapter

    return TypeAdapter(SuiteReport)
