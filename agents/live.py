"""Calls a provider so that it can be relied on: timeouts, retries, one shared limit, whole completions."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from agents.completion import Completion, Request, StopReason, Usage
from agents.limiter import Limiter
from agents.pricing import cost
from agents.providers.faults import Fault, FaultKind
from agents.providers.wire import Began, Counted, Ended, Piece, Text, Thought, Wire, checked, whole_characters
from agents.redaction import Redactor
from agents.retries import Retries, Timeouts
from agents.spending import Spending, worst_case
from prompts.errors import ProviderError

OnText = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CallRules:
    """How calls are made. ``limiter`` and ``spending`` are shared by everyone who calls in the same run."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: Retries = field(default_factory=Retries)
    limiter: Limiter = field(default_factory=Limiter)
    spending: Spending = field(default_factory=Spending)
    redactor: Redactor = field(default_factory=lambda: Redactor({}))
    dice: random.Random = field(default_factory=random.Random)  # noqa: S311 - spreads waits, guards nothing


class LiveModel:
    """A provider's model behind the ``Model`` protocol."""

    def __init__(self, name: str, wire: Wire, rules: CallRules) -> None:
        self._name = name
        self._wire = wire
        self._rules = rules

    @property
    def name(self) -> str:
        """The full name, ``provider/name``."""
        return self._name

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._wire.aclose()

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """One completion, by as many attempts as the retry rules allow.

        Raises BudgetReachedError before anything is sent that could cost more than the budget has left.
        """
        failed = 0
        while True:
            attempt = _Attempt(request, on_text, restarted=failed > 0)
            try:
                async with (
                    self._rules.limiter.slot() as sent_at,
                    self._rules.spending.reserve(request, worst_case(request)) as reservation,
                ):
                    try:
                        await self._send(attempt)
                        self._rules.limiter.succeeded()
                    except Fault as fault:
                        if fault.congested:
                            self._rules.limiter.refused(sent_at, self._rules.retries.pause(fault))
                        raise
                    finally:
                        reservation.settle(attempt.spent(), cost(request.model, attempt.spent()))
                if attempt.empty and failed + 1 < self._rules.retries.empty_tries:
                    raise Fault("empty", "the answer is empty")
                return self._completed(request, attempt, failed + 1)
            except Fault as fault:
                failed += 1
                wait = self._rules.retries.wait(fault, failed, self._rules.dice)
                if wait is None:
                    raise self._given_up(fault, failed) from None
            await asyncio.sleep(wait)

    async def _send(self, attempt: "_Attempt") -> None:
        limits = self._rules.timeouts
        loop = asyncio.get_running_loop()
        began = loop.time()
        end = began + limits.total
        pieces = self._wire.stream(attempt.request)
        try:
            async with asyncio.timeout_at(min(end, began + limits.first_token)) as patience, aclosing(pieces):
                async for piece in pieces:
                    attempt.take(piece)
                    if attempt.first_token_seconds is not None:
                        patience.reschedule(min(end, loop.time() + limits.idle))
        except TimeoutError:
            raise self._late(attempt, loop.time() >= end) from None
        if attempt.stop_reason is None:
            raise Fault("cut-stream", "the stream ended before the answer did", request_id=attempt.request_id)

    def _late(self, attempt: "_Attempt", total: bool) -> Fault:
        limits = self._rules.timeouts
        kind: FaultKind
        if total:
            kind, words = "total-timeout", f"the answer was not whole within {limits.total:g} s"
        elif attempt.first_token_seconds is None:
            kind, words = "first-token-timeout", f"nothing of the answer came within {limits.first_token:g} s"
        else:
            kind, words = "idle-timeout", f"the stream fell silent for {limits.idle:g} s"
        return Fault(kind, words, request_id=attempt.request_id)

    def _completed(self, request: Request, attempt: "_Attempt", attempts: int) -> Completion:
        assert attempt.stop_reason is not None  # noqa: S101 - _send raises otherwise
        redact = self._rules.redactor.redact
        return Completion(
            # A secret that a model repeats must not get into what others keep of the answer.
            text=redact("".join(attempt.text)),
            stop_reason=attempt.stop_reason,
            model=attempt.model or request.model.partition("/")[2],
            reasoning=redact(whole_characters("".join(attempt.thoughts))),
            usage=attempt.usage,
            cost=cost(request.model, attempt.usage),
            request_id=attempt.request_id,
            first_token_seconds=attempt.first_token_seconds,
            seconds=attempt.seconds,
            attempts=attempts,
        )

    def _given_up(self, fault: Fault, failed: int) -> ProviderError:
        status = f" (HTTP {fault.status})" if fault.status else ""
        identity = f" [request {fault.request_id}]" if fault.request_id else ""
        tries = f" after {failed} tries" if failed > 1 else ""
        asked = ""
        if fault.retry_after is not None and fault.retry_after > self._rules.retries.longest_request:
            asked = f" The provider asks to wait {fault.retry_after:.0f} s."
        message = f"{self._name}: {fault.kind}{status}{tries}: {fault.detail}{asked}{identity}"
        return ProviderError(self._rules.redactor.redact_message(message), hint=fault.hint)


