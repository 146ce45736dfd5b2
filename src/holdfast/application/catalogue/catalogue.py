"""Changes of events and charts. Each is one transaction, repeated until PostgreSQL has given a definite answer."""

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
from holdfast.application.catalogue.ports import CatalogueStore, CatalogueTransaction, EventReads, SeatSearch
from holdfast.application.failures import ClientOutcome, GuardMismatch, OperationalFailure, Unavailable, told
from holdfast.application.identifiers import CellIds
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.refusal import Refusal
from holdfast.telemetry import context, metrics

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.1
_ENDING = "This node is shutting down."


class AbandonedError(Unavailable):
    """The caller left before its turn came; nothing was done."""


@dataclass(frozen=True, slots=True)
class Written(Generic[Result]):
    """What a change has written: the version and time of its last log entry, and the result for the caller."""

    version: int
    at: datetime
    result: Result


Change: TypeAlias = Callable[[CatalogueTransaction, Event, datetime], Awaitable[Written[Result]]]
"""Changes a locked event that is neither deleted nor archived, at the database's time."""


class Catalogue:
    """Changes events and charts. A COMMIT is never cancelled.

    If the caller leaves before the event is locked for its change, nothing is done. A change that has begun is
    finished.
    """

    def __init__(
        self,
        store: CatalogueStore,
        reads: EventReads,
        seat_search: SeatSearch,
        bulk_line: BulkLine,
        ids: CellIds,
    ) -> None:
        self._store = store
        self.reads = reads
        self.seat_search = seat_search
        self._under_way: set[UnderWay[Any]] = set()
        self._closing = False
        self.bulk_line = bulk_line
        self.ids = ids

    async def create(self, write: Callable[[CatalogueTransaction], Awaitable[Result]]) -> Result:
        """Run `write` in a transaction and commit it. `write` creates an event under an id of its own.

        Args:
            write: Makes the event. It must converge: when run again after a commit whose answer was lost, it returns
                the same result.

        Raises:
            Unavailable: after `ATTEMPTS_MAX` failed attempts, or after any other failure while a COMMIT is in doubt;
                see its `outcome` (and `failures.told`).
        """
        return await self._begin(_Creation(write), bulk=False).result()

    async def change(self, event_id: UUID, change: Change[Result], *, bulk: bool = False) -> Result:
        """Run `change` on the locked event in a transaction, and commit it exactly once.

        Raises:
            Whatever the result of `begin_change` raises.
        """
        return await self.begin_change(event_id, change, bulk=bulk).result()

    def begin_change(self, event_id: UUID, change: Change[Result], *, bulk: bool = False) -> "UnderWay[Result]":
        """Start a change.

        If a commit's answer was lost, the log entry shows whether the change was made, whatever others have done to the
        event since. Their work is not overwritten, and the caller gets the result as of that entry.

        Args:
            event_id: The event.
            change: The change to make.
            bulk: Whether it may take long.

        Raises:
            EventNotFound: if there is no such event, or it was deleted.
            EventArchived: if it was archived.
            Refusal: whatever `change` raises; it is rolled back.
            Unavailable: after `ATTEMPTS_MAX` failed attempts; `outcome` says whether a COMMIT is in doubt.
        """
        return self._begin(_ChangeOfEvent(event_id, change), bulk=bulk)

    def give_up(self) -> None:
        """Answer everyone who is waiting, because the node is shutting down. COMMITs that were sent still finish."""
        self._closing = True
        self.bulk_line.give_up()
        for under_way in tuple(self._under_way):
            under_way.give_up()

    async def close(self, *, seconds_max: float) -> None:
        """Accept no more changes, and wait for those under way."""
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
    """One attempt after another to store something."""

    def __init__(self) -> None:
        self.in_doubt = False
        """A COMMIT was sent, and its result is unknown."""
        self.wanted = True
        """Its caller is waiting for it."""
        self.given_up = False
        """Its caller has been told that the node is shutting down, so no COMMIT may be sent any more."""

    @abstractmethod
    async def run(self, transaction: CatalogueTransaction) -> Result:
        """Do everything except the COMMIT."""

    def about_to_commit(self) -> None:
        """Record that a COMMIT is about to be sent.

        Raises:
            Unavailable: if the caller has already been told that nothing happened.
        """
        if self.given_up:
            raise Unavailable(_ENDING, outcome="unknown" if self.in_doubt else "none")
        self.in_doubt = True

    def require_wanted(self) -> None:
        """Check that someone still waits for the change now that its turn has come.

        A change that may already be stored is finished in any case.

        Raises:
            AbandonedError: if nobody waits for it.
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
        if event is not None and event.archived and self.in_doubt:
            raise Unavailable("The event was archived before the outcome was known.", outcome="unknown")
        self.in_doubt = False  # the lock proves that the earlier attempt is over
        self.require_wanted()
        if event is None or event.deleted:
            raise EventNotFound(self._event_id)
        if event.archived:
            raise EventArchived(self._event_id).at(event.version)
        self._written = await self._change(transaction, event, now)
        return self._written.result


class UnderWay(Generic[Result]):
    """A change that has been started. Its task must not be cancelled."""

    def __init__(self, work: _Work[Result], task: "asyncio.Task[Result]") -> None:
        self._work = work
        self.task = task
        self._told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        task.add_done_callback(self._tell)

    async def result(self) -> Result:
        """Wait for the caller's result. A caller that is cancelled while waiting leaves."""
        try:
            return await asyncio.shield(self._told)
        except asyncio.CancelledError:
            self.leave()
            raise

    def leave(self) -> None:
        """The caller has gone: do not start the change. If its turn has come, finish it."""
        self._work.wanted = False
        if not self._told.cancel() and not self._told.cancelled():
            self._told.exception()  # marks it as retrieved

    def give_up(self) -> None:
        """Tell the caller that the node is shutting down."""
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
