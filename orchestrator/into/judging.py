"""Judges a change: the repository's tests before and after it, and the checklist on what changed."""

import posixpath
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.submission import Answer, Submission
from evals.change import changed_lines, judge_change, on_changed_lines
from evals.code.files import language_of
from evals.judgement import Judgement
from evals.verdict import CheckResult, Evidence, Verdict
from orchestrator.into.ground import RepositoryGround
from orchestrator.verify import project_of
from orchestrator.watcher import Watcher
from prompts.task import Task
from sandbox.report import TestReport
from sandbox.trial import Laboratory, Project, Trial

_LARGEST_VIEW = 3_000_000
_WHOLE = frozenset({"complete"})


@dataclass(slots=True)
class ChangeJudge:
    """Judges answers over one base. Its tests at the base commit run once, before the first answer's."""

    ground: RepositoryGround
    laboratory: Laboratory
    watcher: Watcher
    everywhere: bool = False
    _before: Trial | None = None
    _known: tuple[CheckResult, ...] | None = field(default=None)

    async def judge(self, answer: Answer, task: Task) -> Judgement:
        """The judgement on one answer, whose edits are applied already."""
        submission = answer.submission
        if answer.errors or not (submission.files or submission.deletions):
            return judge_change(answer, Trial(TestReport()), None, ())
        before = await self.before(task)
        self.watcher.note("the tests again, with the change")
        project = self._project(answer, task)
        after = await self.laboratory.run(project)
        start = time.monotonic()
        checks = self._checks(answer, project, after, task)
        timings = {**after.timings, "checklist": round(time.monotonic() - start, 4)}
        return judge_change(answer, before, after, checks, timings)

    async def before(self, task: Task) -> Trial:
        """How the tests of the base commit end."""
        if self._before is None:
            self.watcher.note("the tests at the base commit")
            bare = task.model_copy(update={"hidden_tests": {}})
            self._before = await self.laboratory.run(self._project(Answer(Submission()), bare))
        return self._before

    def _project(self, answer: Answer, task: Task) -> Project:
        snapshot = self.ground.snapshot
        gone = {deletion.path for deletion in answer.submission.deletions}
        project = project_of(answer.submission, task.model_copy(update={"context": {}}))
        files = {path: text for path, text in snapshot.files.items() if path not in gone}
        return replace(
            project,
            files={**files, **project.files},
            carried=tuple(one for one in snapshot.carried if one.path not in gone),
            executable=tuple(sorted(snapshot.executable - gone)),
        )

    def _checks(self, answer: Answer, project: Project, after: Trial, task: Task) -> tuple[CheckResult, ...]:
        files = {file.path: file.text for file in answer.submission.files}
        checks = _checklist(project.files, files, after, task)
        if self.everywhere:
            return checks
        base = self.ground.files
        changed = {f.path: changed_lines(base.get(f.path), f.text) for f in answer.submission.files}
        if self._known is None and answer.submission.deletions:
            self._known = _checklist(base, {}, after, task)
        return on_changed_lines(checks, changed, self._known or ())


def _checklist(
    files: Mapping[str, str], changed: Mapping[str, str], trial: Trial, task: Task
) -> tuple[CheckResult, ...]:
    """The checklist on all files; of a repository too large for that, on the changed ones and those beside them."""
    from evals.checklist import judge
    from evals.code.view import build_view

    whole = sum(len(text) for path, text in files.items() if language_of(path)) <= _LARGEST_VIEW
    seen = files if whole else _beside(files, changed)
    checks = judge(build_view(seen, task=task, tests=trial.report, installed=trial.importable))
    return checks if whole else tuple(_unless_whole(check) for check in checks)


def _beside(files: Mapping[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    folders = {posixpath.dirname(path) for path in changed}
    seen = dict(changed)
    room = _LARGEST_VIEW - sum(map(len, changed.values()))
    for path, text in files.items():
        if path not in seen and posixpath.dirname(path) in folders and len(text) <= room:
            seen[path] = text
            room -= len(text)
    return seen


def _unless_whole(check: CheckResult) -> CheckResult:
    """An item that needs all files cannot speak where only some were read."""
    if check.item not in _WHOLE:
        return check
    said = "the repository is too large to be read whole"
    return CheckResult(check.item, Verdict.NOT_APPLICABLE, said, (Evidence(said),))
