"""From an answer's text to its judgement: parse, try in the sandbox, check, judge. No model is called."""

import time
from collections.abc import Container, Iterable, Mapping

from agents.fileblock.applying import apply_edits
from agents.submission import Answer, Dependency, EnvVar, SourceFile, Submission
from evals.judgement import Judgement, judge_answer
from evals.observe import observe
from evals.scrutiny import Scrutiny
from prompts.task import Task
from sandbox.trial import Laboratory, Project


async def verify(
    answer: Answer,
    task: Task,
    laboratory: Laboratory,
    scrutiny: Scrutiny = Scrutiny(),  # noqa: B008 - frozen
) -> Judgement:
    """Judge an answer: its tests in the laboratory, the running application where wanted, then the checklist.

    An answer with format errors is not tried: what it lacks would be blamed on the rest.
    """
    from evals.checklist import judge
    from evals.code.view import build_view

    if answer.submission.edits:
        answer = settle(answer, Submission(), task.context)
    submission = answer.submission
    if answer.errors or not (submission.files or submission.deletions):
        return judge_answer(answer, None, ())
    project = project_of(submission, task)
    trial = await laboratory.run(project)
    start = time.monotonic()
    view = build_view(project.files, task=task, tests=trial.report.own, installed=trial.importable)
    timings = {**trial.timings, "checklist": time.monotonic() - start}
    view = await observe(view, project, trial, laboratory, scrutiny, timings)
    start = time.monotonic()
    checks = judge(view)
    timings["checklist"] = round(timings["checklist"] + time.monotonic() - start, 4)
    return judge_answer(answer, trial, checks, timings, view.probes, view.mutants)


def project_of(submission: Submission, task: Task) -> Project:
    """What the sandbox is to try: the submission over the task's context files, and what else the task says."""
    gone = {deletion.path for deletion in submission.deletions}
    kept = {path: text for path, text in task.context.items() if path not in gone}
    return Project(
        files={**kept, **{file.path: file.text for file in submission.files}},
        dependencies=tuple((d.ecosystem, d.spec) for d in submission.dependencies or ()),
        migrations=tuple((m.kind, m.text) for m in submission.migrations or ()),
        env_vars=tuple((v.name, v.value) for v in submission.env_vars or ()),
        database=task.database or "",
        extra_env=task.env,
        hidden_tests=task.hidden_tests,
        limits=task.limits,
        start=task.start or "",
    )


def settle(
    answer: Answer, before: Submission, base: Mapping[str, str], others: Container[str] = ()
) -> Answer:
    """The answer with its edits applied to the files of earlier rounds over ``base``, and laid over ``before``.

    ``others`` are files beside ``base`` that are no text; they can only be deleted or sent whole.
    """
    gone = {deletion.path for deletion in before.deletions}
    there = {path: text for path, text in base.items() if path not in gone}
    there |= {file.path: file.text for file in before.files}
    applied = apply_edits(answer.submission, there, others)
    return Answer(lay_over(before, applied.submission), (*answer.diagnostics, *applied.diagnostics))


def lay_over(before: Submission, after: Submission) -> Submission:
    """A later round's submission over an earlier one's.

    Files replace files of the same path, variables those of the same name; dependencies are added to; the
    migrations of the later round replace the earlier ones where it has that section. A file that the later round
    deletes goes; one that it sends again is there again.
    """
    gone = {deletion.path: deletion for deletion in (*before.deletions, *after.deletions)}
    files: dict[str, SourceFile] = {file.path: file for file in before.files}
    files = {path: file for path, file in files.items() if path not in gone}
    files.update({file.path: file for file in after.files})
    return Submission(
        files=tuple(files.values()),
        dependencies=_joined(before.dependencies, after.dependencies),
        migrations=before.migrations if after.migrations is None else after.migrations,
        env_vars=_variables(before.env_vars, after.env_vars),
        deletions=tuple(deletion for path, deletion in gone.items() if path not in files),
    )


def _joined(
    before: Iterable[Dependency] | None, after: Iterable[Dependency] | None
) -> tuple[Dependency, ...] | None:
    if before is None and after is None:
        return None
    return tuple(dict.fromkeys((*(before or ()), *(after or ()))))


def _variables(before: Iterable[EnvVar] | None, after: Iterable[EnvVar] | None) -> tuple[EnvVar, ...] | None:
    if before is None and after is None:
        return None
    return tuple({variable.name: variable for variable in (*(before or ()), *(after or ()))}.values())
