"""How long it takes to build the context of a repository of 5,000 files: cold, and warm from the cache.

    python -P benchmarks/context.py [--files 5000] [--repeat 3] [FOLDER]

Without a folder, a repository is made of real files: of Python's own library, of the packages that are installed
beside this one and, where they are there, of Node's modules; one in seven is no code (JSON, Markdown, ...). Where there
are too few, some come twice with a line added. It is packed, as a clone is. With a folder, its repository is read. The
time of `git ls-tree` on it stands beside, as what any tool needs. `context` is the whole command as a process.
"""

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.context.build import build_context
from evals.context.cache import ContextCache
from evals.context.reading import Reading
from sandbox.repository.snapshot import CommitFiles, read_snapshot
from sandbox.repository.source import SourceRepository

TASK = "Add a timeout to the HTTP client's request method, and raise an error when the server does not answer"
CODE = {".py", ".js", ".mjs", ".cjs", ".ts", ".go", ".java"}
OTHERS = {".md", ".json", ".toml", ".txt", ".cfg", ".yaml", ".yml"}
MANIFESTS = {"pyproject.toml", "setup.py", "setup.cfg", "package.json", "requirements.txt"}
CODE_OF_SEVEN = 6
START = "from orchestrator.cli import main; main()"


@dataclass(frozen=True)
class Spent:
    """Seconds of wall time, and of processor time with that of the processes that were started."""

    wall: float
    processor: float


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("folder", nargs="?", type=Path)
    options.add_argument("--files", type=int, default=5000)
    options.add_argument("--repeat", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or make_repository(Path(scratch) / "repository", chosen.files)
        measure(folder, Path(scratch), chosen.repeat)


def measure(folder: Path, scratch: Path, repeat: int) -> None:
    """Build the context with an empty cache, then with a full one."""
    source = SourceRepository(folder)
    commit = source.resolve("HEAD")
    texts = read_snapshot(source.git, commit).files
    lines = sorted(text.count("\n") for text in texts.values())
    size = sum(map(len, texts.values())) / 1e6
    Console().print(
        f"{len(texts)} text files, {size:.0f} MB, {sum(lines):,} lines; half of the files have"
        f" {statistics.median(lines):.0f} or more, a tenth {lines[len(lines) * 9 // 10]} or more"
    )
    caches = [scratch / f"cache{number}" for number in range(repeat)]
    homes = [scratch / f"home{number}" for number in range(repeat)]
    steps = (
        ("git ls-tree -l", [spent(lambda: source.git.run("ls-tree", "-r", "-l", commit)) for _ in caches]),
        ("cold", [spent(lambda cache=cache: whole(source, commit, cache)) for cache in caches]),
        ("warm", [spent(lambda cache=cache: whole(source, commit, cache)) for cache in caches]),
        ("context, cold", [spent(lambda home=home: command(folder, home)) for home in homes]),
        ("context, warm", [spent(lambda home=home: command(folder, home)) for home in homes]),
    )
    listing = min(one.wall for one in steps[0][1])
    table = Table(f"step (best of {repeat})", "seconds", "of processor time", "times `git ls-tree`")
    for name, found in steps:
        best = min(one.wall for one in found)
        processor = min(one.processor for one in found)
        table.add_row(name, f"{best:.2f}", f"{processor:.2f}", f"{best / listing:.1f}")
    Console().print(table)


def whole(source: SourceRepository, commit: str, cache: Path) -> None:
    """All that `backsmith context` does after its start."""
    build_context("repository", Reading(CommitFiles(source.git, commit), ContextCache(cache)), TASK)


def command(folder: Path, home: Path) -> None:
    """The command itself."""
    argv = [sys.executable, "-P", "-c", START, "context", TASK, "--into", str(folder), "--json"]
    env = {**os.environ, "XDG_CACHE_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run(argv, env=env, check=True, stdout=subprocess.DEVNULL)


def spent(work: Callable[[], object]) -> Spent:
    """What it takes to do this."""
    wall, processor = time.perf_counter(), _processor()
    work()
    return Spent(time.perf_counter() - wall, _processor() - processor)


def _processor() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def make_repository(folder: Path, count: int) -> Path:
    """A repository of ``count`` real files."""
    paths = sysconfig.get_paths()
    roots = [
        Path(paths["stdlib"]),
        Path(paths["purelib"]),
        Path("/usr/lib/node_modules"),
        Path("/usr/share/nodejs"),
    ]
    found = [
        path
        for root in roots
        if root.is_dir()
        for path in sorted(root.rglob("*"))
        if path.suffix in CODE | OTHERS
        and path.name not in MANIFESTS
        and path.is_file()
        and 100 < path.stat().st_size < 200_000
    ]
    random.Random(1).shuffle(found)
    code = [path for path in found if path.suffix in CODE]
    others = [path for path in found if path.suffix not in CODE] or code
    for number in range(count):
        kind = others if number % 7 >= CODE_OF_SEVEN else code
        place = number // 7 if kind is others else number
        path = kind[place % len(kind)]
        target = folder / f"part{number % 40}" / f"unit{number // 40}" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if place >= len(kind) and path.suffix == ".py":
            with target.open("a", encoding="utf-8") as file:
                file.write(f"\n# copy {number}\n")
    (folder / "pyproject.toml").write_text(
        '[project]\ndependencies = ["fastapi", "psycopg"]\n', encoding="utf-8"
    )
    git = [
        "git",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-C",
        str(folder),
    ]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "all"], check=True)
    subprocess.run([*git, "repack", "-adq"], check=True)
    return folder


if __name__ == "__main__":
    main()
