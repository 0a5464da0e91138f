"""Makes many small writes durable together: what waits while the disk is busy goes in one step.

First the objects go into ``code.git``, then the records that name them into the journal: a record never names
an object that is not there.
"""

import asyncio
from dataclasses import dataclass

from orchestrator.journal import JournalWriter, Record
from sandbox.batch import Batch
from sandbox.workspace import Workspace

# So many records are worth a step of their own; more would only keep those that wait.
_ENOUGH = 64


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: Record
    batch: Batch | None
    done: "asyncio.Future[int]"


class GroupCommit:
    """The one door to a run's journal and repository while samples run side by side."""

    def __init__(self, journal: JournalWriter, workspace: Workspace) -> None:
        self._journal = journal
        self._workspace = workspace
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, record: Record, batch: Batch | None = None) -> int:
        """Keep a record and the objects that it names; returns where the record begins in the journal.

        All of it is on the disk when this returns. Raises StoreError where it is not.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(record, batch, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await done

    async def settle(self) -> None:
        """Wait until everything that was put is written, also by those who no longer wait for it."""
        while self._writing is not None and not self._writing.done():
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            await self._gather()
            group, self._waiting = self._waiting, []
            try:
                offsets = await asyncio.to_thread(self._write_group, group)
            except BaseException as error:
                for waiting in group:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for waiting, offset in zip(group, offsets, strict=True):
                    if not waiting.done.done():
                        waiting.done.set_result(offset)

    async def _gather(self) -> None:
        """Let others add what they are about to, for as long as each turn of the loop brings more."""
        before = 0
        while before < len(self._waiting) < _ENOUGH:
            before = len(self._waiting)
            await asyncio.sleep(0)

    def _write_group(self, group: list[_Waiting]) -> list[int]:
        batches = [waiting.batch for waiting in group if waiting.batch is not None]
        if batches:
            self._workspace.write(batches)
        return self._journal.append([waiting.record for waiting in group])
