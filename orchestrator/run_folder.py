"""A run's folder: the journal and the git repository, opened together, and what they already hold."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from agents.completion import Completion, Usage
from agents.spending import Amounts
from evals.score import Score, read_score, write_score
from orchestrator.journal import JournalWriter, Record, read_journal
from prompts.errors import ConfigError, StoreError
from sandbox.workspace import Workspace

JOURNAL = "journal.jsonl"
CODE = "code.git"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a sample: who was asked (``design``, ``build``, ``review``) in which round."""

    sample: str
    kind: str
    round: int

    @property
    def label(self) -> str:
        """The step as a part of a git reference."""
        return f"{self.kind}-{self.round}"


class RunFolder:
    """Everything of one run. Opening a folder that holds a run goes on with it; use as a context manager.

    Raises ConfigError where the folder holds another run, StoreError where it cannot be used.
    """

    def __init__(self, folder: Path, plan: Mapping[str, object], redact: Callable[[str], str] = str) -> None:
        """Open ``folder`` for the run that ``plan`` describes (JSON-able values that must not change).

        Every text that goes into the journal goes through ``redact`` first.
        """
        self.folder = folder
        self._redact = redact
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the run folder {folder} cannot be made: {error.strerror}") from error
        known = read_journal(folder / JOURNAL)
        if not known.records and any(entry.name not in {JOURNAL, CODE} for entry in folder.iterdir()):
            raise ConfigError(f"{folder} is not empty and holds no run", "give a fresh folder with --run")
        self.damaged = known.damaged
        self._answers: dict[Step, Record] = {}
        self._scores: dict[tuple[str, int], str] = {}
        self._commits: dict[tuple[str, int], str] = {}
        for record in known.records:
            self._remember(record)
        self._journal = JournalWriter(folder / JOURNAL)
        self.workspace = Workspace(folder / CODE)
        self._agree(known.records, plan)

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.__exit__()
        self.workspace.close()

    def answer(self, step: Step) -> Completion | None:
        """The completion that an earlier process already has for this step."""
        record = self._answers.get(step)
        if record is None:
            return None
        text = self.workspace.response(str(record["blob"])).decode("utf-8", "surrogatepass")
        return _completion(record, text)

    def keep_answer(self, step: Step, completion: Completion) -> None:
        """Keep an answer before anything reads it: its bytes in git, then its record in the journal."""
        data = completion.text.encode("utf-8", "surrogatepass")
        blob = self.workspace.save_response(step.sample, step.label, data)
        self._append(
            "answer",
            {
                "sample": step.sample,
                "step": step.kind,
                "round": step.round,
                "blob": blob,
                **_completion_record(completion),
            },
        )

    def kept_score(self, sample: str, round_number: int) -> tuple[str, Score] | None:
        """The commit and score that an earlier process already has for this round."""
        text = self._scores.get((sample, round_number))
        if text is None:
            return None
        try:
            return self._commits[sample, round_number], read_score(text)
        except ValueError:
            return None  # written by another version: judged again

    def keep_score(self, sample: str, round_number: int, commit: str, score: Score) -> None:
        """Keep a round's judgement."""
        record = {"sample": sample, "round": round_number, "commit": commit}
        self._append("score", {**record, "score": json.loads(write_score(score))})

    def finish(self, sample: str, verdict: str, rounds: int) -> None:
        """Mark a sample as done."""
        self._append("sample", {"sample": sample, "verdict": verdict, "rounds": rounds})

    def _append(self, kind: str, values: Mapping[str, object]) -> None:
        record = {"kind": kind, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        record = {key: _redacted(value, self._redact) for key, value in record.items()}
        self._journal.append(record)
        self._remember(record)

    def _remember(self, record: Record) -> None:
        sample, number = str(record.get("sample")), record.get("round")
        if not isinstance(number, int):
            return
        if record["kind"] == "answer":
            self._answers[Step(sample, str(record.get("step")), number)] = record
        elif record["kind"] == "score":
            self._scores[sample, number] = json.dumps(record["score"])
            self._commits[sample, number] = str(record["commit"])

    def _agree(self, records: tuple[Record, ...], plan: Mapping[str, object]) -> None:
        """The first record of a run holds its plan; a run that goes on must have the same."""
        plan = json.loads(json.dumps(_redacted(plan, self._redact)))
        first = next((record for record in records if record.get("kind") == "run"), None)
        if first is None:
            self._append("run", {"format": FORMAT, "plan": plan})
            return
        before = first.get("plan")
        before = before if isinstance(before, dict) else {}
        changed = sorted(key for key in {*before, *plan} if before.get(key) != plan.get(key))
        if changed:
            self.__exit__()
            said = "; ".join(f"{key} was {before.get(key)!r}, is {plan.get(key)!r}" for key in changed)
            raise ConfigError(
                f"{self.folder} holds another run: {said[:600]}",
                "give the same task and options to go on with it, or another folder with --run",
            )


def spent_before(folder: Path) -> Amounts:
    """What the live calls of the run in ``folder`` have taken so far; nothing where there is no run yet."""
    spent = Amounts()
    for record in read_journal(folder / JOURNAL).records:
        if record.get("kind") == "answer" and record.get("source") == "live":
            completion = _completion(record, "")
            tokens = (completion.usage.input or 0) + (completion.usage.output or 0)
            spent += Amounts(completion.cost or Decimal(0), tokens, completion.attempts)
    return spent


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(inner, redact) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(inner, redact) for inner in value]
    return value


def fresh_folder(parent: Path, name: str) -> Path:
    """A new folder below ``parent`` with the time and ``name`` in its own name."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    for attempt in range(1000):
        folder = parent / (f"{stamp}-{name}" + (f"-{attempt}" if attempt else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(
                f"the run folder {folder} cannot be made: {os.strerror(error.errno or 0)}"
            ) from error
        return folder
    raise StoreError(f"no free name for a run folder below {parent}")


def discard(folder: Path) -> None:
    """Remove a run folder in which nothing was kept yet, and its parent when that is empty too."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()


def _completion_record(completion: Completion) -> dict[str, object]:
    return {
        "model": completion.model,
        "stop_reason": completion.stop_reason,
        "source": completion.source,
        "usage": asdict(completion.usage),
        "cost_usd": None if completion.cost is None else str(completion.cost),
        "request_id": completion.request_id,
        "first_token_seconds": completion.first_token_seconds,
        "seconds": completion.seconds,
        "attempts": completion.attempts,
        "joins": list(completion.joins),
        "reasoning": completion.reasoning,
    }


def _completion(record: Record, text: str) -> Completion:
    from pydantic import TypeAdapter

    known = {key: record[key] for key in _completion_record(Completion("", "end", "")) if key in record}
    cost = known.pop("cost_usd", None)
    known["cost"] = None if cost is None else Decimal(str(cost))
    known["usage"] = TypeAdapter(Usage).validate_python(known.get("usage") or {})
    return TypeAdapter(Completion).validate_python({"text": text, **known})
