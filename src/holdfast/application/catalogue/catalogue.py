"""Changes of events and charts: one transaction each, repeated until PostgreSQL has said what became of it."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import structlog

from holdfast.application.catalogue.bulk_line import BulkLine
from holdfast.application.catalogue.ports import CatalogueStore, CatalogueTransaction, EventReads
from holdfast.application.failures import ClientOutcome, GuardMismatch, OperationalFailure, Unavailable, told
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.refusal import Refusal
from holdfast.telemetry import context, metrics

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.1
_ENDING = "This node is about to end."


class AbandonedError(Unavailable):
    """Nobody waited for a change any more when its turn came; nothing was done."""


@dataclass(frozen=True, slots=True)
class Written(Generic[Result]):
    """What a change has written: the version and time of its last log entry, and what the caller is told."""

    version: int
    at: datetime
    result: Result


Change: TypeAlias = Callable[[CatalogueTransaction, Event, datetime], Awaitable[Written[Result]]]
"""Changes a locked event that is not deleted, at the database's time."""


class Catalogue:
    """Changes events and charts; no COMMIT is broken off.

    A change whose caller leaves before the event is locked for it is not made; one that has begun goes on.
    """

    def __init__(self, store: CatalogueStore, reads: EventReads, bulk_line: BulkLine) -> None:
        self._store = store
        self.reads = reads
        self._under_way: set[UnderWay[Any]] = set()
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
        return await self._begin(_Creation(write), bulk=False).result()

    async def change(self, event_id: UUID, change: Change[Result], *, bulk: bool = False) -> Result:
        """Run `change` on the locked event in a transaction and commit it, once.

        Raises:
            As the result of `begin_change` does.
        """
        return await self.begin_change(event_id, change, bulk=bulk).result()

    def begin_change(self, event_id: UUID, change: Change[Result], *, bulk: bool = False) -> "UnderWay[Result]":
        """Begin what `change` does.

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
        return self._begin(_ChangeOfEvent(event_id, change), bulk=bulk)

    def give_up(self) -> None:
        """Have everybody who waits told at once that the node ends; only COMMITs that were sent go on."""
        self._closing = True
        self.bulk_line.give_up()
        for under_way in tuple(self._under_way):
            under_way.give_up()

    async def close(self, *, seconds_max: float) -> None:
        """Begin nothing any more, and wait for what is under way."""
        self._closing = True
        if self._under_way:
            tasks = {under_way.task for under_way in self._under_way}
            _, left = await asyncio.wait(tasks, timeout=seconds_max)
            if left:
                log.warning("catalogue_changes_left_unsettled", changes=len(left))

    def _begin(self, work: "_Work[Result]", *, bulk: bool) -> "UnderWay[Result]":
        if self._closing:
            raise Unavailable(_ENDING, outcome="none")
        under_way = UnderWay(work, asyncio.create_task(self._until_settled(work, bulk=bulk)))
        self._under_way.add(under_way)
        under_way.task.add_done_callback(lambda _: self._under_way.discard(under_way))
        return under_way

    async def _until_settled(self, work: "_Work[Result]", *, bulk: bool) -> Result:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                async with self._store.transaction(bulk=bulk) as transaction:
                    result = await work.run(transaction)
                    work.about_to_commit()
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


class _Work(ABC, Generic[Result]):
    """One attempt after the other to store something."""

    def __init__(self) -> None:
        self.in_doubt = False
        """A COMMIT was sent, and what became of it is not known."""
        self.wanted = True
        """Its caller waits for it."""
        self.given_up = False
        """Its caller was told that the node ends: no COMMIT is sent any more."""

    @abstractmethod
    async def run(self, transaction: CatalogueTransaction) -> Result:
        """Do all but the COMMIT."""

    def about_to_commit(self) -> None:
        """Note that a COMMIT goes out now, unless its caller was told that nothing happens.

        Raises:
            Unavailable: that was told.
        """
        if self.given_up:
            raise Unavailable(_ENDING, outcome="unknown" if self.in_doubt else "none")
        self.in_doubt = True

    def require_wanted(self) -> None:
        """See that somebody waits for it now that its turn has come; what may be stored already is finished.

        Raises:
            AbandonedError: nobody does.
        """
        if not self.wanted and not self.in_doubt:
            metrics.commands_abandoned_total.inc()
            raise AbandonedError("The caller left before the turn of the request had come.", outcome="none")


class _Creation(_Work[Result]):
    def __init__(self, write: Callable[[CatalogueTransaction], Awaitable[Result]]) -> None:
        super().__init__()
        self._write = write

    async def run(self, transaction: CatalogueTransaction) -> Result:
        self.require_wanted()
        return await self._write(transaction)


class _ChangeOfEvent(_Work[Result]):
    def __init__(self, event_id: UUID, change: Change[Result]) -> None:
        super().__init__()
        self._event_id = event_id
        self._change = change
        self._written: Written[Result] | None = None

    async def run(self, transaction: CatalogueTransaction) -> Result:
        event, now = await transaction.lock_event(self._event_id)
        written = self._written
        if written is not None and await transaction.has_entry(self._event_id, written.version, written.at):
            return written.result
        self.in_doubt = False  # whoever has the lock knows that the earlier attempt is over
        self.require_wanted()
        if event is None or event.deleted:
            raise EventNotFound(self._event_id)
        self._written = await self._change(transaction, event, now)
        return self._written.result


class UnderWay(Generic[Result]):
    """A change that was begun; its task is not to be cancelled."""

    def __init__(self, work: _Work[Result], task: "asyncio.Task[Result]") -> None:
        self._work = work
        self.task = task
        self._told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        task.add_done_callback(self._tell)

    async def result(self) -> Result:
        """Wait for what is told to the caller. A caller who is cancelled leaves."""
        try:
            return await asyncio.shield(self._told)
        except asyncio.CancelledError:
            self.leave()
            raise

    def leave(self) -> None:
        """Its caller has gone: it is not begun any more, and goes on where its turn had come."""
        self._work.wanted = False
        if not self._told.cancel() and not self._told.cancelled():
            self._told.exception()  # nobody else will look

    def give_up(self) -> None:
        """Tell the caller that the node ends."""
        self._work.given_up = True
        if not self._told.done():
            outcome: ClientOutcome = "unknown" if self._work.in_doubt else "none"
            self._told.set_exception(Unavailable(_ENDING, outcome=outcome))

    def _tell(self, task: "asyncio.Task[Result]") -> None:
        failure = None if task.cancelled() else task.exception()
        if self._told.done():
            if failure is not None and not isinstance(failure, AbandonedError):
                log.warning("catalogue_change_failed", error=repr(failure))
        elif task.cancelled():
            self._told.cancel()
        elif failure is not None:
            self._told.set_exception(failure)
        else:
            self._told.set_result(task.result())
