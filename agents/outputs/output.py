"""One answer from elsewhere, and the model that hands such answers out again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agents.completion import Completion, Request, StopReason, Usage
from prompts.errors import CassetteMissError, ConfigError

UNNAMED = "elsewhere"


@dataclass(frozen=True, slots=True)
class Output:
    """What a model answered to a task. ``place`` says where it stands, for errors.

    ``epoch`` is None where the file does not number a task's samples; they are then taken in order. ``problem`` says
    why there is no answer, which is then no fault of the model.
    """

    place: str
    task: str
    text: str
    model: str = UNNAMED
    epoch: int | None = None
    stop_reason: StopReason = "end"
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = None
    seconds: float | None = None
    problem: str = ""


def numbered(outputs: Iterable[Output]) -> dict[str, dict[tuple[str, int], Output]]:
    """Outputs by model, and then by task and epoch (from 1).

    Raises ConfigError where two claim the same epoch of a task.
    """
    found: dict[str, dict[tuple[str, int], Output]] = {}
    waiting: list[Output] = []
    for output in outputs:
        known = found.setdefault(output.model, {})
        if output.epoch is None:
            waiting.append(output)
        elif (output.task, output.epoch) in known:
            other = known[output.task, output.epoch].place
            raise ConfigError(
                f"{output.place}: epoch {output.epoch} of {output.task} stands at {other} already",
                "number each sample of a task anew, or leave the epochs out",
            )
        else:
            known[output.task, output.epoch] = output
    following: dict[tuple[str, str], int] = {}
    for output in waiting:
        known = found[output.model]
        epoch = following.get((output.model, output.task), 1)
        while (output.task, epoch) in known:
            epoch += 1
        known[output.task, epoch] = output
        following[output.model, output.task] = epoch + 1
    return found


class OutputModel:
    """Answers with outputs from elsewhere, by the task's digest and the epoch. No prompt reaches anybody."""

    def __init__(self, name: str, outputs: Mapping[tuple[str, int], Output]) -> None:
        self._name = name
        self._outputs = outputs

    @property
    def name(self) -> str:
        """The name of the model that gave the answers."""
        return self._name

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Completion:
        """The output for the request's task and epoch; CassetteMissError where there is no answer."""
        output = self._outputs.get((request.tag.task, request.tag.epoch))
        if output is None or request.tag.round > 1:
            raise CassetteMissError(
                f"no output of {self._name} for epoch {request.tag.epoch} of this task was given"
            )
        if output.problem:
            raise CassetteMissError(f"{output.place}: {output.problem}")
        if on_text is not None and output.text:
            on_text(output.text)
        return Completion(
            text=output.text,
            stop_reason=output.stop_reason,
            model=output.model,
            usage=output.usage,
            cost=output.cost,
            seconds=output.seconds,
            source="manual",
        )
