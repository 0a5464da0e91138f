"""One sample, from its first prompt to its verdict: rounds of answering, verifying and repairing.

Every answer and every judgement is kept in the run folder before the next step, so that a killed run goes on
where it stopped: what is kept is not asked for, or paid for, again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agents.completion import CallTag, Completion, Message, Model, Request, Usage, total
from agents.continuation import join_diagnostics
from agents.fileblock.recent import parse_once
from agents.fileblock.rendering import render
from agents.fileblock.stream import Stream
from agents.submission import Answer, Submission
from evals.findings import findings_of
from evals.prose import Prose
from evals.score import Score, score_of, with_prose
from evals.verdict import Verdict
from orchestrator.recall import Step
from orchestrator.review import ask_review
from orchestrator.run_folder import RunFolder
from orchestrator.sample_plan import Judge, SamplePlan
from orchestrator.teams import BUILDER, EXPERT
from orchestrator.verify import settle
from orchestrator.watcher import Silent, Watcher
from prompts.finding import Finding
from prompts.render import Prompt, render_design, render_repair, render_review
from prompts.render import render as render_task
from prompts.stack import name_hints
from sandbox.batch import Batch

REPAIR_CHARS = 16_000


@dataclass(frozen=True, slots=True)
class Round:
    """One answer judged: its number (from 1), its commit, its score, and where the completion came from.

    ``model`` really answered. ``submission`` is all that was there by the end of the round.
    """

    number: int
    commit: str
    score: Score
    source: str
    model: str = ""
    submission: Submission = field(default_factory=Submission)


@dataclass(frozen=True, slots=True)
class FinishedSample:
    """A finished sample. ``best`` is the round that counts: the first that passes, else the last."""

    name: str
    branch: str
    rounds: tuple[Round, ...]
    usage: Usage
    cost: Decimal | None

    @property
    def best(self) -> Round:
        """The round whose verdict is the sample's."""
        passed = (r for r in self.rounds if r.score.verdict is Verdict.PASS)
        return next(passed, self.rounds[-1])

    @property
    def problem(self) -> str | None:
        """What of this machine's kept the sample from a verdict; None where nothing did."""
        score = self.best.score
        return score.tests.problem or score.reasons[0].message if score.unjudged else None


