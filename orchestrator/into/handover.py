"""What a finished run hands over: a branch with one commit a round, a patch file, and the commands to go on with."""

import json
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.submission import Answer
from evals.verdict import Verdict
from orchestrator.into.ground import RepositoryGround, changes_of
from orchestrator.into.workplace import Workplace
from orchestrator.sample import FinishedSample, Round
from prompts.errors import ConfigError
from prompts.quoting import one_line
from prompts.role import Role
from prompts.task import Task, slug

_RECORD = "handover.json"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was handed over: ``branch`` is empty where no answer could be used; ``look``, ``propose`` are commands."""

    branch: str
    commit: str
    base: str
    files: int
    patch: str = ""
    look: str = ""
    propose: str = ""


def hand_over(
    place: Workplace,
    ground: RepositoryGround,
    sample: FinishedSample,
    task: Task,
    role: Role,
    run: Path,
    patch: Path | None,
    redact: Callable[[str], str],
) -> HandedOver:
    """Commit every round in the clone, give the user's repository the branch, write the patch.

    Called again for the same run, it moves the branch that it made before.
    """
    place.clone.start_over(place.base)
    tip, count = place.base, 0
    rounds = sample.rounds[: sample.best.number]
    for judged in rounds:
        changes = changes_of(ground, Answer(judged.submission))
        modes = {path: "100755" for path in changes if path in ground.snapshot.executable}
        tip = place.clone.commit(changes, modes, redact(_message(judged, len(rounds), task, role)))
        count = len(changes)
    if not count:
        return HandedOver("", "", place.origin, 0)
    before = _before(run)
    branch = place.source.free_branch(slug(redact(task.task)), before.get("commit", ""))
    place.source.hand_over(place.clone, branch, tip)
    _write_patch(place, tip, patch)
    done = HandedOver(
        branch=branch,
        commit=tip,
        base=place.origin,
        files=count,
        patch=str(patch) if patch else "",
        look=_look(place, branch),
        propose=_propose(place, branch),
    )
    (run / _RECORD).write_text(json.dumps(asdict(done), indent=2) + "\n", encoding="utf-8")
    return done


def _message(judged: Round, rounds: int, task: Task, role: Role) -> str:
    score = judged.score
    reason = "" if score.verdict is Verdict.PASS else f": {one_line(score.reasons[0].message, 200)}"
    tests = score.tests
    return (
        f"{one_line(task.task, 60)}\n\n"
        f"Task: {task.task.strip()}\n"
        f"Round: {judged.number} of {rounds}\n"
        f"Role: {role.name} {role.version} ({role.digest[:12]})\n"
        f"Model: {judged.model} ({judged.source})\n"
        f"Verdict: {score.verdict}{reason}\n"
        f"Tests: {tests.passed} passed, {tests.failed} failed, {tests.errored} errored, {tests.skipped} skipped\n"
    )


def _write_patch(place: Workplace, tip: str, patch: Path | None) -> None:
    if patch is None:
        return
    try:
        patch.write_bytes(place.clone.patch(tip))
    except OSError as error:
        raise ConfigError(
            f"{patch}: {error.strerror}", "name a file that can be written with --patch"
        ) from error


def _before(run: Path) -> dict[str, str]:
    try:
        said = json.loads((run / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _look(place: Workplace, branch: str) -> str:
    folder = place.source.work_tree or place.source.git_dir
    return f"git -C {shlex.quote(str(folder))} diff {place.origin[:12]} {branch}"


def _propose(place: Workplace, branch: str) -> str:
    """The command that pushes the branch and opens a pull request, by where the repository comes from."""
    git = place.source.git
    remotes = (git.ask("remote") or "").split("\n")
    remote = "origin" if "origin" in remotes else remotes[0]
    if not remote:
        return ""
    url = git.ask("config", "--get", f"remote.{remote}.url") or ""
    folder = shlex.quote(str(place.source.work_tree or place.source.git_dir))
    push = f"git -C {folder} push {shlex.quote(remote)} {branch}"
    onto = place.source.branch_of(place.origin)
    if "github.com" in url:
        return f"{push} && gh pr create --head {branch}" + (f" --base {shlex.quote(onto)}" if onto else "")
    if "gitlab" in url:
        return f"{push} -o merge_request.create"
    return push
