"""A model that answers by way of a provider's batch API: half the price, hours instead of seconds."""

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace

from agents.batch.ledger import Intent, Ledger
from agents.batch.service import Answered, BatchService, Outcome, Progress
from agents.cassette.key import key_of
from agents.completion import Completion, Request
from agents.pricing import cost
from agents.providers.faults import Fault
from agents.providers.wire import checked, whole_characters
from agents.redaction import Redactor
from agents.retries import Retries
from agents.spending import Spending, worst_case
from prompts.errors import ProviderError

OnText = Callable[[str], None]
OnProgress = Callable[[Progress], None]

# Below the providers' limits on one submission (200 and 256 MB), with room for what JSON adds.
_MOST_CHARACTERS = 60_000_000
# Faults after which the provider certainly has not taken a submission.
_NOT_TAKEN = frozenset({"connection", "connect-timeout", "rate-limit", "overloaded"})


@dataclass(frozen=True, slots=True)
class BatchRules:
    """How batches are made. Requests are gathered until none came for ``linger`` seconds, or ``size`` have.

    ``poll`` is how often, in seconds, a batch is looked at. ``tries`` is how often one request is submitted.
    """

    size: int = 10_000
    linger: float = 2
    poll: float = 30
    tries: int = 3
    retries: Retries = field(default_factory=Retries)
    on_progress: OnProgress | None = None