class _Attempt:
    """What one request has brought so far."""

    def __init__(self, request: Request, on_text: OnText | None, *, restarted: bool) -> None:
        self.request = request
        self.text: list[str] = []
        self.thoughts: list[str] = []
        self.usage = Usage()
        self.stop_reason: StopReason | None = None
        self.model: str | None = None
        self.request_id: str | None = None
        self.first_token_seconds: float | None = None
        self._on_text = on_text
        self._restarted = restarted
        self._torn = ""
        self._began = time.perf_counter()
        self._ended: float | None = None

    @property
    def seconds(self) -> float:
        """From sending to the last piece."""
        return (self._ended or time.perf_counter()) - self._began

    @property
    def empty(self) -> bool:
        """Whether the provider says that all went well, and yet gave no text."""
        return self.stop_reason == "end" and not "".join(self.text).strip()

    def take(self, piece: Piece) -> None:
        """Keep one piece."""
        if isinstance(piece, Text | Thought) and self.first_token_seconds is None:
            self.first_token_seconds = time.perf_counter() - self._began
        if isinstance(piece, Text):
            self._add(piece.text)
        elif isinstance(piece, Thought):
            self.thoughts.append(piece.text)
        elif isinstance(piece, Began):
            self.request_id = piece.request_id or self.request_id
            self.model = piece.model if isinstance(piece.model, str) else self.model
        elif isinstance(piece, Counted):
            self.usage = checked(piece.usage)
        elif isinstance(piece, Ended):
            self._add("", last=True)
            self.stop_reason = piece.stop_reason
            self._ended = time.perf_counter()

    def spent(self) -> Usage:
        """The tokens to charge: the provider's count, or an estimate for an attempt that broke off."""
        if self.usage.input is not None and self.usage.output is not None:
            return self.usage
        if not self.text and not self.thoughts:
            return replace(self.usage, input=self.usage.input or 0, output=self.usage.output or 0)
        sent = sum(len(message.text) for message in self.request.messages)
        got = sum(map(len, self.text)) + sum(map(len, self.thoughts))
        return Usage(input=self.usage.input or sent // 4, output=max(self.usage.output or 0, got // 4))

    def _add(self, text: str, *, last: bool = False) -> None:
        text = self._torn + text
        # The first half of a character outside the basic plane: its other half comes with the next piece.
        cut = len(text) - (not last and "\ud800" <= text[-1:] <= "\udbff")
        text, self._torn = whole_characters(text[:cut]), text[cut:]
        if text:
            self.text.append(text)
            self._show(text)

    def _show(self, text: str) -> None:
        if self._on_text is None:
            return
        if self._restarted:
            self._restarted = False
            self._on_text("")
        self._on_text(text)
