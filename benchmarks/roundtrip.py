"""Real files, wrapped as a model would send them, and read back: how many come out byte for byte.

    python benchmarks/roundtrip.py [FOLDER...] [--files 6000] [--seed 1] [--show 20]

Four files make one answer, each between plain '---' lines, in five ways: nothing between the blocks, prose
between them, a Markdown rule between them, or both. Beside the parser stand the two readings that are usually written
instead: the first '---' ends a block, and the last '---' before the next header ends it.

Without folders it takes what Python, Node and the system's documentation brought along. A folder with many '---'
lines can be had by ``pip download --no-deps ansible==9.*`` and unzipping the wheel.
"""

import argparse
import os
import random
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.fileblock import parse

EXTENSIONS = [".py", ".js", ".go", ".md", ".yaml", ".yml", ".toml", ".sql", ".json", ".html", ".rst"]
BETWEEN = {
    "nothing": "\n",
    "prose": "\nThe next file belongs to it as well. It needs no changes elsewhere.\n\n",
    "rule": "\n---\n\n",
    "prose, rule": "\nNow follow the tests for it (one file):\n\n---\n\n",
    "rule, prose": "\n---\n\nNow follow the tests for it.\n\n",
}
LARGEST = 200_000


@dataclass(frozen=True)
class Sample:
    """A file as it must come back: LF line breaks, exactly one at the end."""

    source: Path
    text: str

    @property
    def marked(self) -> bool:
        """Whether it holds a bare '---' line."""
        return re.search(r"^---[ \t]*$", self.text, re.MULTILINE) is not None


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("folders", nargs="*", type=Path)
    options.add_argument("--files", type=int, default=6000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=20)
    chosen = options.parse_args()
    samples = choose(chosen.folders or default_folders(), chosen.files, chosen.seed)
    marked = sum(sample.marked for sample in samples)
    print(f"{len(samples)} files, {marked} of them with a bare '---' line, seed {chosen.seed}")
    table = Table(
        "blocks apart by", "reader", "files", "exact", "with '---'", "exact", "told", "silent", "false alarms"
    )
    silent = 0
    failures: list[str] = []
    for way, between in BETWEEN.items():
        for reader, read in READERS.items():
            counts = measure(samples, between, read, failures if reader == "backsmith" else [], way)
            silent += counts["silent"] if reader == "backsmith" else 0
            table.add_row(
                way,
                reader,
                str(counts["files"]),
                f"{counts['exact'] / counts['files']:.3%}",
                str(counts["marked"]),
                f"{counts['marked exact'] / max(1, counts['marked']):.3%}",
                str(counts["told"]),
                str(counts["silent"]),
                str(counts["alarms"]),
            )
    console = Console(width=120)
    console.print(table)
    print("told: not exact, with a diagnostic; silent: not exact, without one; false alarms: exact, with one")
    by_extension = Counter(sample.source.suffix for sample in samples)
    print(
        "files by extension:", ", ".join(f"{suffix} {count}" for suffix, count in by_extension.most_common())
    )
    for failure in failures[: chosen.show]:
        print(failure)
    sys.exit(1 if silent else 0)


def default_folders() -> list[Path]:
    """Where Python, Node and the system keep their files."""
    named = [
        sysconfig.get_path("purelib"),
        sysconfig.get_path("stdlib"),
        "/usr/lib/node_modules",
        "/usr/local/lib/node_modules",
        "node_modules",
        "/usr/share/doc",
        "/usr/lib/python3",
        "/usr/local/go",
    ]
    return [folder for folder in map(Path, named) if folder.is_dir()]


def choose(folders: list[Path], count: int, seed: int) -> list[Sample]:
    """At most ``count`` files: as even a mix of extensions as there is, a third of them with '---' lines."""
    dice = random.Random(seed)
    found: dict[tuple[str, bool], list[Sample]] = {}
    seen: set[str] = set()
    paths = [path for folder in folders for path in walk(folder)]
    dice.shuffle(paths)
    per_kind = max(1, count // len(EXTENSIONS))
    for path in paths:
        kinds = [(path.suffix, True), (path.suffix, False)]
        if all(len(found.get(kind, [])) >= per_kind for kind in kinds):
            continue
        sample = read_sample(path)
        if sample is None or sample.text in seen:
            continue
        pool = found.setdefault((path.suffix, sample.marked), [])
        if len(pool) < per_kind:
            pool.append(sample)
            seen.add(sample.text)
    pools = [found[key] for key in sorted(found)]
    chosen: list[Sample] = []
    while len(chosen) < count and any(pools):
        chosen += [pool.pop() for pool in pools if pool]
    chosen = chosen[:count]
    dice.shuffle(chosen)
    return chosen


def walk(folder: Path) -> Iterator[Path]:
    """The files with a known extension, in a stable order."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix in EXTENSIONS:
                yield Path(place, name)


def read_sample(path: Path) -> Sample | None:
    """The file, unless it is too large, no UTF-8, or empty."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    lines = [line.rstrip("\r") for line in text.split("\n")]
    text = "\n".join(lines).rstrip("\n")
    return Sample(path, text + "\n") if text else None


def measure(
    samples: list[Sample],
    between: str,
    read: Callable[[str], tuple[dict[str, str], set[str]]],
    failures: list[str],
    way: str,
) -> Counter[str]:
    """How many of the files come back as they were."""
    counts: Counter[str] = Counter()
    for start in range(0, len(samples), 4):
        group = samples[start : start + 4]
        wrapped = {f"part{number}/{sample.source.name}": sample for number, sample in enumerate(group)}
        text = between.join(f"FILE: {path}\n---\n{sample.text}---\n" for path, sample in wrapped.items())
        files, told = read(text)
        for path, sample in wrapped.items():
            exact = files.get(path) == sample.text
            noted = path in told
            counts["files"] += 1
            counts["marked"] += sample.marked
            counts["exact"] += exact
            counts["marked exact"] += exact and sample.marked
            counts["told"] += noted and not exact
            counts["silent"] += not noted and not exact
            counts["alarms"] += noted and exact
            if not exact:
                failures.append(f"{way}: {sample.source} ({'told' if noted else 'SILENT'})")
    return counts


def by_backsmith(text: str) -> tuple[dict[str, str], set[str]]:
    """The files, and the paths that a diagnostic names."""
    answer = parse(text)
    return {f.path: f.text for f in answer.submission.files}, {d.path for d in answer.diagnostics}


def by_pattern(pattern: re.Pattern[str]) -> Callable[[str], tuple[dict[str, str], set[str]]]:
    """A reader that takes whatever the pattern matches."""
    return lambda text: ({match[1]: match[2] for match in pattern.finditer(text)}, set())


READERS = {
    "backsmith": by_backsmith,
    "first '---'": by_pattern(re.compile(r"^FILE: ([^\n]+)\n---\n(.*?)^---$", re.DOTALL | re.MULTILINE)),
    "last '---'": by_pattern(
        re.compile(
            r"^FILE: (.+)\n---\n((?:(?!^FILE: ).*\n)*?)---\n(?=(?:(?!^---$|^FILE: ).*\n)*(?:^FILE: |\Z))",
            re.MULTILINE,
        )
    ),
}


if __name__ == "__main__":
    main()
