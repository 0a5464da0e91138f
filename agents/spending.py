"""Budgets: what a run and a sample may spend, checked before a call is sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from agents.completion import Request, Usage
from agents.pricing import cost
from prompts.errors import BudgetReachedError, SampleBudgetReachedError

# More than any tokenizer makes of ordinary text: at least one token for three bytes.
_BYTES_PER_TOKEN = 3
# What an answer may take when the request sets no max_tokens.
_USUAL_ANSWER = 32_000


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money in US dollars, tokens (input and output together) and calls."""

    money: Decimal = Decimal(0)
    tokens: int = 0
    calls: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.money + other.money, self.tokens + other.tokens, self.calls + other.calls)

    def __sub__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.money - other.money, self.tokens - other.tokens, self.calls - other.calls)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be spent; ``None`` for no limit. ``seconds`` is wall time since the first call."""

    money: Decimal | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None


def worst_case(request: Request) -> Amounts:
    """The most that one call is expected to take. Where the price is unknown, the money is 0."""
    sent = sum(len(message.text.encode("utf-8", "surrogatepass")) for message in request.messages)
    usage = Usage(input=sent // _BYTES_PER_TOKEN + 16, output=request.parameters.max_tokens or _USUAL_ANSWER)
    tokens = (usage.input or 0) + (usage.output or 0)
    return Amounts(money=cost(request.model, usage) or Decimal(0), tokens=tokens, calls=1)


@dataclass(slots=True)
class Account:
    """What has been spent, and what the calls under way may still take."""

    spent: Amounts = field(default_factory=Amounts)
    reserved: Amounts = field(default_factory=Amounts)
    since: float | None = None


@dataclass(slots=True)
class Reservation:
    """One call's claim. Settled with what it really took; unsettled, it is charged nothing but the call."""

    actual: Amounts = field(default_factory=lambda: Amounts(calls=1))

    def settle(self, usage: Usage, money: Decimal | None) -> None:
        """What the call took in the end."""
        tokens = (usage.input or 0) + (usage.output or 0)
        self.actual = Amounts(money=money or Decimal(0), tokens=tokens, calls=1)


class Spending:
    """The budgets of a run and of each of its samples.

    A call is refused (BudgetReachedError) when what was spent, what is reserved for calls under way and its
    own worst case together exceed a limit. ``before`` is what earlier parts of the same run spent.
    """

    def __init__(
        self,
        run: Limit | None = None,
        sample: Limit | None = None,
        *,
        before: Amounts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_limit = run or Limit()
        self._sample_limit = sample or Limit()
        self._clock = clock
        self._run = Account(spent=before or Amounts())
        self._samples: dict[str, Account] = {}
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def spent(self) -> Amounts:
        """What the run has spent so far."""
        return self._run.spent

    def counts(self, model: str) -> bool:
        """Whether what ``provider/name`` costs is known, where money is limited."""
        limited = self._run_limit.money is not None or self._sample_limit.money is not None
        return not limited or cost(model, Usage(input=1, output=1)) is not None

    def charge(self, sample: str, amounts: Amounts) -> None:
        """Count what was spent before this process (a run that is resumed), or outside of it."""
        self._run.spent += amounts
        if sample:
            self._of(sample).spent += amounts

    @asynccontextmanager
    async def reserve(self, request: Request, worst: Amounts) -> AsyncIterator[Reservation]:
        """Hold ``worst`` for one call while it is under way.

        Where only the calls under way stand in the way, waits until enough of them have ended.
        """
        accounts = [("run", self._run, self._run_limit)]
        if request.tag.sample:
            accounts.append(("sample", self._of(request.tag.sample), self._sample_limit))
        while not all([self._allows(name, account, limit, worst) for name, account, limit in accounts]):
            ended = asyncio.get_running_loop().create_future()
            self._waiting.append(ended)
            await ended
        for _, account, _ in accounts:
            account.reserved += worst
        reservation = Reservation()
        try:
            yield reservation
        finally:
            for _, account, _ in accounts:
                account.reserved -= worst
                account.spent += reservation.actual
            self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for ended in waiting:
            if not ended.done():
                ended.set_result(None)

    def _of(self, sample: str) -> Account:
        return self._samples.setdefault(sample, Account())

    def _allows(self, name: str, account: Account, limit: Limit, worst: Amounts) -> bool:
        """Whether the call may go now. Raises when it could not even with nothing else under way."""
        now = self._clock()
        if account.since is None:
            account.since = now
        claim = account.spent + worst
        for unit, most, asked, spent in (
            ("US dollars", limit.money, claim.money, account.spent.money),
            ("tokens", limit.tokens, claim.tokens, account.spent.tokens),
            ("calls", limit.calls, claim.calls, account.spent.calls),
            ("seconds", limit.seconds, now - account.since, now - account.since),
        ):
            if most is not None and asked > most:
                reached = SampleBudgetReachedError if name == "sample" else BudgetReachedError
                raise reached(
                    f"the {name}'s budget of {most:g} {unit} does not allow another call: "
                    f"{spent:.4g} spent, the next call may bring it to {asked:.4g}",
                    hint="Everything so far is kept; go on with a larger budget.",
                )
        claim += account.reserved
        return (
            (limit.money is None or claim.money <= limit.money)
            and (limit.tokens is None or claim.tokens <= limit.tokens)
            and (limit.calls is None or claim.calls <= limit.calls)
        )