class BatchModel:
    """Gathers concurrent calls into batches and gives each its own completion.

    What was submitted is in the ledger: after a restart the same request is looked up in its batch and not
    submitted again. Requests that failed for a passing cause, or expired, go into another batch.
    """

    def __init__(
        self,
        name: str,
        service: BatchService,
        ledger: Ledger,
        *,
        rules: BatchRules | None = None,
        spending: Spending | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._name = name
        self._service = service
        self._ledger = ledger
        self._rules = rules or BatchRules()
        self._spending = spending or Spending()
        self._redactor = redactor or Redactor({})
        self._dice = random.Random()  # noqa: S311 - spreads waits, guards nothing
        self._queue: dict[str, Request] = {}
        self._waiting: dict[str, list[asyncio.Future[Outcome]]] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gathering: asyncio.Task[None] | None = None
        self._settling = asyncio.Lock()
        self._unsettled = ledger.unfinished

    @property
    def name(self) -> str:
        """The full name, ``provider/name``."""
        return self._name

    async def aclose(self) -> None:
        """Stop watching. What was submitted goes on at the provider and is found again by the ledger."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._service.aclose()

    async def complete(self, request: Request, on_text: OnText | None = None) -> Completion:
        """The completion, once the batch that holds it has ended."""
        await self._settle()
        key = key_of(request, self._redactor)
        tried: set[str] = set()
        worst = worst_case(request)
        fault = Fault("server", "no batch was made")
        for attempt in range(1, self._rules.tries + 1):
            async with self._spending.reserve(request, replace(worst, money=worst.money / 2)) as reservation:
                outcome = await self._outcome(key, request, tried)
                if isinstance(outcome, Answered):
                    completion = self._completion(request, outcome, attempt)
                    reservation.settle(completion.usage, completion.cost)
                    if on_text is not None and completion.text:
                        on_text(completion.text)
                    return completion
            fault = outcome
            if not fault.retryable:
                break
        raise self._failed(fault)

    def _completion(self, request: Request, answered: Answered, attempt: int) -> Completion:
        usage = checked(answered.usage)
        return Completion(
            text=self._redactor.redact(whole_characters(answered.text)),
            stop_reason=answered.stop_reason,
            model=answered.model or request.model.partition("/")[2],
            reasoning=self._redactor.redact(whole_characters(answered.reasoning)),
            usage=usage,
            cost=cost(request.model, usage, batch=True),
            request_id=answered.request_id,
            attempts=attempt,
        )

    async def _outcome(self, key: str, request: Request, tried: set[str]) -> Outcome:
        """What became of one submission: of an earlier one that was not looked at yet, or of a new one."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        batch = self._ledger.batch_of(key)
        known = batch is not None and batch not in tried
        # The same request twice at a time is submitted once.
        if not known and key not in self._waiting:
            self._queue[key] = request
            self._gather()
        self._waiting.setdefault(key, []).append(future)
        if known and batch is not None:
            self._watch(batch)
        outcome = await future
        if (held := self._ledger.batch_of(key)) is not None:
            tried.add(held)
        return outcome

    def _gather(self) -> None:
        if len(self._queue) >= self._rules.size:
            self._submit_queued()
        elif self._gathering is None or self._gathering.done():
            self._gathering = self._start(self._submit_when_quiet())

    async def _submit_when_quiet(self) -> None:
        count = 0
        while count != len(self._queue):
            count = len(self._queue)
            await asyncio.sleep(self._rules.linger)
        self._submit_queued()

    def _submit_queued(self) -> None:
        part: dict[str, Request] = {}
        size = 0
        for key, request in self._queue.items():
            size += sum(len(message.text) for message in request.messages)
            if part and size > _MOST_CHARACTERS:
                self._start(self._submit(part))
                part, size = {}, 0
            part[key] = request
        self._queue = {}
        if part:
            self._start(self._submit(part))

    async def _submit(self, requests: dict[str, Request]) -> None:
        intent = Intent(uuid.uuid4().hex, tuple(requests), time.time())
        self._ledger.intend(intent)
        failed = 0
        while True:
            try:
                batch = await self._service.submit(requests, intent.token)
                break
            except Fault as fault:
                failed += 1
                wait = self._rules.retries.wait(fault, failed, self._dice)
                if wait is None:
                    self._ledger.submitted(intent.token, None)
                    self._resolve(requests, fault)
                    return
                await asyncio.sleep(wait)
                if fault.kind not in _NOT_TAKEN and (found := await self._find(intent)) is not None:
                    batch = found
                    break
        self._ledger.submitted(intent.token, batch)
        self._watch(batch)

    async def _settle(self) -> None:
        """Find out, once, what became of the submissions that an earlier process did not see through."""
        async with self._settling:
            while self._unsettled:
                intent = self._unsettled[0]
                try:
                    batch = await self._find(intent)
                except Fault as fault:
                    raise self._failed(fault) from None
                self._ledger.submitted(intent.token, batch)
                self._unsettled = self._unsettled[1:]

    async def _find(self, intent: Intent) -> str | None:
        """The batch that a submission became, if it reached the provider.

        A provider without marks may name another batch of the same size; then its results hold none of the
        keys, and the requests are submitted anew.
        """
        found = await self._service.find(intent.token, len(intent.keys), intent.at)
        return next((batch for batch in found if batch not in self._ledger.batches), None)

    def _watch(self, batch: str) -> None:
        if batch not in self._watchers or self._watchers[batch].done():
            self._watchers[batch] = self._start(self._watch_to_the_end(batch))

    async def _watch_to_the_end(self, batch: str) -> None:
        try:
            while not (progress := await self._progress(batch)).ended:
                self._tell(progress)
                await asyncio.sleep(self._rules.poll)
            self._tell(progress)
            # Others may have begun to wait for this batch while its results were read: read them again.
            while expected := [key for key in self._waiting if self._ledger.batch_of(key) == batch]:
                async for key, outcome in self._service.results(batch):
                    # An answer of an earlier batch is no news for a request that was submitted again.
                    if self._ledger.batch_of(key) == batch:
                        self._resolve((key,), outcome)
                lost = Fault("server", f"batch {batch} ended without a result for this request")
                self._resolve(expected, lost)
        except Fault as fault:
            self._resolve([key for key in self._waiting if self._ledger.batch_of(key) == batch], fault)

    async def _progress(self, batch: str) -> Progress:
        failed = 0
        while True:
            try:
                return await self._service.progress(batch)
            except Fault as fault:
                failed += 1
                wait = self._rules.retries.wait(fault, failed, self._dice)
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    def _resolve(self, keys: Iterable[str], outcome: Outcome) -> None:
        for key in list(keys):
            for future in self._waiting.pop(key, ()):
                if not future.done():
                    future.set_result(outcome)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nobody may wait for ever for a task that broke off: its error becomes everyone's."""
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        waiting, self._waiting = self._waiting, {}
        for future in (future for futures in waiting.values() for future in futures):
            if not future.done():
                future.set_exception(error)

    def _tell(self, progress: Progress) -> None:
        if self._rules.on_progress is not None:
            self._rules.on_progress(progress)

    def _failed(self, fault: Fault) -> ProviderError:
        message = f"{self._name}: batch: {fault.kind}: {fault.detail}"
        return ProviderError(self._redactor.redact_message(message), hint=fault.hint)
