"""The prompts and answers of samples, as texts out of their runs' repositories."""

from evals.results import SampleResult
from orchestrator.run_objects import RunObjects
from orchestrator.text_diff import text_diff


class SamplePair:
    """Makes the diffs of two runs' samples; see ``evals.compare.comparison.Texts``."""

    def __init__(self, first: RunObjects, second: RunObjects) -> None:
        self._first = first
        self._second = second

    def diffs(self, one: SampleResult, two: SampleResult) -> tuple[str, str]:
        """The differences of the first prompts and of the answers that count."""
        return (
            text_diff(prompt_text(self._first, one), prompt_text(self._second, two)),
            text_diff(answer_text(self._first, one), answer_text(self._second, two)),
        )


def prompt_text(objects: RunObjects, sample: SampleResult) -> str:
    """What the builder was first told, as one text; empty where it was not kept."""
    return "\n\n".join(f"[{speaker}]\n{text}" for speaker, text in prompt_messages(objects, sample))


def prompt_messages(objects: RunObjects, sample: SampleResult) -> tuple[tuple[str, str], ...]:
    """What the builder was first told, message by message: speaker and text."""
    call = next((call for call in sample.calls if call.step == "build" and call.round == 1), None)
    return tuple((speaker, objects.text(blob)) for speaker, blob in call.prompt) if call else ()


def answer_text(objects: RunObjects, sample: SampleResult) -> str:
    """The answer of the round that counts; empty where there was none."""
    parts = [c for c in sample.calls if c.step.startswith("build") and c.round == sample.best_round]
    return "".join(objects.text(part.answer) for part in parts if part.answer)
