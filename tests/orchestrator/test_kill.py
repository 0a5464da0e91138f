"""``kill -9`` at random instants: nothing is left running, nothing is left lying about, nothing is lost."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from orchestrator.journal import read_journal
from tests.orchestrator import answers

pytestmark = [pytest.mark.network, pytest.mark.slow]

TRIES = 20
DATABASE_TEST = (
    "import os, time\nimport psycopg\n\n\n"
    "def test_database():\n    with psycopg.connect(os.environ['DATABASE_URL']) as connection:\n"
    "        connection.execute('CREATE TABLE t (x int)')\n    time.sleep(0.3)\n"
)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "recordings/greeting"
    folder.mkdir(parents=True)
    task = answers.TASK + "database: PostgreSQL\n"
    (folder / "task.yaml").write_text(task, encoding="utf-8")
    response = answers.answer({"test_db.py": DATABASE_TEST}).replace(
        "\npytest\n", "\npytest\npsycopg[binary]\n"
    )
    (folder / "response.md").write_text(response, encoding="utf-8")
    # A short path: servers' sockets stand below it.
    temporary = Path(tempfile.mkdtemp(prefix="bs-kill-", dir="/tmp"))
    argv = [str(Path(sys.executable).with_name("backsmith")), "run", "recordings/greeting/task.yaml"]
    argv += [
        "--model",
        "replay",
        "--replay",
        "by-task",
        "--cassette",
        "recordings",
        "--rounds",
        "1",
        "--run",
        "r",
        "--no-cache",
    ]
    environ = {**os.environ, "TMPDIR": str(temporary)}
    whole, _ = run(argv, tmp_path, environ, None)
    chance = random.Random(20261121)
    alive = 0
    for _ in range(TRIES):
        subprocess.run(["rm", "-rf", str(tmp_path / "r")], check=True)
        alive += run(argv, tmp_path, environ, chance.uniform(0.2, 1.1) * whole)[1]
        deadline = time.monotonic() + 5
        while processes_at(temporary) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes_at(temporary) == []
        records = read_journal(tmp_path / "r/journal.jsonl")
        assert len(records.damaged) <= 1
    assert alive >= 3, "some of the kills came while something ran in a sandbox"
    final = subprocess.run(argv, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    kinds = [record["kind"] for record in read_journal(tmp_path / "r/journal.jsonl").records]
    assert kinds.count("answer") == kinds.count("score") == 1, final.stderr
    assert [str(path) for home in temporary.iterdir() for path in home.iterdir()] == []
    shutil.rmtree(temporary)


def run(argv: list[str], cwd: Path, environ: dict[str, str], kill_after: float | None) -> tuple[float, bool]:
    """Run to the end, or kill after some seconds; tells how long it took, and whether sandboxes were alive then."""
    start, alive = time.monotonic(), False
    process = subprocess.Popen(
        argv, cwd=cwd, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        alive = bool(processes_at(Path(environ["TMPDIR"])))
        process.send_signal(signal.SIGKILL)
        process.wait()
    return time.monotonic() - start, alive


def processes_at(folder: Path) -> list[str]:
    """Processes that have anything below a folder mounted, as all in our sandboxes do."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in (entry / "mountinfo").read_text(encoding="utf-8"):
                found.append(entry.name)
        except OSError:
            continue
    return found