class SampleRun:
    """Runs one sample. ``run`` may be called once; marking the sample as finished is left to the caller."""

    def __init__(self, plan: SamplePlan, folder: RunFolder, judge: Judge, watcher: Watcher) -> None:
        self._plan = plan
        self._folder = folder
        self._judged_by = judge
        self._watcher = watcher
        self._completions: list[Completion] = []
        self._prose: Prose | None = None

    @property
    def name(self) -> str:
        """The sample's name."""
        return self._plan.name

    async def run(self) -> FinishedSample:
        """Answer, verify and repair until it passes or the rounds are used up.

        Raises InfrastructureError where no answer or no sandbox can be had; what there was before is kept.
        """
        plan = self._plan
        for hint in name_hints(plan.task):
            self._watcher.note(hint)
        prompt = render_task(
            plan.roles[BUILDER], plan.task, design=await self._design(), repository=plan.context
        )
        messages = _opening(prompt)
        submission = Submission()
        rounds: list[Round] = []
        commit: str | None = None
        for number in range(1, plan.rounds + 1):
            completion = await self._ask("build", number, BUILDER, messages)
            self._watcher.stage("parse")
            base = plan.ground.files if plan.ground else plan.task.context
            others = plan.ground.others if plan.ground else ()
            answer = settle(parse_once(completion.text, completion.stop_reason), submission, base, others)
            if plan.ground:
                answer = plan.ground.check(answer)
            submission = answer.submission
            told = (*join_diagnostics(completion), *answer.diagnostics)
            judged = await self._judge(number, completion, Answer(submission, told), commit)
            commit = judged.commit
            rounds.append(judged)
            findings = findings_of(judged.score)
            if number == plan.rounds or judged.score.verdict is Verdict.INCONCLUSIVE:
                break
            findings += await self._review(number, submission, verified=not findings)
            if not findings:
                break
            repair = render_repair(
                plan.task,
                findings,
                number + 1,
                REPAIR_CHARS,
                role=plan.roles[BUILDER],
                into=plan.ground is not None,
            )
            messages = (*messages, Message("assistant", completion.text), Message("user", repair))
        usage, cost = total(self._completions)
        return FinishedSample(plan.name, f"samples/{plan.name}", tuple(rounds), usage, cost)

    async def _design(self) -> str | None:
        if not self._plan.team.designs:
            return None
        prompt = render_design(self._plan.roles[EXPERT], self._plan.task, self._plan.context)
        design = (await self._ask("design", 1, EXPERT, _opening(prompt))).text
        design = self._plan.approve(design) if self._plan.approve else design
        self._prose = await self._judged_design(design)
        return design

    async def _judged_design(self, design: str) -> Prose | None:
        judge = self._plan.prose
        if judge is None:
            return None
        from evals.rubric.prose import question

        return await judge.judge(
            "design", design, question(self._plan.task), _Keeping(self, "judge", judge.model)
        )

    async def _review(self, number: int, submission: Submission, *, verified: bool) -> tuple[Finding, ...]:
        """The expert's findings; of an answer that verifies, only the grave ones ask for another round."""
        if not self._plan.team.reviews:
            return ()
        plan = self._plan
        prompt = render_review(plan.roles[EXPERT], plan.task, render(submission), plan.context)
        findings = await ask_review(
            _Keeping(self, "review", plan.model),
            self._request("review", number, EXPERT, _opening(prompt)),
        )
        return tuple(f for f in findings if f.severity == "high") if verified else findings

    async def _ask(self, kind: str, number: int, role: str, messages: tuple[Message, ...]) -> Completion:
        return await _Keeping(self, kind, self._plan.model).complete(
            self._request(kind, number, role, messages)
        )

    def _request(self, kind: str, number: int, role: str, messages: tuple[Message, ...]) -> Request:
        tag = CallTag(
            task=self._plan.task.digest,
            # The expert designs and reviews in one round: its calls are told apart by what they are for.
            role=f"{self._plan.roles[role].name}-review" if kind == "review" else self._plan.roles[role].name,
            round=number,
            epoch=self._plan.epoch,
            sample=self._plan.name,
        )
        return Request(self._plan.model.name, messages, tag, self._plan.parameters)

    async def answer(self, kind: str, request: Request, model: Model) -> Completion:
        """The completion that the run has for a call, or else the model's, kept before anything reads it."""
        part = f"-part{request.tag.part}" if request.tag.part > 1 else ""
        step = Step(self._plan.name, kind + part, request.tag.round)
        detail = f"round {request.tag.round}, "
        completion = self._folder.answer(step)
        if completion is not None:
            self._watcher.stage(kind, detail + "kept from before")
        else:
            self._watcher.stage(kind, detail + model.name)
            shown = type(self._watcher) is not Silent
            on_text = _Arrivals(self._watcher, kind == "build").take if shown else None
            completion = await model.complete(request, on_text)
            await self._folder.keep_answer(step, completion, request.messages)
            if completion.source == "drifted":
                self._watcher.note("replayed by task: the recorded prompt was another one")
        self._completions.append(completion)
        return completion

    async def _judge(self, number: int, completion: Completion, answer: Answer, parent: str | None) -> Round:
        plan = self._plan
        known = self._folder.kept_score(plan.name, number)
        model, said = completion.model, answer.submission
        if known is not None:
            return Round(number, *known, completion.source, model, said)
        judgement = await self._judged_by(answer, plan.judged or plan.task)
        score = with_prose(score_of(judgement, completion.usage, completion.cost), self._prose)
        batch = Batch()
        files = {file.path: file.text for file in answer.submission.files}
        commit = batch.commit(files, self._message(number, completion), parent)
        await self._folder.keep_score(plan.name, number, score, batch, commit, plan.grader)
        return Round(number, commit, score, completion.source, model, said)

    def _message(self, number: int, completion: Completion) -> str:
        role = self._plan.roles[BUILDER]
        return self._plan.redact(
            f"Round {number}: {self._plan.task.task}\n\n"
            f"Role: {role.name} {role.version} ({role.digest[:12]})\n"
            f"Model: {completion.model} ({completion.source})\n"
        )


class _Keeping:
    """A model of the sample's, every answer of which is kept."""

    def __init__(self, run: SampleRun, kind: str, model: Model) -> None:
        self._run = run
        self._kind = kind
        self._model = model

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Completion:
        """See ``SampleRun.answer``."""
        tag = replace(request.tag, sample=self._run.name)
        return await self._run.answer(self._kind, replace(request, tag=tag), self._model)


class _Arrivals:
    """Tells the watcher of text and whole files while the model still writes."""

    def __init__(self, watcher: Watcher, files: bool) -> None:
        self._watcher = watcher
        self._files = files
        self._stream = Stream()

    def take(self, piece: str) -> None:
        self._watcher.text(piece)
        if not piece:
            self._stream = Stream()
        elif self._files:
            for file in self._stream.feed(piece):
                self._watcher.file(file.path)
            for edit in self._stream.new_edits():
                self._watcher.file(f"{edit.path} (edit)")


def _opening(prompt: Prompt) -> tuple[Message, ...]:
    return (Message("system", prompt.system), Message("user", prompt.user))
