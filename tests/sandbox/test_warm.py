"""Warm runs: tests forked from a process that has their packages imported come out as in a cold run."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.report import TestReport
from sandbox.trial import Laboratory, Project, Trial
from sandbox.warm.mode import WarmMode

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(bool(Bubblewrap().problem()), reason="bubblewrap does not work here"),
]

LOOK = (Path(__file__).parent / "cases" / "test_look.py").read_text(encoding="utf-8")


async def trials(files: Mapping[str, str], mode: WarmMode, times: int = 1, **more: object) -> list[Trial]:
    async with Laboratory(Bubblewrap(), warm=mode) as laboratory:
        return [await laboratory.run(Project(files, **more)) for _ in range(times)]  # type: ignore[arg-type]


def outcomes(report: TestReport) -> dict[str, str]:
    return {case.id: case.outcome for case in report.cases}


async def test_a_warm_process_sees_what_a_cold_one_sees() -> None:
    files = {"test_look.py": LOOK, "pytest.ini": "[pytest]\n"}
    (warm,) = await trials(files, "always", env_vars=(("PAGE_SIZE", "20"),))
    (cold,) = await trials(files, "off", env_vars=(("PAGE_SIZE", "20"),))
    assert warm.notes == cold.notes == ()
    difference = {k: (v, seen(cold)[k]) for k, v in seen(warm).items() if v != seen(cold)[k]}
    assert difference == {}


def seen(trial: Trial) -> dict[str, object]:
    told = trial.report.output.partition("SEEN")[2].partition("NEES")[0]
    assert told, trial.report
    return dict(json.loads(told))
