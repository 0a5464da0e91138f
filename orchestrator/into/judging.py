"""Judges a change: the repository's tests before and after it, and the checklist on what changed."""

import posixpath
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.submission import Answer, Submission
from evals.change import changed_lines, judge_change, on_changed_lines, with_observed
from evals.code.files import language_of, part_of
from evals.judgement import Judgement
from evals.observe import Narrowing, observe
from evals.scrutiny import Scrutiny
from evals.verdict import CheckResult, Evidence, Verdict
from orchestrator.into.ground import RepositoryGround
from orchestrator.verify import project_of
from orchestrator.watcher import Watcher
from prompts.task import Task
from sandbox.bench import rooted
from sandbox.report import TestReport
from sandbox.toolchains.choose import find_toolchain
from sandbox.trial import Laboratory, Project, Trial

if TYPE_CHECKING:
    from evals.code.view import CodeView

_LARGEST_VIEW = 3_000_000
_WHOLE = frozenset({"complete"})
# Languages in which a file of tests needs no other one: those are left out where only some are to be run.
_READ_ALONE = (".py", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".rb")


@dataclass(slots=True)
class ChangeJudge:
    """Judges answers over one base. Its tests at the base commit run once, before the first answer's."""

    ground: RepositoryGround
    laboratory: Laboratory
    watcher: Watcher
    everywhere: bool = False
    scrutiny: Scrutiny = field(default_factory=Scrutiny)
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
        without = await self._without(answer, project, after, task)
        start = time.monotonic()
        lines = self._changed(answer)
        view, whole = _view(project.files, {f.path: f.text for f in submission.files}, after, task)
        checks = self._checks(view, lines, after, task, whole=whole, deletes=bool(submission.deletions))
        timings = {**after.timings, "checklist": round(time.monotonic() - start, 4)}
        then = Narrowing(
            self._project(Answer(Submission(env_vars=submission.env_vars)), task),
            None if self.everywhere else lines,
        )
        view = await observe(view, project, after, self.laboratory, self.scrutiny, timings, then)
        return judge_change(
            answer, before, after, with_observed(checks, view), timings, view.probes, view.mutants, without
        )

    async def before(self, task: Task) -> Trial:
        """How the tests of the base commit end."""
        if self._before is None:
            self.watcher.note("the tests at the base commit")
            bare = task.model_copy(update={"hidden_tests": {}})
            self._before = await self.laboratory.run(self._project(Answer(Submission()), bare))
        return self._before

    async def _without(self, answer: Answer, project: Project, after: Trial, task: Task) -> Trial | None:
        """How the change's own tests end over the base's code; None where it has none in files of their own, or none
        of them passes with the change."""
        if after.report.problem or not any(case.outcome == "passed" for case in after.report.cases):
            return None
        tests = {path for path in _tests(project) if project.files[path] != self.ground.files.get(path)}
        if not (tests or task.hidden_tests):
            return None
        self.watcher.note("the change's tests, without the change")
        files = {f.path: f for f in answer.submission.files if f.path in tests or part_of(f.path) == "test"}
        bare = replace(answer.submission, files=tuple(files.values()), deletions=(), migrations=None)
        alone = self._project(Answer(bare), task)
        if all(path.endswith(_READ_ALONE) for path in tests):
            others = _tests(alone) - tests
            alone = replace(alone, files={p: text for p, text in alone.files.items() if p not in others})
        return await self.laboratory.run(alone)

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
            folder=self.ground.context.folder,
        )

    def _changed(self, answer: Answer) -> dict[str, frozenset[int]]:
        base = self.ground.files
        return {f.path: changed_lines(base.get(f.path), f.text) for f in answer.submission.files}

    def _checks(
        self,
        view: "CodeView",
        changed: Mapping[str, frozenset[int]],
        after: Trial,
        task: Task,
        *,
        whole: bool,
        deletes: bool,
    ) -> tuple[CheckResult, ...]:
        checks = _checklist(view, whole=whole)
        if self.everywhere:
            return checks
        if self._known is None and deletes:
            before, whole = _view(self.ground.files, {}, after, task)
            self._known = _checklist(before, whole=whole)
        return on_changed_lines(checks, changed, self._known or ())


def _tests(project: Project) -> frozenset[str]:
    """The files of a project that hold tests, by their paths in the repository."""
    inside = rooted(project)
    toolchain = find_toolchain(inside.files)
    start = f"{project.folder}/" if project.folder else ""
    return frozenset(start + path for path in toolchain.tests(inside.files)) if toolchain else frozenset()


def _view(
    files: Mapping[str, str], changed: Mapping[str, str], trial: Trial, task: Task
) -> "tuple[CodeView, bool]":
    """The view of all files, or of a repository too large for that of the changed ones and those beside them;
    and whether it is of all."""
    from evals.code.view import build_view

    whole = sum(len(text) for path, text in files.items() if language_of(path)) <= _LARGEST_VIEW
    seen = files if whole else _beside(files, changed)
    return build_view(seen, task=task, tests=trial.report, installed=trial.importable), whole


def _checklist(view: "CodeView", *, whole: bool) -> tuple[CheckResult, ...]:
    from evals.checklist import judge

    checks = judge(view)
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
