"""What docs/ci.md offers to CI systems, run as a CI system would."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
import yaml

from tests.orchestrator import answers

pytestmark = [pytest.mark.network, pytest.mark.slow]

ROOT = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of one task with a recorded answer."""
    folder = tmp_path / "suite"
    (folder / "greeting").mkdir(parents=True)
    (folder / "suite.yaml").write_text("suite: greetings\ncassette: .\nreplay: by-task\n", encoding="utf-8")
    (folder / "greeting/task.yaml").write_text(answers.TASK, encoding="utf-8")
    (folder / "greeting/response.md").write_text(answers.GOOD, encoding="utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    programs = Path(sys.executable).parent
    runner = {"GITHUB_STEP_SUMMARY": str(folder / "step.md"), "GITHUB_OUTPUT": str(folder / "output")}
    return {**os.environ, **runner, "PATH": f"{programs}:{os.environ['PATH']}"}


def act(folder: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """The action's main step with these inputs, as a runner would start it."""
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "gate")
    given = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()} | inputs
    env = {
        name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, value in step["env"].items()
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    return subprocess.run(
        [*shell, step["run"]], cwd=folder, env={**environment(folder), **env},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_action_runs_gates_and_reports(tmp_path: Path, suite: Path) -> None:
    first = act(tmp_path, suite=str(suite))
    assert first.returncode == 0, first.stderr
    backsmith = Path(sys.executable).with_name("backsmith")
    bless = [str(backsmith), "bless", "backsmith-reports/run", "--baseline", "b.json"]
    subprocess.run(bless, cwd=tmp_path, check=True, capture_output=True)

    (suite / "greeting/response.md").write_text(answers.BROKEN_TEST, encoding="utf-8")
    second = act(tmp_path, suite=str(suite), reports="again", baseline="b.json")
    # One sample against one is no proof of anything.
    assert second.returncode == 0, second.stdout
    assert (tmp_path / "output").read_text(encoding="utf-8").split() == ["exit-code=0", "exit-code=0"]
    summary = (tmp_path / "step.md").read_text(encoding="utf-8")
    assert "### Backsmith gate: no regression found" in summary
    assert "# greetings: 0% verified" in summary
    made = {path.name for path in (tmp_path / "again").iterdir()}
    assert made >= {
        "report.html",
        "junit.xml",
        "findings.sarif",
        "summary.md",
        "gate.md",
        "samples.csv",
        "run",
    }
    assert Xml.parse(tmp_path / "again/junit.xml").getroot().get("failures") == "1"


def test_without_a_baseline_what_falls_short_fails_the_job(tmp_path: Path, suite: Path) -> None:
    (suite / "greeting/response.md").write_text("I would rather not.", encoding="utf-8")
    done = act(tmp_path, suite=str(suite))
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "backsmith-reports/junit.xml").exists(), done.stderr


def test_inputs_are_never_run(tmp_path: Path, suite: Path) -> None:
    done = act(tmp_path, suite="$(touch hit); touch hit #", reports="a; touch hit")
    assert done.returncode != 0
    assert not list(tmp_path.rglob("hit"))
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_inputs_are_never_options(tmp_path: Path, suite: Path) -> None:
    assert act(tmp_path, suite="--help").returncode == 2
    done = act(tmp_path, suite=str(suite), reports="--help me")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "--help me/junit.xml").exists()


def test_a_run_that_is_not_finished_is_gated_too(tmp_path: Path, suite: Path) -> None:
    """Its exit code is 3, and what the gate says of it is in the summary."""
    assert act(tmp_path, suite=str(suite)).returncode == 0
    backsmith = Path(sys.executable).with_name("backsmith")
    bless = [str(backsmith), "bless", "backsmith-reports/run", "--baseline", "b.json"]
    subprocess.run(bless, cwd=tmp_path, check=True, capture_output=True)
    other = tmp_path / "cassette/farewell"
    other.mkdir(parents=True)
    (other / "task.yaml").write_text(answers.TASK.replace("greeting", "farewell"), encoding="utf-8")
    (other / "response.md").write_text(answers.GOOD, encoding="utf-8")
    inputs = {"cassette": "cassette", "baseline": "b.json", "confirm": "true"}
    done = act(tmp_path, suite=str(suite), reports="again", **inputs)
    assert done.returncode == 3, done.stderr
    assert "### Backsmith gate: **inconclusive**" in (tmp_path / "step.md").read_text(encoding="utf-8")


def test_the_pytest_example_passes_and_fails_as_it_should(tmp_path: Path, suite: Path) -> None:
    def pytest_run() -> "subprocess.CompletedProcess[str]":
        env = {**environment(tmp_path), "BACKSMITH_SUITE": str(suite), "BACKSMITH_TASKS": "greeting"}
        example = ROOT / "examples/pytest/test_suite.py"
        argv = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            str(example),
        ]
        return subprocess.run(
            argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120
        )

    good = pytest_run()
    assert good.returncode == 0, good.stdout
    assert "4 passed, 1 skipped" in good.stdout
    (suite / "greeting/response.md").write_text(answers.BROKEN_TEST, encoding="utf-8")
    bad = pytest_run()
    assert bad.returncode == 1
    assert "1 failed, 3 passed" in bad.stdout


def test_the_github_snippet_checks_out_what_it_uses_and_gives_inputs_that_exist() -> None:
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```yaml\n(# \.github/workflows.*?)```", text, re.DOTALL)
    steps = yaml.safe_load(snippet)["jobs"]["backsmith"]["steps"]
    [own] = [step for step in steps if step["uses"].startswith("./")]
    assert own["uses"].removeprefix("./") in {step.get("with", {}).get("path") for step in steps}
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert set(own["with"]) <= set(action["inputs"])
    assert f"${{{{ steps.{own['id']}.outputs.sarif }}}}" == steps[-1]["with"]["sarif_file"]
    assert "sarif" in action["outputs"]


def test_the_gitlab_snippet_is_yaml_with_commands_that_exist() -> None:
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```yaml\n(# \.gitlab-ci\.yml.*?)```", text, re.DOTALL)
    job = yaml.safe_load(snippet)["backsmith"]
    commands = [line for line in job["script"] + job["after_script"] if line.startswith("backsmith ")]
    assert [line.split()[1] for line in commands] == ["eval", "gate", "report"]
    assert job["artifacts"]["reports"]["junit"] == "reports/junit.xml"
    for line in job["before_script"]:
        assert "pip install backsmith" not in line, "nobody has that name at a registry for us"


def test_the_gitlab_script_gates_and_reports(tmp_path: Path, suite: Path) -> None:
    """Its lines, as a runner starts them; the model is the cassette."""
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```yaml\n(# \.gitlab-ci\.yml.*?)```", text, re.DOTALL)
    job = yaml.safe_load(snippet)["backsmith"]

    def lines(part: str) -> "subprocess.CompletedProcess[str]":
        script = "\n".join(job[part]).replace("suites/mine", str(suite)).replace("openai/gpt-5", "replay")
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script.replace("--epochs 3", "--epochs 1")],
            cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    act(tmp_path, suite=str(suite))
    backsmith = Path(sys.executable).with_name("backsmith")
    bless = [str(backsmith), "bless", "backsmith-reports/run", "--baseline", str(suite / "baseline.json")]
    subprocess.run(bless, cwd=tmp_path, check=True, capture_output=True)
    assert lines("script").returncode == 0
    assert lines("after_script").returncode == 0
    made = {path.name for path in (tmp_path / "reports").iterdir()}
    assert made == {"run", "gate.md", "report.html", "junit.xml", "summary.md"}
