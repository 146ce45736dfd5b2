"""Changes of events and charts: one transaction each, repeated until PostgreSQL has said what became of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import structlog

from holdfast.application.bulk_line import BulkLine
from holdfast.application.failures import GuardMismatch, OperationalFailure, Unavailable, told
from holdfast.application.ports import CatalogueStore, CatalogueTransaction
from holdfast.domain.errors import EventNotFound, Refusal
from holdfast.domain.event import Event
from holdfast.telemetry import context, metrics

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Written(Generic[Result]):
    """What a change has written: the version and time of its last log entry, and what the caller is told."""

    version: int
    at: datetime
    result: Result


Change: TypeAlias = Callable[[CatalogueTransaction, Event, datetime], Awaitable[Written[Result]]]
"""Changes a locked event that is not deleted, at the database's time."""


class Catalogue:
    """Changes events and charts. What was begun goes on when its caller leaves: no COMMIT is broken off."""

    def __init__(self, store: CatalogueStore, bulk_line: BulkLine) -> None:
        self._store = store
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closing = False
        self.bulk_line = bulk_line

    async def create(self, write: Callable[[CatalogueTransaction], Awaitable[Result]]) -> Result:
        """Run `write`, which makes an event under an id of its own, in a transaction and commit it.

        Args:
            write: What to do. It must converge: run again after a commit whose answer was lost, it gives the same.

        Raises:
            Unavailable: after `ATTEMPTS_MAX` attempts, or whatever else fails while a COMMIT is in doubt; `outcome`
                tells that (see `failures.told`).
        """
        return await result_of(self._begin(self._until_settled(_Creation(write), bulk=False)))

    async def change(self, event_id: UUID, change: Change[Result], *, bulk: bool = False) -> Result:
        """Run `change` on the locked event in a transaction and commit it, once.

        Raises:
            As the task of `begin_change` does.
        """
        return await result_of(self.begin_change(event_id, change, bulk=bulk))

    def begin_change(self, event_id: UUID, change: Change[Result], *, bulk: bool = False) -> "asyncio.Task[Result]":
        """Begin what `change` does; gives the task, which must be shielded from the caller's end.

        After a commit whose answer was lost, the entry in the log tells that it was made, whatever others have done to
        the event since: their work is not overwritten, and the caller is told what was true at that entry.

        Args:
            event_id: Which event.
            change: What to do.
            bulk: It may take long.

        Raises:
            EventNotFound: where there is none, or it was deleted.
            Refusal: whatever `change` raises; rolled back.
            Unavailable: after `ATTEMPTS_MAX` attempts; `outcome` tells whether a COMMIT is in doubt.
        """
        return self._begin(self._until_settled(_ChangeOfEvent(event_id, change), bulk=bulk))

    async def close(self, *, seconds_max: float) -> None:
        """Begin nothing any more, and wait for what is under way."""
        self._closing = True
        if self._under_way:
            _, left = await asyncio.wait(set(self._under_way), timeout=seconds_max)
            if left:
                log.warning("catalogue_changes_left_unsettled", changes=len(left))

    def _begin(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        if self._closing:
            work.close()
            raise Unavailable("This node is about to end.", outcome="none")
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _until_settled(self, work: "_Creation[Result] | _ChangeOfEvent[Result]", *, bulk: bool) -> Result:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                async with self._store.transaction(bulk=bulk) as transaction:
                    result = await work.run(transaction)
                    work.in_doubt = True
                    await transaction.commit()
                    context.note_stored()
                    return result
            except Refusal:
                raise
            except Exception as failure:
                if isinstance(failure, GuardMismatch):
                    metrics.guard_mismatches_total.inc()
                    log.error("guard_mismatch", error=str(failure))  # noqa: TRY400 - no traceback: it is counted
                passing = isinstance(failure, (OperationalFailure, GuardMismatch))
                if attempt == ATTEMPTS_MAX or not passing:
                    answer = told(failure, in_doubt=work.in_doubt)
                    if answer is failure:
                        raise
                    if work.in_doubt:
                        metrics.unknown_outcomes_total.inc()
                        log.warning("catalogue_change_in_doubt", exc_info=failure)
                    raise answer from failure
                log.warning("catalogue_change_resubmitted", error=str(failure))
                metrics.resubmissions_total.labels("catalogue").inc()
            await asyncio.sleep(PAUSE_SECONDS * attempt * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries
        raise AssertionError


class _Creation(Generic[Result]):
    """One attempt after the other to store something new."""

    def __init__(self, write: Callable[[CatalogueTransaction], Awaitable[Result]]) -> None:
        self._write = write
        self.in_doubt = False
        """A COMMIT was sent, and what became of it is not known."""

    async def run(self, transaction: CatalogueTransaction) -> Result:
        return await self._write(transaction)


class _ChangeOfEvent(Generic[Result]):
    """One attempt after the other to change an event."""

    def __init__(self, event_id: UUID, change: Change[Result]) -> None:
        self._event_id = event_id
        self._change = change
        self._written: Written[Result] | None = None
        self.in_doubt = False
        """A COMMIT was sent, and what became of it is not known."""

    async def run(self, transaction: CatalogueTransaction) -> Result:
        event, now = await transaction.lock_event(self._event_id)
        written = self._written
        if written is not None and await transaction.has_entry(self._event_id, written.version, written.at):
            return written.result
        self.in_doubt = False  # whoever has the lock knows that the earlier attempt is over
        if event is None or event.deleted:
            raise EventNotFound(self._event_id)
        self._written = await self._change(transaction, event, now)
        return self._written.result


async def result_of(task: "asyncio.Task[Result]") -> Result:
    """Wait for a change; it goes on when the waiting caller is cancelled."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(tell_failure)
        raise


def tell_failure(task: "asyncio.Task[Any]") -> None:
    """Log how a change failed whose caller has left."""
    if not task.cancelled() and (failure := task.exception()) is not None:
        log.warning("catalogue_change_failed", error=repr(failure))
