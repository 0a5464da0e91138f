"""How long it takes to build the context of a repository of 5,000 files: cold, and warm from the cache.

    python benchmarks/context.py [--files 5000] [--repeat 3] [FOLDER]

Without a folder, a repository is made of copies of real files: Python's own library and, where they are there, Node's
modules. With one, its repository is read. The time of `git ls-files` on it stands beside, as what any tool needs.
"""

import argparse
import random
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.context.build import build_context, read_outlines
from evals.context.cache import OutlineCache
from sandbox.repository.snapshot import Snapshot, read_snapshot
from sandbox.repository.source import SourceRepository

TASK = "Add a timeout to the HTTP client's request method, and raise an error when the server does not answer"
ENDINGS = {".py", ".js", ".mjs", ".ts", ".go", ".java", ".md", ".json", ".toml", ".txt", ".cfg"}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("folder", nargs="?", type=Path)
    options.add_argument("--files", type=int, default=5000)
    options.add_argument("--repeat", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or make_repository(Path(scratch) / "repository", chosen.files)
        measure(folder, Path(scratch) / "cache", chosen.repeat)


def measure(folder: Path, cache: Path, repeat: int) -> None:
    """Build the context with an empty cache, then with a full one."""
    source = SourceRepository(folder)
    commit = source.resolve("HEAD")
    listing = min(timed(lambda: source.git.run("ls-tree", "-r", commit)) for _ in range(repeat))
    reading = min(timed(lambda: read_snapshot(source.git, commit)) for _ in range(repeat))
    cold = timed(lambda: whole(source, commit, OutlineCache(cache)))
    warm = min(timed(lambda: whole(source, commit, OutlineCache(cache))) for _ in range(repeat))
    snapshot = whole(source, commit, OutlineCache(cache))
    size = sum(len(text) for text in snapshot.files.values()) / 1e6
    table = Table("step", "seconds", "times `git ls-tree`")
    for name, seconds in (
        ("git ls-tree", listing),
        ("all files read", reading),
        ("cold", cold),
        ("warm", warm),
    ):
        table.add_row(name, f"{seconds:.2f}", f"{seconds / listing:.1f}")
    Console().print(f"{len(snapshot.files)} text files, {size:.0f} MB")
    Console().print(table)


def whole(source: SourceRepository, commit: str, cache: OutlineCache) -> Snapshot:
    """All that `backsmith context` does."""
    snapshot = read_snapshot(source.git, commit)
    outlines = read_outlines(snapshot.files, snapshot.blobs, cache)
    build_context("repository", commit, snapshot.files, outlines, TASK)
    return snapshot


def timed(work: Callable[[], object]) -> float:
    """Seconds of wall time."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_repository(folder: Path, count: int) -> Path:
    """A repository of ``count`` real files, some of them varied so that no two are the same."""
    roots = [Path(sysconfig.get_path("stdlib")), Path("/usr/lib/node_modules"), Path("/usr/share/nodejs")]
    files = [
        path
        for root in roots
        if root.is_dir()
        for path in sorted(root.rglob("*"))
        if path.suffix in ENDINGS and path.is_file() and 100 < path.stat().st_size < 60_000
    ]
    random.Random(1).shuffle(files)
    for number in range(count):
        path = files[number % len(files)]
        target = folder / f"part{number % 40}" / f"unit{number // 40}" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if number >= len(files) and path.suffix == ".py":
            with target.open("a", encoding="utf-8") as file:
                file.write(f"\n# copy {number}\n")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(folder)]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "all"], check=True)
    return folder


if __name__ == "__main__":
    main()
