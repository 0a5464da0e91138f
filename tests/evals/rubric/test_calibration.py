"""Judges of known quality, measured on the shipped set over a provider's wire format."""

from datetime import date
from pathlib import Path

import pytest

from agents.completion import Parameters
from evals.rubric.calibration import Calibration, calibrate, find_calibration, write_calibration
from evals.rubric.labels import LabelledSet, load_labels
from evals.rubric.rubric import load_rubric
from prompts.errors import ConfigError, ProviderError
from tests.agents.conftest import Opener
from tests.agents.loopback import Loopback, fault
from tests.evals.rubric.judges import Rules, agrees, always_passes, judging, wavers

RUBRIC = load_rubric()
LABELLED = load_labels(RUBRIC)
HALF = LabelledSet(LABELLED.parts[::2], "half")
"""Enough labels to measure by, in half the time."""
TODAY = date(2026, 1, 2)


async def measure(
    server: Loopback, opened: Opener, rules: Rules, labelled: LabelledSet = HALF, repeats: int = 2
) -> Calibration:
    server.answering = judging(labelled, rules)
    return await calibrate(opened("compatible/local"), RUBRIC, labelled, today=TODAY, repeats=repeats, jobs=8)


async def test_a_judge_that_agrees_counts(server: Loopback, opened: Opener, tmp_path: Path) -> None:
    record = await measure(server, opened, agrees, LABELLED)
    assert (record.kappa, record.consistency, record.agreement, record.shortfalls) == (1, 1, 1, ())
    assert all(record.counts(c.id) for c in RUBRIC.criteria)
    assert not record.counts("beauty")
    assert len(server.seen) == 2 * len(LABELLED.parts)
    assert server.most_active > 1
    assert (record.rubric_digest, record.set_digest) == (RUBRIC.digest, LABELLED.digest)
    write_calibration(record, tmp_path / "c")
    assert find_calibration(tmp_path / "c", "compatible/local", RUBRIC) == record


async def test_a_judge_that_likes_everything_does_not(server: Loopback, opened: Opener) -> None:
    record = await measure(server, opened, always_passes)
    assert record.consistency == 1
    assert record.agreement > 0.45  # agreement alone would look like something
    assert record.kappa == 0
    assert "kappa is 0.00, 0.6 is needed" in record.shortfalls
    assert not any(record.counts(c.id) for c in RUBRIC.criteria)


async def test_a_judge_that_wavers_does_not(server: Loopback, opened: Opener) -> None:
    record = await measure(server, opened, wavers, repeats=3)
    assert record.consistency == pytest.approx(1 / 3)
    assert any(text.startswith("consistency is 0.33") for text in record.shortfalls)


async def test_a_judge_weak_on_one_criterion_counts_for_the_others(server: Loopback, opened: Opener) -> None:
    record = await measure(server, opened, lambda p, c, n: "pass" if c == "security" else agrees(p, c, n))
    assert record.shortfalls == ()
    assert not record.counts("security")
    assert record.counts("errors")


async def test_a_provider_that_fails_is_no_measurement(server: Loopback, opened: Opener) -> None:
    server.usual = lambda _: fault(401, "no such key")
    with pytest.raises(ProviderError):
        await measure_nothing(opened)


async def measure_nothing(opened: Opener) -> Calibration:
    return await calibrate(opened("compatible/local"), RUBRIC, LABELLED, today=TODAY, repeats=2)


async def test_a_record_is_of_one_judge_one_rubric_and_one_setting(
    server: Loopback,
    opened: Opener,
    tmp_path: Path,
) -> None:
    write_calibration(await measure(server, opened, agrees), tmp_path)
    assert find_calibration(tmp_path, "compatible/other", RUBRIC) is None
    assert find_calibration(tmp_path, "compatible/local", RUBRIC, Parameters(temperature=1)) is None
    shorter = RUBRIC.model_copy(update={"criteria": RUBRIC.criteria[:-1]})
    assert find_calibration(tmp_path, "compatible/local", shorter) is None
    assert find_calibration(tmp_path / "nowhere", "compatible/local", RUBRIC) is None
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no calibration record"):
        find_calibration(tmp_path, "compatible/local", RUBRIC)
