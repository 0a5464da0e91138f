"""A run's folder: the journal and the git repository, opened together, and how a run is kept in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from agents.completion import Completion, Message
from evals.score import Score, score_from, write_score
from evals.verdict import Verdict
from orchestrator.completion_record import prompt_hash, read_completion, write_completion
from orchestrator.group_commit import GroupCommit
from orchestrator.journal import JournalWriter, Raw, Record, read_record, scan_journal
from orchestrator.new_folder import ELSEWHERE
from orchestrator.recall import Step, branch_reference, call_reference, recall
from orchestrator.run_plan import changes
from prompts.errors import ConfigError, StoreError
from sandbox.batch import Batch
from sandbox.git_objects import GitObject, blob
from sandbox.workspace import UNFINISHED, Workspace

JOURNAL = "journal.jsonl"
CODE = "code.git"
# What may stand in a run's folder before its journal does; the last two are of runs in a repository.
_FIRST = frozenset({JOURNAL, CODE, CODE + UNFINISHED, "repository.git", "workplace.json"})
FORMAT = 1


class RunFolder:
    """Everything of one run. Opening a folder that holds a run goes on with it; an async context manager.

    Only places in the journal are held in memory. ``damaged`` are the journal's unreadable lines, ``spent`` what
    the live calls of earlier processes took.

    Raises ConfigError where the folder holds another run, StoreError where it cannot be used.
    """

    def __init__(self, folder: Path, plan: Mapping[str, object], redact: Callable[[str], str] = str) -> None:
        """Open ``folder`` for the run that ``plan`` describes (JSON-able values that must not change).

        Every text that goes into the journal goes through ``redact`` first.
        """
        self.folder = folder
        self._redact = redact
        self._path = folder / JOURNAL
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stray = any(entry.name not in _FIRST for entry in folder.iterdir())
        except OSError as error:
            raise StoreError(
                f"the run folder {folder} cannot be made: {error.strerror}", ELSEWHERE
            ) from error
        if stray and not any(line.record for line in scan_journal(self._path)):
            raise ConfigError(f"{folder} is not empty and holds no run", "give a fresh folder with --run")
        self._journal = JournalWriter(self._path)
        try:
            held = recall(self._path)
            self._agree(held.plan, plan)
            self.workspace = Workspace(folder / CODE)
        except BaseException:
            self._journal.__exit__()
            raise
        self.damaged, self.spent = tuple(held.damaged), held.spent
        self._done, self._answers, self._scores = held.done, held.answers, held.scores
        self._set_again(held.references)
        self._commit = GroupCommit(self._journal, self.workspace)

    async def __aenter__(self) -> "RunFolder":
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._commit.settle()
        finally:
            try:
                self.workspace.close()
            finally:
                self._journal.__exit__()

    def started(self, values: Mapping[str, object]) -> None:
        """Note that a process begins to work on the run, and how (what may differ from process to process)."""
        self._journal.append([self._record("start", values)])

    def done(self, sample: str) -> Verdict | None:
        """The verdict of a sample that is finished; one that infrastructure kept from a verdict is not."""
        return self._done.get(sample)

    def answer(self, step: Step) -> Completion | None:
        """The completion that the run already has for this step; None too where its bytes are damaged."""
        offset = self._answers.get(step.sample, {}).get(step)
        if offset is None:
            return None
        record = read_record(self._path, offset)
        try:
            text = self.workspace.read(str(record["blob"])).decode("utf-8", "surrogatepass")
        except StoreError:
            return None
        return read_completion(record, text)

    async def keep_answer(self, step: Step, completion: Completion, prompt: Sequence[Message]) -> None:
        """Keep an answer before anything reads it: its bytes and the prompt's in git, then its record.

        They stay reachable as ``refs/backsmith/calls/SAMPLE/STEP``: a folder with ``response.md`` and the messages.
        """
        batch = Batch()
        if self._redact is not str:
            prompt = [replace(message, text=self._redact(message.text)) for message in prompt]
        kept = {f"{number}-{m.speaker}.md": _blob(m.text) for number, m in enumerate(prompt, start=1)}
        kept["response.md"] = blob(completion.text.encode("utf-8", "surrogatepass"))
        blobs = {name: one.id.hex() for name, one in kept.items()}
        call = batch.folder(kept)
        batch.point(call_reference(step), call)
        values = {
            "sample": step.sample,
            "step": step.kind,
            "round": step.round,
            "blob": blobs["response.md"],
            "call": call,
            "prompt": [[m.speaker, blobs[f"{n}-{m.speaker}.md"]] for n, m in enumerate(prompt, start=1)],
            "prompt_hash": prompt_hash(prompt),
            **write_completion(completion),
        }
        offset = await self._commit.put(self._record("answer", values), batch)
        self._answers.setdefault(step.sample, {})[step] = offset

    def kept_score(self, sample: str, round_number: int) -> tuple[str, Score] | None:
        """The commit and score that the run already has for this round.

        None where this machine kept the round from a verdict (it may not by now), or another version judged it.
        """
        offset = self._scores.get(sample, {}).get(round_number)
        if offset is None:
            return None
        record = read_record(self._path, offset)
        try:
            score = score_from(record["score"])
        except ValueError:
            return None
        return None if score.unjudged else (str(record["commit"]), score)

    async def keep_score(
        self, sample: str, round_number: int, score: Score, batch: Batch, commit: str, grader: str = ""
    ) -> None:
        """Keep a round's judgement, and the commit (made in ``batch``) of what was judged."""
        batch.point(branch_reference(sample), commit)
        values = {
            "sample": sample,
            "round": round_number,
            "commit": commit,
            "grader": grader,
            "score": Raw(write_score(score)) if self._redact is str else json.loads(write_score(score)),
        }
        offset = await self._commit.put(self._record("score", values), batch)
        self._scores.setdefault(sample, {})[round_number] = offset

    async def finish(self, sample: str, verdict: Verdict, rounds: int, **more: object) -> None:
        """Mark a sample as done; with an ``error``, as one that infrastructure kept from a verdict."""
        values = {"sample": sample, "verdict": str(verdict), "rounds": rounds, **more}
        await self._commit.put(self._record("sample", values))
        if more.get("error") is None:
            self._done[sample] = verdict

    def forget(self, sample: str) -> None:
        """Let go of what is remembered of a sample that will not be worked on any more."""
        self._answers.pop(sample, None)
        self._scores.pop(sample, None)

    def _record(self, kind: str, values: Mapping[str, object]) -> Record:
        record = {"kind": kind, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        if self._redact is str:
            return record
        return {key: _redacted(value, self._redact) for key, value in record.items()}

    def _agree(self, before: object, plan: Mapping[str, object]) -> None:
        """The first record of a run holds its plan; a run that goes on must have the same."""
        given = json.loads(json.dumps(_redacted(plan, self._redact)))
        if before is None:
            self._journal.append([self._record("run", {"format": FORMAT, "plan": given})])
        elif changed := changes(before if isinstance(before, dict) else {}, given):
            raise ConfigError(
                f"{self.folder} holds another run: {changed[:600]}",
                "give the same task and options to go on with it, or another folder with --run",
            )

    def _set_again(self, references: Mapping[str, str]) -> None:
        """References follow their objects a little later: a process that was killed may not have set them."""
        lost = self.workspace.missing(references)
        if lost:
            batch = Batch()
            batch.references.update(lost)
            self.workspace.write([batch])


@lru_cache(maxsize=32)
def _blob(text: str) -> GitObject:
    """A message as git has it; the first ones are the same for many calls."""
    return blob(text.encode("utf-8", "surrogatepass"))


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(inner, redact) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(inner, redact) for inner in value]
    return value
