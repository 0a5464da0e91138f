"""Judges a change: the repository's tests before and after it, and the checklist on what changed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.submission import Answer, Submission
from evals.change import changed_lines, judge_change, on_changed_lines
from evals.judgement import Judgement
from evals.verdict import CheckResult
from orchestrator.into.ground import RepositoryGround
from orchestrator.verify import project_of
from orchestrator.watcher import Watcher
from prompts.task import Task
from sandbox.report import TestReport
from sandbox.trial import Laboratory, Project, Trial


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
        checks = _checklist(project.files, after, task)
        if self.everywhere:
            return checks
        base = self.ground.files
        changed = {f.path: changed_lines(base.get(f.path), f.text) for f in answer.submission.files}
        if self._known is None and answer.submission.deletions:
            self._known = _checklist(base, after, task)
        return on_changed_lines(checks, changed, self._known or ())


def _checklist(files: Mapping[str, str], trial: Trial, task: Task) -> tuple[CheckResult, ...]:
    from evals.checklist import judge
    from evals.code.view import build_view

    return judge(build_view(files, task=task, tests=trial.report, installed=trial.importable))
