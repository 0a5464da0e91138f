"""Other tools' evals of the same recorded answer, for ``benchmarks/evals_cost.py``.

None of them asks a network or has a sandbox here, and each judges an answer by whether a text is in it. Each is a
context that yields a command to be measured, and its environment; what stands before and after is not measured.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.orchestrator import answers

Command = tuple[Sequence[str], dict[str, str]]
Neighbour = Callable[[str, Path, int], AbstractContextManager[Command]]

_PARTS = Path(__file__).with_name("neighbours")


@contextmanager
def inspect_ai(python: str, folder: Path, count: int) -> Iterator[Command]:
    """Inspect AI with its mock model; ``python`` is an interpreter that has inspect-ai."""
    logs = folder / "inspect-logs"
    try:
        yield (python, str(_PARTS / "inspect_eval.py"), str(count), str(logs)), _environment()
    finally:
        shutil.rmtree(logs, ignore_errors=True)


@contextmanager
def promptfoo(program: str, folder: Path, count: int) -> Iterator[Command]:
    """Promptfoo with a provider in JavaScript, which runs in its own process; it exits with 100 if a test fails."""
    config, kept = folder / f"promptfoo-{count}.json", folder / "promptfoo"
    told = {
        "prompts": ["Build a greeting library called {{name}}"],
        "providers": [f"file://{_PARTS / 'recorded.mjs'}"],
        "defaultTest": {"assert": [{"type": "contains", "value": "FILE: "}]},
        "tests": [{"vars": {"name": f"task-{n:04}"}} for n in range(count)],
    }
    config.write_text(json.dumps(told), encoding="utf-8")
    quiet = ("--no-cache", "--no-table", "--no-progress-bar", "--no-share")
    silent = ("TELEMETRY", "UPDATE", "REMOTE_GENERATION", "SHARING")
    switches = {f"PROMPTFOO_DISABLE_{name}": "1" for name in silent}
    # The folder of its database stays from process to process, as it would at home.
    environment = _environment(PROMPTFOO_CONFIG_DIR=str(kept), PROMPTFOO_CACHE_ENABLED="false", **switches)
    yield (program, "eval", "--config", str(config), *quiet), environment


@contextmanager
def harbor(program: str, folder: Path, count: int) -> Iterator[Command]:
    """Harbor with an environment that starts no container: what is left is what Harbor itself costs."""
    tasks, jobs = folder / f"harbor-{count}", folder / "harbor-jobs"
    if not tasks.exists():
        for n in range(count):
            _harbor_task(tasks / f"task-{n:04}")
    ours = (
        "--agent",
        "harbor_parts:Recorded",
        "--env",
        "harbor_parts:Nowhere",
        "--verifier",
        "harbor_parts:Includes",
    )
    where = ("--path", str(tasks), "--jobs-dir", str(jobs))
    try:
        yield (
            (program, "run", *where, *ours, "--quiet", "--yes"),
            _environment(HARBOR_TELEMETRY="0", PYTHONPATH=str(_PARTS)),
        )
        [result] = jobs.glob("*/result.json")
        [found] = json.loads(result.read_text(encoding="utf-8"))["stats"]["evals"].values()
        assert (found["n_trials"], found["metrics"][0]["mean"]) == (count, 1.0), found
    finally:
        shutil.rmtree(jobs, ignore_errors=True)


def _harbor_task(folder: Path) -> None:
    (folder / "environment").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "task.toml").write_text('version = "1.0"\n', encoding="utf-8")
    told = f"Build a greeting library called {folder.name}\n"
    (folder / "instruction.md").write_text(told, encoding="utf-8")
    (folder / "environment/Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (folder / "tests/test.sh").write_text("true\n", encoding="utf-8")


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "ANSWER": answers.GOOD, **more}
