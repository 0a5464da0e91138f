"""The command line as a whole: errors, exit codes, doctor, demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.orchestrator.conftest import Cli

BACKSMITH = Path(sys.executable).with_name("backsmith")


def backsmith(*args: str, cwd: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    environ = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | env
    return subprocess.run(
        [str(BACKSMITH), *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environ,
        timeout=120,
    )


def test_an_error_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text("task: x\nframwork: FastAPI\n", encoding="utf-8")
    done = backsmith("run", "task.yaml", "--model", "openai/x", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "task.yaml" in done.stderr
    assert "line 2" in done.stderr or ":2" in done.stderr
    assert "framework" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_key_says_which(tmp_path: Path, task: Path) -> None:
    done = backsmith("run", str(task), "--model", "anthropic/x", cwd=tmp_path, ANTHROPIC_API_KEY="")
    assert done.returncode == 2
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert not (tmp_path / "runs").exists(), "nothing half-made is left"


def test_a_cassette_miss_exits_with_3(tmp_path: Path, task: Path) -> None:
    other = tmp_path / "cassette/other"
    other.mkdir(parents=True)
    (other / "task.yaml").write_text("task: something else\nframework: Flask\n", encoding="utf-8")
    (other / "response.md").write_text("FILE: a.py\n---\nx = 1\n---\n", encoding="utf-8")
    for replay in ("exact", "by-task"):
        args = ("--model", "replay", "--cassette", "cassette", "--replay", replay)
        done = backsmith("run", str(task), *args, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "cassette" in done.stderr


def test_manual_says_where_to_put_the_answer_and_goes_on(tmp_path: Path, task: Path) -> None:
    from tests.orchestrator.answers import GOOD

    args = ("run", str(task), "--model", "manual", "--run", "r")
    done = backsmith(*args, cwd=tmp_path)
    assert done.returncode == 3
    (prompt,) = (tmp_path / "r/manual").glob("*.prompt.md")
    assert "Build a tiny greeting library" in prompt.read_text(encoding="utf-8")
    answer = prompt.with_name(prompt.name.replace(".prompt.", ".answer."))
    assert answer.name in done.stderr
    answer.write_text(GOOD, encoding="utf-8")
    again = backsmith(*args, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "PASS" in again.stdout


def test_a_cache_that_cannot_be_written_to_is_told_with_the_mend(tmp_path: Path, task: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "answer.md").write_text("FILE: a.py\n---\nx = 1\n---\n", encoding="utf-8")
    cache = str(tmp_path / "file/cache")
    done = backsmith("score", "answer.md", "--task", str(task), cwd=tmp_path, BACKSMITH_CACHE=cache)
    assert done.returncode == 3
    assert (
        f"error: the cache folder {cache} cannot be written to: Not a directory\n  name another"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    told = json.loads(backsmith("doctor", "--json", cwd=tmp_path, BACKSMITH_CACHE=cache).stdout)
    assert [finding["state"] for finding in told if finding["name"] == "cache"] == ["missing"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_no_verdict(unbuffered: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [str(BACKSMITH), "prompts", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, timeout=60,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "error: No space left on device\n")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["run", "Add rate limits", "--model", "manual"], "a task in words is done in a repository"),
        (["run", "new.yaml", "--model", "manual"], "`backsmith init new.yaml` writes one to fill in"),
        (["run", "taks.yaml", "--model", "manual"], "did you mean task.yaml?"),
        (["report", "task.yaml"], "a run folder has a journal.jsonl"),
        (["eval", "recordins", "--model", "replay"], "did you mean recordings?"),
    ],
)
def test_a_wrong_path_is_told_with_what_to_do(tmp_path: Path, args: list[str], told: str) -> None:
    (tmp_path / "task.yaml").write_text("task: x\nframework: FastAPI\n", encoding="utf-8")
    done = backsmith(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr


def test_no_colour_in_a_pipe(tmp_path: Path) -> None:
    assert "\x1b" not in backsmith("doctor", cwd=tmp_path).stdout


def test_doctor_tells_every_area(cli: Cli) -> None:
    findings = json.loads(cli("doctor", "--json").stdout)
    assert {finding["area"] for finding in findings} == {
        "backsmith",
        "sandbox",
        "service",
        "toolchain",
        "model",
    }
    assert all(finding["detail"] for finding in findings)


def test_demo_lists_what_there_is(cli: Cli) -> None:
    assert "auth-fastapi" in cli("demo", "--list").stdout
    with pytest.raises(Exception, match="no recording is called 'nope'"):
        cli("demo", "nope")


@pytest.mark.network
@pytest.mark.slow
def test_demo_does_the_main_job(tmp_path: Path) -> None:
    done = backsmith("demo", "shortener-fastapi", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "45 passed, 0 failed" in done.stdout
    assert "app/links.py" in done.stderr, "files are shown as they arrive"
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "code.git/HEAD").is_file()
    assert f"runs/{run.name}/report.md" in done.stdout


@pytest.mark.network
def test_interrupted_keeps_what_there_is(tmp_path: Path, task: Path) -> None:
    import signal
    import time

    from tests.orchestrator import answers

    folder = tmp_path / "recordings/greeting"
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(answers.TASK, encoding="utf-8")
    (folder / "response.md").write_text(answers.ENDLESS, encoding="utf-8")
    argv = [str(BACKSMITH), "run", str(task), "--model", "replay", "--replay", "by-task", "--rounds", "1"]
    argv += ["--cassette", "recordings", "--run", "r"]
    process = subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    journal = tmp_path / "r/journal.jsonl"
    while time.monotonic() < deadline and not (
        journal.is_file() and '"answer"' in journal.read_text("utf-8")
    ):
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert "--run r" in told
    assert "Traceback" not in told
    assert '"kind":"answer"' in journal.read_text(encoding="utf-8")


def test_every_listed_command_can_be_called(cli: Cli) -> None:
    listed = cli("--help").stdout.partition("Commands:")[2].split("\n")
    names = [line.split()[0] for line in listed if line.strip()]
    assert len(names) > 10
    for name in names:
        told = cli(name, "--help")
        assert told.exit_code == 0
        assert told.stdout.startswith(f"Usage: backsmith {name} ")


def test_a_mistyped_command_is_told_the_nearest(cli: Cli) -> None:
    told = cli("prse")
    assert told.exit_code == 2
    assert "Did you mean 'parse'?" in told.stderr
