"""What the page of one sample shows. Field names are those of the JSON inside the report."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from evals.results import SampleResult
from evals.score import Score, write_score

LONGEST = 400_000
"""Characters of one text that the report holds; the run's repository has the rest."""


@dataclass(frozen=True, slots=True)
class RoundPage:
    """One round: its score, the raw answer and the files as they were committed (path to text).

    ``prompt`` has the messages that a later round adds to what the model was told: speaker and key of the text.
    """

    number: int
    commit: str
    score: Score
    answer: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    prompt: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallPage:
    """What another role answered: a design, a review."""

    step: str
    round: int
    text: str


@dataclass(frozen=True, slots=True)
class SamplePage:
    """One sample. ``prompt`` names its messages: speaker and key into the report's texts."""

    prompt: tuple[tuple[str, str], ...]
    rounds: tuple[RoundPage, ...]
    calls: tuple[CallPage, ...] = ()


def page_block(sample: SampleResult, page: SamplePage) -> str:
    """A sample's page as a compressed block of the report."""
    rounds = [
        {
            "number": one.number,
            "commit": one.commit,
            "score": json.loads(write_score(one.score)),
            "answer": cut(one.answer),
            "files": {path: cut(text) for path, text in one.files.items()},
            "prompt": one.prompt,
            "told": _told(one.score),
        }
        for one in page.rounds
    ]
    return packed(
        {
            "name": sample.name,
            "branch": sample.branch,
            "prompt": page.prompt,
            "rounds": rounds,
            "calls": [{"step": c.step, "round": c.round, "text": cut(c.text)} for c in page.calls],
            "error": sample.error,
            "timings": dict(sample.timings),
        }
    )


def _told(score: Score) -> dict[str, str]:
    """What probes, mutants and a judge came to, in the words of every other report."""
    found = {"probes": score.probes, "mutants": score.mutants, "prose": score.prose}
    return {name: report.told for name, report in found.items() if report is not None}


def packed(value: object) -> str:
    """A JSON value, compressed, in letters that end no script element."""
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def cut(text: str) -> str:
    """A text that is not longer than the report can hold."""
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST] + f"\n[{len(text) - LONGEST} more characters are in the run's repository]\n"
