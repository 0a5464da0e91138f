"""Shows how far an eval is: one live line on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agents.batch.service import Progress as Batch
from orchestrator.eval_engine import EvalEngine
from orchestrator.terminal import console
from prompts.quoting import one_line

_EVERY = 10.0
_LIVE = 0.25


class Progress:
    """Says what there is to say. ``attach`` it to an engine; ``tick`` is called at every change."""

    def __init__(
        self,
        show: Callable[[str], None],
        every: float,
        note: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show = show
        self._note = note
        self._every = every
        self._clock = clock
        self._began = clock()
        self._shown = self._began
        self._engine: EvalEngine | None = None
        self._batches: dict[str, Batch] = {}
        self._error = ""
        self._error_told = -float("inf")

    def attach(self, engine: EvalEngine) -> None:
        """Watch this engine."""
        self._engine = engine
        self._began = self._clock()

    def tick(self) -> None:
        """Show the state when it is time to."""
        now = self._clock()
        if now - self._shown >= self._every:
            self._shown = now
            self.show()

    def batch(self, told: Batch) -> None:
        """How far a batch is at its provider; shown until its results are collected."""
        self._batches[told.batch] = told
        if told.ended:
            del self._batches[told.batch]
        self.tick()

    def note(self, text: str) -> None:
        """Say something that a person should know."""
        self._note(f"note: {text}")

    def show(self) -> None:
        """Show the state now."""
        if self._engine is not None:
            self._show(self.text(self._engine))
            self._tell_error(self._engine.tally.last_error)

    def text(self, engine: EvalEngine) -> str:
        """The state as one line."""
        tally, lanes = engine.tally, engine.lanes
        here = tally.done - tally.kept
        seconds = self._clock() - self._began
        parts = [f"{tally.done}/{tally.planned} done", f"{tally.passed} verified", f"{tally.failed} failed"]
        if tally.inconclusive:
            parts.append(f"{tally.inconclusive} open")
        if tally.errors:
            parts.append(f"{tally.errors} errors")
        parts.append(f"running {lanes.calling} model {lanes.queued} queued {lanes.judging} sandbox")
        if self._batches:
            parts.append(_batches(list(self._batches.values())))
        if here and seconds > 0:
            rate = here / seconds
            parts += [_rate(rate), f"{_span((tally.planned - tally.done) / rate)} left"]
        parts.append(_cost(engine))
        return ", ".join(parts)

    def _tell_error(self, error: str) -> None:
        """Say what kept a sample from its verdict, on a line that stays; not for each of very many."""
        now = self._clock()
        if error != self._error and now - self._error_told >= _EVERY:
            self._error, self._error_told = error, now
            self.note(f"no verdict: {one_line(error, 400)}")


@contextmanager
def eval_progress(quiet: bool = False) -> Iterator[Progress]:
    """A progress on standard error; nothing at all when ``quiet``."""
    told = console(stderr=True)
    if quiet:
        yield Progress(lambda _: None, float("inf"), lambda _: None)
    elif told.is_terminal:
        from rich.text import Text

        with told.status("starting") as status:
            # What an error says must not be read as markup.
            yield Progress(lambda text: status.update(Text(text)), _LIVE, told.print)
    else:
        shown = Progress(told.print, _EVERY, told.print)
        yield shown
        shown.show()


def _batches(under_way: list[Batch]) -> str:
    """What the provider says of the batches that it works on."""
    answered = sum(batch.succeeded + batch.failed for batch in under_way)
    failed = sum(batch.failed for batch in under_way)
    name = "batch" if len(under_way) == 1 else f"{len(under_way)} batches"
    told = f"{name} {answered}/{sum(batch.total for batch in under_way)} answered"
    return told + (f" ({failed} failed)" if failed else "")


def _rate(each_second: float) -> str:
    return f"{each_second:.1f}/s" if each_second >= 1 else f"{each_second * 60:.1f}/min"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _cost(engine: EvalEngine) -> str:
    tally = engine.tally
    if tally.unpriced and not tally.cost:
        return "cost unknown"
    return f"${tally.cost:.2f}" + (f" and {tally.unpriced} of unknown cost" if tally.unpriced else "")
