"""Watches code at work, as closely as is wanted: asks the running application, puts small faults into the code."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evals.scrutiny import Scrutiny
from sandbox.trial import Laboratory, Project, Trial

if TYPE_CHECKING:
    from evals.code.view import CodeView
    from evals.probes.report import ProbeReport


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of the code a change answers for: the changed lines of each file, and the project as it was before.

    ``lines`` is None where everything is judged, old code too.
    """

    before: Project
    lines: Mapping[str, frozenset[int]] | None = None


async def observe(
    view: "CodeView",
    project: Project,
    trial: Trial,
    laboratory: Laboratory,
    scrutiny: Scrutiny,
    timings: dict[str, float],
    change: Narrowing | None = None,
) -> "CodeView":
    """The view with what the running application and mutants showed, where that is wanted; adds to ``timings``.

    Of a ``change`` only endpoints and lines that it touches are judged, and what failed before is not blamed on it.
    Where there is no environment nothing is run.
    """
    if not trial.environment:
        return view
    if scrutiny.probes or scrutiny.scripts:
        start = time.monotonic()
        view = replace(view, probes=await _probed(view, project, laboratory, scrutiny, change))
        timings["probes"] = round(time.monotonic() - start, 4)
    if scrutiny.mutant_seconds > 0:
        from evals.mutants.trying import try_mutants

        start = time.monotonic()
        lines = change.lines if change else None
        report = await try_mutants(project, view, trial, laboratory, scrutiny.mutant_seconds, lines)
        view = replace(view, mutants=report)
        timings["mutants"] = round(time.monotonic() - start, 4)
    return view


async def _probed(
    view: "CodeView",
    project: Project,
    laboratory: Laboratory,
    scrutiny: Scrutiny,
    change: Narrowing | None,
) -> "ProbeReport":
    from evals.code.view import build_view
    from evals.probes.conduct import probe
    from evals.probes.report import blamed
    from evals.touched import touched_endpoints

    only = touched_endpoints(view, change.lines) if change and change.lines is not None else None
    report = await probe(
        project, view, laboratory, only=only, scripts=scrutiny.scripts, explore=scrutiny.probes
    )
    if change is None or not report.failures:
        return report
    then = await probe(change.before, build_view(change.before.files, task=view.task), laboratory, only=only)
    return blamed(report, then)
