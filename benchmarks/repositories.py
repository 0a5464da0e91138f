"""Tasks done in real repositories of others: the branch, the verdict, the hand-over, and what else changed.

    python -P benchmarks/repositories.py fastapi=FOLDER express=FOLDER django=FOLDER gin=FOLDER

Each FOLDER is a clone of the repository named below that holds the commit. The script works on a clone of its own, puts
a commit with a failing test on top (an old failure, which must not be blamed), has the task done by the answer in
benchmarks/delegation/, and looks at what came of it.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agents.cassette.cassette import Cassette
from agents.completion import CallTag, Completion, Message, Request
from orchestrator.into.tasks import task_for
from sandbox.repository.snapshot import CommitFiles
from sandbox.repository.source import SourceRepository

ANSWERS = Path(__file__).with_name("delegation")
BACKSMITH = [sys.executable, "-P", "-c", "from orchestrator.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class Case:
    """A repository at a commit, a task in words, and a test that fails before and after."""

    repository: str
    commit: str
    task: str
    old_failure: tuple[str, str]


CASES = {
    "fastapi": Case(
        "rednafi/fastapi-nano",
        "7288a3ced59fc10176bb04353820bccbe7e086e2",
        "Add GET /health to app/routes/views.py, which answers without a token",
        ("app/tests/test_old_failure.py", "def test_old_failure():\n    assert 1 == 2\n"),
    ),
    "express": Case(
        "w3cj/express-api-starter",
        "ece2dc561ada679a80b4b07bb57532bf2188197c",
        "Add GET /api/v1/health to src/api/index.js, which answers without a token",
        (
            "test/old.test.js",
            'import { expect, it } from "vitest";\n\nit("old_failure", () => {\n  expect(1).toBe(2);\n});\n',
        ),
    ),
    "gin": Case(
        "gothinkster/golang-gin-realworld-example-app",
        "728cb04bfefc00982600676ea1ad70ff01c6e598",
        "Add GET /api/health to hello.go, which answers without a token",
        (
            "common/old_failure_test.go",
            'package common\n\nimport "testing"\n\nfunc TestOldFailure(t *testing.T) {\n\tt.Fatal("old")\n}\n',
        ),
    ),
    "django": Case(
        "mdn/django-locallibrary-tutorial",
        "3dbedbed216386e068723f5d3fefeae63bcfe16d",
        "Add GET /catalog/health/ to catalog/urls.py, which answers JSON",
        (
            "catalog/tests/test_old_failure.py",
            "from django.test import SimpleTestCase\n\n\nclass OldTests(SimpleTestCase):\n"
            "    def test_old_failure(self):\n        self.assertEqual(1, 2)\n",
        ),
    ),
}


def main() -> None:
    """Print the table; exits with 1 where anything is not as it must be."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("clones", nargs="+", metavar="NAME=FOLDER")
    chosen = options.parse_args()
    table = Table("repository", "verdict", "tests", "branch", "untouched", "old failure", "seconds")
    good = True
    for pair in chosen.clones:
        name, _, folder = pair.partition("=")
        with tempfile.TemporaryDirectory() as scratch:
            row, fine = run(CASES[name], Path(folder), ANSWERS / f"{name}.md", Path(scratch))
        print(name, *row, sep="  ", flush=True)
        table.add_row(*row)
        good = good and fine
    Console(width=160).print(table)
    sys.exit(0 if good else 1)


def run(case: Case, clone: Path, answer: Path, scratch: Path) -> tuple[list[str], bool]:
    """One case: a row of the table, and whether all is as it must be."""
    repository = prepare(case, clone, scratch / "repository")
    before = state(repository)
    tape = record(case, repository, answer.read_text(encoding="utf-8"), scratch / "tape")
    start = time.monotonic()
    argv = ["run", case.task, "--into", str(repository), "--run", str(scratch / "run"), "--json"]
    argv += ["--model", "replay", "--cassette", str(tape), "--replay", "by-task", "--rounds", "1"]
    done = subprocess.run([*BACKSMITH, *argv], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if not done.stdout.strip():
        return [case.repository, "none", done.stderr[-400:], "", "", "", f"{seconds:.0f}"], False
    report = json.loads(done.stdout)
    score, handed = report["samples"][0]["rounds"][0]["score"], report["handover"]
    untouched = {path: found for path, found in state(repository).items() if path in before} == before
    branch = git(repository, "rev-parse", "--verify", "--quiet", f"refs/heads/{handed['branch']}")
    notes = [note for note in score["notes"] if "not blamed" in note]
    blamed = any(
        "ld_failure" in reason["message"] or "OldFailure" in reason["message"] for reason in score["reasons"]
    )
    tests = next((note for note in score["notes"] if note.startswith("tests: ")), "").removeprefix("tests: ")
    fine = done.returncode == 0 and untouched and branch == handed["commit"] and bool(notes) and not blamed
    if done.returncode:
        tests += " | " + "; ".join(reason["message"] for reason in score["reasons"][:3])
    row = [case.repository, score["verdict"], tests, handed["branch"], str(untouched)]
    return [*row, "not blamed" if notes and not blamed else "blamed", f"{seconds:.0f}"], fine


def prepare(case: Case, clone: Path, folder: Path) -> Path:
    """A clone at the commit, with a failing test on top."""
    subprocess.run(["git", "clone", "-q", "--no-checkout", str(clone), str(folder)], check=True)
    git(folder, "checkout", "-q", "-b", "work", case.commit)
    path, text = case.old_failure
    (folder / path).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "An old failure")
    return folder


def record(case: Case, repository: Path, text: str, folder: Path) -> Path:
    """A cassette that holds the answer to the task."""
    source = SourceRepository(repository)
    task = task_for(case.task, CommitFiles(source.git, source.resolve("HEAD")))
    request = Request(
        "script/test", (Message("user", ""),), CallTag(task=task.digest, role="backend-builder")
    )
    Cassette(folder).write(request, Completion(text, "end", "script-1"))
    return folder


def state(folder: Path) -> dict[str, Any]:
    """Every file of work tree and git folder by its hash, but for objects, which may be added to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".git/objects/"):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def git(folder: Path, *argv: str) -> str:
    """What git prints in a folder."""
    who = {
        f"GIT_{role}_{what}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *argv],
        env={**os.environ, **who},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
