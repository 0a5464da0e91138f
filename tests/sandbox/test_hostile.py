"""Every trick in ``hostile/`` ends as a failure with its evidence; the host is unchanged, nothing is left running.

A trick is a folder: ``files/`` is what the model sent, ``trick.yaml`` says why it is there, what the evidence is
(a regular expression over the report), which variables it asks for and, where it is not Python's, which program it
needs.
"""

import asyncio
import hashlib
import os
import re
import shutil
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from prompts.cache_folder import cache_folder
from prompts.task import Limits
from sandbox.isolation.protocol import Command, Isolation
from sandbox.report import TestReport
from sandbox.toolchains.choose import find_toolchain
from sandbox.trial import Laboratory, Project, Trial

pytestmark = pytest.mark.network

TRICKS = sorted((Path(__file__).parent / "hostile").iterdir())
LIMITS = Limits(seconds=12, memory_mb=400, processes=64, output_mb=2, disk_mb=64)
OTHER_LIMITS = Limits(seconds=90)
WATCHED = ("/etc/shadow", "/etc/passwd", "/usr/bin/env", "/proc/sys/kernel/core_pattern")


@pytest.mark.parametrize("trick", TRICKS, ids=lambda path: path.name)
async def test_trick(
    trick: Path, isolation: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(trick)
    needs = about(trick).get("needs", "")
    if needs and not await has(isolation, needs, files):
        pytest.skip(f"there is no {needs}")

    async def run(project: Project) -> Trial:
        async with Laboratory(isolation) as laboratory:
            return await laboratory.run(project)

    (tmp_path / "planted-secret").write_text("x", encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    await caught(trick, run, OTHER_LIMITS if needs else LIMITS)


async def caught(trick: Path, run: Callable[[Project], Awaitable[Trial]], limits: Limits) -> Trial:
    """See that a trick fails with its evidence, and leaves the host as it was."""
    told = about(trick)
    before = state_of_the_host()
    with socket.create_server(("127.0.0.1", 0)) as server:
        extra = {"HOST_SERVER": str(server.getsockname()[1])}
        env_vars = tuple((told.get("env") or {}).items())
        trial = await run(Project(files_of(trick), env_vars=env_vars, extra_env=extra, limits=limits))
    report = trial.report
    assert not report.passed, told["why"]
    assert not report.ours
    assert re.search(told["evidence"], evidence(report)), (
        report.problem,
        report.cases,
        report.output[-1500:],
    )
    assert state_of_the_host() == before
    assert not await left_running()
    return trial


def about(trick: Path) -> dict[str, Any]:
    """What ``trick.yaml`` says."""
    told: dict[str, Any] = yaml.safe_load((trick / "trick.yaml").read_text(encoding="utf-8"))
    return told


def files_of(trick: Path) -> dict[str, str]:
    """What the model sent."""
    folder = trick / "files"
    return {
        str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()
    }


async def has(isolation: Isolation, program: str, files: dict[str, str]) -> bool:
    """Whether the isolation's image, or this machine, has a program."""
    toolchain = find_toolchain(files)
    assert toolchain is not None
    if not isolation.image(toolchain.name):
        return not toolchain.problem() and shutil.which(program) is not None
    script = ("/bin/sh", "-c", f"command -v {program}")
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return (await isolation.run(Command(script, cwd="/tmp", env=path, toolchain=toolchain.name))).ok


def evidence(report: TestReport) -> str:
    """What a person is shown: the problem, and each bad case. Not the output, which the tests print."""
    bad = [case for case in report.cases if case.outcome in {"failed", "errored"}]
    if not bad and not report.problem and not report.count("passed"):
        return "none passed"
    return "\n".join([report.problem, *(f"{case.outcome} {case.id} {case.message}" for case in bad)])


def state_of_the_host() -> dict[str, str]:
    state = {
        path: hashlib.sha256(Path(path).read_bytes()).hexdigest()
        for path in WATCHED
        if os.access(path, os.R_OK)
    }
    # Containers may run as another user; what other isolations write to must stay ours.
    kept = cache_folder().iterdir() if cache_folder().is_dir() else ()
    state["given away"] = str(
        [p for p in kept if p.stat().st_uid != os.getuid() and "in-images" not in p.name]
    )
    state["left"] = str([p for p in ("/usr/bin", "/etc", "/") if (Path(p) / "backsmith-was-here").exists()])
    return state


async def left_running() -> bool:
    """Whether a daemon of ours (its sleep is 77.25 s) is there a moment later."""
    for _ in range(20):
        names = [entry.name for entry in Path("/proc").glob("[0-9]*") if is_ours(entry)]
        if not names:
            return False
        await asyncio.sleep(0.1)
    return True


def is_ours(entry: Path) -> bool:
    try:
        return b"backsmith_pytest" in (entry / "cmdline").read_bytes() and "hostile" in (entry / "cwd").name
    except OSError:
        return False


def test_there_are_enough_tricks_and_each_says_why() -> None:
    assert len(TRICKS) >= 40
    for trick in TRICKS:
        assert yaml.safe_load((trick / "trick.yaml").read_text(encoding="utf-8"))["why"], trick
