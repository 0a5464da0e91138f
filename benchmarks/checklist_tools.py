"""The analysers that benchmarks/checklist.py holds against each other: ours, Bandit, detect-secrets."""

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from evals.checklist.registry import checks
from evals.code.view import build_view
from evals.verdict import Verdict

Find = Callable[[Path], set[int]]
"""The lines of a file that an analyser speaks against."""

ITEMS = {check.__module__.rpartition(".")[2].replace("_", "-"): check for check in checks()}
BANDIT_TESTS = {
    "sql-parameterized": {"B608", "B610", "B611"},
    "no-hardcoded-secrets": {"B105", "B106", "B107"},
}


def ours(item: str) -> Find:
    """The lines that an item's evidence names where it fails."""

    def find(path: Path) -> set[int]:
        text = path.read_text(encoding="utf-8", errors="replace")
        result = ITEMS[item](build_view({re.sub("test", "t", path.name): text}))
        return {e.line for e in result.evidence} if result.verdict is Verdict.FAIL else set()

    return find


class Other:
    """Another analyser, run once on all files of a set."""

    def __init__(self, run: Callable[[list[Path]], dict[Path, set[int]]]) -> None:
        self._run = run
        self._found: dict[Path, set[int]] = {}

    def prime(self, paths: list[Path]) -> None:
        """Run it on these files."""
        self._found = self._run(paths)

    def __call__(self, path: Path) -> set[int]:
        return self._found.get(path, set())


def bandit(program: str, item: str) -> Other:
    """The lines of Bandit's findings that belong to an item."""

    def run(paths: list[Path]) -> dict[Path, set[int]]:
        targets = [str(path) for path in paths if path.suffix == ".py"]
        command = [program, "-q", "-f", "json", *targets]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines: dict[Path, set[int]] = defaultdict(set)
        for found in json.loads(done.stdout or "{}").get("results", []):
            if found["test_id"] in BANDIT_TESTS.get(item, set()):
                lines[Path(found["filename"])].update(found["line_range"])
        return lines

    return Other(run)


def detect_secrets(program: str) -> Other:
    """The lines that detect-secrets reports."""

    def run(paths: list[Path]) -> dict[Path, set[int]]:
        root = Path(os.path.commonpath([path.parent for path in paths]))
        command = [program, "scan", "--all-files", *(str(path.relative_to(root)) for path in paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
        results = json.loads(done.stdout or "{}").get("results", {})
        return {root / name: {entry["line_number"] for entry in entries} for name, entries in results.items()}

    return Other(run)


def tools_for(item: str, programs: dict[str, str]) -> dict[str, Find]:
    """The analysers that judge an item, of those whose programs were given."""
    found: dict[str, Find] = {"backsmith": ours(item)}
    if programs.get("bandit"):
        found["bandit"] = bandit(programs["bandit"], item)
    if programs.get("detect-secrets") and item == "no-hardcoded-secrets":
        found["detect-secrets"] = detect_secrets(programs["detect-secrets"])
    return found
