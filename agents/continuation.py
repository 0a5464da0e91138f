"""Goes on with answers that were cut off, and joins the parts."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from agents.around import Around
from agents.completion import Completion, Message, Model, Request, Usage
from agents.submission import Diagnostic
from prompts.errors import CassetteMissError

OnText = Callable[[str], None]
# Whether an answer that its provider calls whole was cut off all the same.
Unfinished = Callable[[str], bool]

# Models put a sentence or an opening fence before they go on; the repeated line is looked for this far down.
_LINES_SEARCHED = 6
_SHORT = 4
_LONGEST_OVERLAP = 400
_LONGEST_QUOTE = 400

_ASK = (
    "Your answer was cut off. Its last line so far is:\n\n{line}\n\n"
    "Go on from there: begin with that line, whole, and continue to the end of the answer. "
    "Repeat nothing before it, explain nothing, and do not put the continuation into a code fence."
)


class Continuing(Around):
    """Passes calls on to another model, and asks up to ``limit`` times for the rest of a cut-off answer.

    Cut off means that the provider stopped it for length, or that ``unfinished`` says so of its text. The
    completion's ``joins`` tell where the parts meet; counts, costs and times are added up. The stop reason is
    the last part's.
    """

    def __init__(self, model: Model, *, limit: int = 2, unfinished: Unfinished | None = None) -> None:
        super().__init__(model)
        self._limit = limit
        self._unfinished = unfinished

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The whole answer, of as many parts as it takes."""
        whole = await self._model.complete(request, on_text)
        for part in range(2, self._limit + 2):
            if not self._cut_off(whole):
                break
            try:
                more = await self._model.complete(continuation_request(request, whole.text, part))
            except CassetteMissError:
                # What was recorded without its continuation is replayed as it was.
                break
            whole = joined(whole, more)
            if on_text is not None and len(whole.text) > whole.joins[-1]:
                # A join may take back part of a line; who watches sees from there on.
                on_text(whole.text[whole.joins[-1] :])
        return whole

    def _cut_off(self, completion: Completion) -> bool:
        if not completion.text.strip():
            return False
        if completion.stop_reason == "length":
            return True
        return (
            completion.stop_reason == "end"
            and self._unfinished is not None
            and self._unfinished(completion.text)
        )


def block_never_closes(text: str) -> bool:
    """Whether an answer in FILE blocks ends within one."""
    from agents.fileblock.recent import parse_once

    return any(diagnostic.code == "truncated" for diagnostic in parse_once(text).diagnostics)


def continuation_request(request: Request, so_far: str, part: int) -> Request:
    """The request that asks to go on after ``so_far``."""
    line = _last_line(so_far)
    shown = line if len(line) <= _LONGEST_QUOTE else line[-_LONGEST_QUOTE:]
    return replace(
        request,
        messages=(
            *request.messages,
            # Anthropic refuses an assistant's message that ends in blanks.
            Message("assistant", so_far.rstrip() or so_far),
            Message("user", _ASK.format(line=shown)),
        ),
        tag=replace(request.tag, part=part),
    )


def join(so_far: str, more: str) -> tuple[str, int]:
    """The two parts as one text, and the offset at which the second begins in it.

    The second part is expected to begin with the first one's last line. Where it does, what stands before
    that line in it (a sentence, a fence) is dropped; where it does not, only a literal overlap is.
    """
    last = _last_line(so_far)
    line = last.strip()
    indent = last[: len(last) - len(last.lstrip())]
    start = so_far.rstrip("\n").rfind("\n") + 1
    at = 0
    for number, candidate in enumerate(more.split("\n", _LINES_SEARCHED)[:_LINES_SEARCHED]):
        # A short last line, such as a lone bracket, is too common to be looked for further down.
        if line and candidate.lstrip().startswith(line) and (number == 0 or len(line) >= _SHORT):
            # Models often leave out the indentation of the line that they repeat.
            return so_far[:start] + indent + more[at:].lstrip(" \t"), start
        at += len(candidate) + 1
    overlap = _overlap(so_far[-_LONGEST_OVERLAP:], more)
    return so_far + more[overlap:], len(so_far)


def joined(whole: Completion, more: Completion) -> Completion:
    """Two completions as one."""
    text, at = join(whole.text, more.text)
    return replace(
        whole,
        text=text,
        stop_reason=more.stop_reason,
        reasoning=whole.reasoning + more.reasoning,
        usage=_added(whole.usage, more.usage),
        cost=_sum_money(whole.cost, more.cost),
        seconds=None if whole.seconds is None or more.seconds is None else whole.seconds + more.seconds,
        source="drifted" if "drifted" in {whole.source, more.source} else whole.source,
        attempts=whole.attempts + more.attempts,
        joins=(*whole.joins, at),
    )


def join_diagnostics(completion: Completion) -> tuple[Diagnostic, ...]:
    """One warning for each place where an answer was cut off and joined again."""
    return tuple(
        Diagnostic(
            code="continued",
            severity="warning",
            line=completion.text.count("\n", 0, at) + 1,
            path="",
            message="The answer was cut off at this line and continued; the two parts were joined here.",
        )
        for at in completion.joins
    )


def _last_line(text: str) -> str:
    stripped = text.rstrip("\n")
    return stripped[stripped.rfind("\n") + 1 :]


def _overlap(end: str, start: str) -> int:
    """The length of the longest text that ends one part and begins the other; linear, by the KMP table."""
    start = start[: len(end)]
    # No text holds this separator twice: a NUL inside the parts can only make a match shorter.
    both = f"{start}\0{end}"
    table = [0] * len(both)
    for i in range(1, len(both)):
        length = table[i - 1]
        while length and both[i] != both[length]:
            length = table[length - 1]
        table[i] = length + (both[i] == both[length])
    return min(table[-1], len(start)) if end and start else 0


def _added(one: Usage, other: Usage) -> Usage:
    def both(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else a + b

    return Usage(
        input=both(one.input, other.input),
        output=both(one.output, other.output),
        cached=both(one.cached, other.cached),
        reasoning=both(one.reasoning, other.reasoning),
        cache_written=both(one.cache_written, other.cache_written),
    )


def _sum_money(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
