"""How trials ended is kept by everything that could make them end otherwise; what is damaged is not there."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prompts.task import Limits
from sandbox.environments.result import Prepared
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Isolation, Mount
from sandbox.migrations import MigrationStep
from sandbox.report import TestCase, TestReport
from sandbox.services.protocol import Service
from sandbox.services.sqlite import Sqlite
from sandbox.trial import Laboratory, Project, Trial
from sandbox.trial_cache import KeptTrial, TrialCache, trial_key

GREEN = TestReport((TestCase("t::a", "passed", seconds=0.5), TestCase("t::b", "failed", "é\u2028")))
KEPT = KeptTrial(GREEN, (MigrationStep("sql", "SELECT 1"),), ("a note",))
KEY = "0123456789abcdef"


@pytest.fixture
def cache(tmp_path: Path) -> TrialCache:
    return TrialCache(tmp_path / "trials")


def entry(tmp_path: Path) -> Path:
    return next(path for path in (tmp_path / "trials").rglob("*") if path.is_file())


def test_what_was_kept_is_found_again(cache: TrialCache) -> None:
    assert cache.find(KEY) is None
    cache.keep(KEY, KEPT)
    assert cache.find(KEY) == KEPT
    assert cache.find(KEY[::-1]) is None


@pytest.mark.parametrize(
    "report",
    [
        TestReport(GREEN.cases, problem="time limit: still running after 3 s"),
        TestReport(problem="no network", ours=True),
        TestReport((TestCase("t::a", "failed", "\ud800"),)),
        TestReport(GREEN.cases, problem="the test process ended in the middle, with exit code -9"),
    ],
)
def test_runs_that_did_not_come_to_their_end_are_not_kept(cache: TrialCache, report: TestReport) -> None:
    cache.keep(KEY, KeptTrial(report))
    assert cache.find(KEY) is None


def flip(data: bytes) -> bytes:
    return data.replace(b'"failed"', b'"passed"')


@pytest.mark.parametrize(
    "damage",
    [flip, lambda data: data[:-5], lambda _: b"", lambda data: data + b" ", lambda _: b"\xff" * 99],
)
def test_a_damaged_entry_is_none_and_is_replaced(
    cache: TrialCache, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    cache.keep(KEY, KEPT)
    place = entry(tmp_path)
    place.write_bytes(damage(place.read_bytes()))
    assert cache.find(KEY) is None
    cache.keep(KEY, KEPT)
    assert cache.find(KEY) == KEPT


def test_an_entry_of_another_key_is_not_taken_for_this_one(cache: TrialCache, tmp_path: Path) -> None:
    cache.keep(KEY, KEPT)
    other = KEY[:-1] + "0"
    entry(tmp_path).rename(entry(tmp_path).with_name(other[2:]))
    assert cache.find(other) is None


def test_links_and_pipes_in_an_entrys_place_are_none(cache: TrialCache, tmp_path: Path) -> None:
    cache.keep(KEY, KEPT)
    place = entry(tmp_path)
    real = place.rename(tmp_path / "real")
    place.symlink_to(real)
    assert cache.find(KEY) is None
    place.unlink()
    os.mkfifo(place)
    assert cache.find(KEY) is None


def test_old_entries_are_neither_used_nor_left_lying(cache: TrialCache, tmp_path: Path) -> None:
    cache.keep(KEY, KEPT)
    cache.keep(KEY[::-1], KEPT)
    old = time.time() - 40 * 24 * 3600
    place = entry(tmp_path)
    os.utime(place, (old, old))
    found = {key: cache.find(key) for key in (KEY, KEY[::-1])}
    assert sorted(found.values(), key=str) == [None, KEPT] or list(found.values()).count(None) == 1
    cache.prune()
    assert not place.exists()
    assert list(found.values()).count(KEPT) == 1


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    cache = TrialCache(tmp_path / "file")
    cache.keep(KEY, KEPT)
    cache.prune()
    assert cache.find(KEY) is None


class OtherSqlite(Sqlite):
    def version(self) -> str:
        return "another"


PROJECT = Project({"a.py": "x = 1\n"}, env_vars=(("JWT_SECRET", "x"),), database="SQLite")


def key(
    project: Project = PROJECT,
    toolchain: str = "python",
    prepared: Prepared | None = None,
    services: tuple[Service, ...] = (Sqlite(),),
    isolation: Isolation | None = None,
) -> str:
    prepared = prepared or Prepared("env")
    return trial_key(project, toolchain, prepared, services, isolation or Bubblewrap())


def test_the_key_is_the_same_for_the_same_trial() -> None:
    assert key() == key(replace(PROJECT, files=dict(PROJECT.files)))
    assert key()


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"a.py": "x = 2\n"}},
        {"files": {"b.py": "x = 1\n"}},
        {"hidden_tests": {"test_a.py": "x"}},
        {"dependencies": (("python", "flask"),)},
        {"migrations": (("sql", "SELECT 1"),)},
        {"env_vars": (("JWT_SECRET", "y"),)},
        {"extra_env": {"A": "1"}},
        {"database": ""},
        {"limits": Limits(seconds=3)},
    ],
)
def test_whatever_of_the_project_changes_changes_the_key(change: dict[str, object]) -> None:
    assert key(replace(PROJECT, **change)) != key()  # type: ignore[arg-type]


def test_environment_toolchain_and_services_are_part_of_the_key(tmp_path: Path) -> None:
    mounted = Prepared("env", mounts=(Mount(tmp_path, "/env"),))
    before = key(prepared=mounted)
    (tmp_path / "new").mkdir()  # the environment was built anew
    keys = [
        key(),
        before,
        key(prepared=mounted),
        key(prepared=Prepared("env", env={"A": "1"})),
        key(prepared=Prepared("other")),
        key(toolchain="node"),
        key(services=()),
        key(services=(OtherSqlite(),)),
    ]
    assert len(set(keys)) == len(keys)


def test_without_isolation_there_is_no_key() -> None:
    assert key(isolation=Host()) == ""


TEST = "import pathlib\ndef test_a():\n    assert %s\n"


@pytest.mark.network
class TestLaboratory:
    async def attempt(
        self, isolation: Isolation, cache: TrialCache | None, check: str, **more: object
    ) -> Trial:
        async with Laboratory(isolation, cache=cache) as laboratory:
            return await laboratory.run(Project({"test_a.py": TEST % check}, **more))  # type: ignore[arg-type]

    async def test_the_second_time_nothing_is_run(self, isolation: Isolation, cache: TrialCache) -> None:
        more = {"env_vars": (("JWT_SECRET", "change-me"),), "database": "SQLite"}
        first = await self.attempt(isolation, cache, "1 == 2", **more)
        second = await self.attempt(isolation, cache, "1 == 2", **more)
        assert (first.cached, second.cached) == (False, True)
        assert second.report == first.report
        assert second.report.count("failed") == 1
        assert (second.importable, second.environment) == (first.importable, first.environment)
        assert "tests" not in second.timings
        assert not (await self.attempt(isolation, None, "1 == 2", **more)).cached
        assert not (await self.attempt(isolation, cache, "1 == 1", **more)).cached

    @pytest.mark.parametrize(
        ("check", "command"), [("__import__('time').sleep(99)", "true"), ("1 == 1", "sleep 99")]
    )
    async def test_where_a_limit_was_hit_nothing_is_kept(
        self, isolation: Isolation, cache: TrialCache, tmp_path: Path, check: str, command: str
    ) -> None:
        limits = Limits(seconds=5)
        trial = await self.attempt(isolation, cache, check, limits=limits, migrations=(("command", command),))
        assert "limit" in trial.report.problem + trial.migrations[0].message
        assert not (tmp_path / "trials").exists()
