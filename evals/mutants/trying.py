"""Runs mutants against the submission's own tests, one after the other, for as long as there is time."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace

from evals.code.view import CodeView
from evals.mutants.making import mutants_of
from evals.mutants.mutant import Mutant, MutantReport, in_order
from sandbox.report import TestReport
from sandbox.trial import Laboratory, Project, Trial

_SLOWER = 4.0
_LEAST_SECONDS = 15.0
# What compilers say of a mutant that is no program any more; the tests have not spoken.
_STILLBORN = re.compile(
    r"declared and not used|imported and not used|\[build failed\]|SyntaxError|error TS\d+|does not compile"
    r"|COMPILATION ERROR|could not compile"
)


def find_mutants(view: CodeView, lines: Mapping[str, frozenset[int]] | None = None) -> tuple[Mutant, ...]:
    """Every mutant of the code that is not itself a test, in the order in which they are tried.

    Only those on ``lines`` (by path, from 1), where these are given.
    """
    found = [mutant for file in view.files for mutant in mutants_of(file)]
    if lines is not None:
        found = [
            mutant for mutant in found if not lines.get(mutant.path, frozenset()).isdisjoint(mutant.lines)
        ]
    return in_order(tuple(found))


async def try_mutants(
    project: Project,
    view: CodeView,
    trial: Trial,
    laboratory: Laboratory,
    seconds: float,
    lines: Mapping[str, frozenset[int]] | None = None,
) -> MutantReport:
    """How many small faults the submission's own tests notice within ``seconds``.

    Only where the tests pass without a fault; a mutant that does not compile, or that this machine cannot run, counts
    for nothing. With ``lines`` only these are changed, and tests that fail anyway stand in nobody's way.
    """
    own_tests = trial.report.own
    if not (own_tests.passed if lines is None else own_tests.count("passed") and not own_tests.problem):
        return MutantReport(problem="the tests do not pass as they are")
    mutants = find_mutants(view, lines)
    if not mutants:
        where = "the code" if lines is None else "the changed lines"
        return MutantReport(problem=f"there is nothing in {where} that mutants are made of")
    bound = min(project.limits.seconds, max(_LEAST_SECONDS, trial.report.seconds * _SLOWER))
    own = replace(project, hidden_tests={}, limits=project.limits.model_copy(update={"seconds": bound}))
    killed: list[Mutant] = []
    survived: list[Mutant] = []
    problem = ""
    end = time.monotonic() + seconds
    for mutant in mutants:
        if time.monotonic() >= end:
            problem = "the time for mutants was used up"
            break
        text = mutant.put_into(project.files[mutant.path])
        tried = (await laboratory.run(replace(own, files={**project.files, mutant.path: text}))).report
        if tried.ours:
            problem = f"a mutant could not be run: {tried.problem[:200]}"
            break
        if _STILLBORN.search(tried.problem) or (not tried.cases and _STILLBORN.search(tried.output)):
            continue
        (killed if _noticed(own_tests, tried) else survived).append(mutant)
    return MutantReport(tuple(killed), tuple(survived), len(mutants), problem)


def _noticed(without: TestReport, tried: TestReport) -> bool:
    """Whether the tests tell a fault. Where some fail without it: one that passed does not pass with it."""
    if without.passed:
        return not tried.passed
    now = {case.id for case in tried.cases if case.outcome == "passed"}
    return bool(tried.problem) or any(c.outcome == "passed" and c.id not in now for c in without.cases)
