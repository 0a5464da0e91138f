"""Gathers what the HTML report shows of each sample: from the journal its scores, from the repository its texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.completion import Speaker
from evals.reports.html.pages import CallPage, RoundPage, SamplePage, cut, packed, page_block
from evals.results import RunResults, SampleResult
from evals.score import Score
from orchestrator.results import read_scores
from orchestrator.run_objects import RunObjects
from prompts.errors import StoreError

MOST_BYTES = 150_000_000
"""Of all pages together; samples after that are told to be in the run's repository."""


@dataclass(slots=True)
class Pages:
    """The blocks of ``evals.reports.html.document``: ``pages`` by the sample's place, ``texts`` by blob."""

    pages: dict[int, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def gather_pages(run: RunResults, objects: RunObjects) -> Pages:
    """The pages of all finished samples. What is missing in the repository is said in its place."""
    places = {sample.name: place for place, sample in enumerate(run.samples)}
    waiting: dict[str, dict[int, Score]] = {}
    found = Pages()
    size = 0
    for name, number, score in read_scores(Path(run.folder), frozenset(places)):
        sample = run.samples[places[name]]
        rounds = waiting.setdefault(name, {})
        rounds[number] = score
        if len(rounds) >= sample.rounds and size < MOST_BYTES:
            block = page_block(sample, _page(sample, rounds, objects, found.texts))
            size += len(block)
            found.pages[places[name]] = block
            if number == sample.rounds:
                del waiting[name]
    for place, sample in enumerate(run.samples):
        if place not in found.pages and not sample.rounds and size < MOST_BYTES:
            found.pages[place] = page_block(sample, _page(sample, {}, objects, found.texts))
    return found


def _page(
    sample: SampleResult, scores: Mapping[int, Score], objects: RunObjects, texts: dict[str, str]
) -> SamplePage:
    prompts = _prompts(sample)
    for _, blob in (message for prompt in prompts.values() for message in prompt):
        if blob not in texts:
            texts[blob] = packed(cut(_text(objects, blob)))
    rounds = []
    for number, score in sorted(scores.items()):
        parts = [c.answer for c in sample.calls if c.step.startswith("build") and c.round == number]
        commit = sample.commits[number - 1] if number <= len(sample.commits) else ""
        answer = "".join(_text(objects, part) for part in parts if part)
        added = prompts.get(number, ()) if number > 1 else ()
        rounds.append(RoundPage(number, commit, score, answer, _files(objects, commit), added))
    calls = tuple(
        CallPage(c.step, c.round, _text(objects, c.answer))
        for c in sample.calls
        if not c.step.startswith("build") and c.answer
    )
    return SamplePage(prompts.get(1, ()), tuple(rounds), calls)


def _prompts(sample: SampleResult) -> dict[int, tuple[tuple[Speaker, str], ...]]:
    """By round, what the builder was told that it had not been told before; its own answers stand elsewhere."""
    found: dict[int, tuple[tuple[Speaker, str], ...]] = {}
    told: set[tuple[Speaker, str]] = set()
    for call in sample.calls:
        if call.step == "build" and call.round not in found:
            new = (m for m in call.prompt if m not in told and m[0] != "assistant")
            found[call.round] = tuple(dict.fromkeys(new))
            told.update(call.prompt)
    return found


def _text(objects: RunObjects, blob: str) -> str:
    try:
        return objects.text(blob)
    except StoreError as error:
        return f"({error})"


def _files(objects: RunObjects, commit: str) -> dict[str, str]:
    if not commit:
        return {}
    try:
        return {path: _text(objects, blob) for path, blob in objects.tree(commit).items()}
    except StoreError:
        return {}
