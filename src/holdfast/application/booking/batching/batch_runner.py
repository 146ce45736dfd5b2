"""Writes batches, retrying as needed, and answers their tickets."""

import asyncio
from collections.abc import Sequence

import structlog

from holdfast.application.booking.batching.batch import Batch
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.persistence import OBSTRUCTED_TRIES_MAX, persist
from holdfast.application.booking.batching.write import Written, write_together
from holdfast.application.booking.ports import BatchStore, CommitListener
from holdfast.application.booking.seatings.seatings import Seatings
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.snapshot import ChangeKind, Changes
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

_holds_expired = metrics.holds_expired_total.labels("batch")


class BatchRunner:
    """Writes batches. A batch that fails is retried in smaller parts, so that only the command at fault is refused."""

    def __init__(
        self, store: BatchStore, bounds: Bounds, listeners: Sequence[CommitListener], seatings: Seatings | None = None
    ) -> None:
        self._seatings = seatings
        self._store = store
        self._bounds = bounds
        self._listeners = listeners
        self.under_way: set[Batch] = set()
        """Batches that are being written or waiting for their event's lock."""

    async def run_together(self, batches: Sequence[Batch]) -> tuple[list[Batch], list[Batch]]:
        """Write batches of several events and answer their tickets.

        Returns:
            The batches whose events another session has locked, and the failed batches, which must be written alone.
        """
        try:
            written = await write_together(
                self._store,
                {batch.event_id: batch.commands for batch in batches},
                hold=self._bounds.hold,
                extensions=self._bounds.extensions,
                overdue_max=self._bounds.overdue_max,
                progress={batch.event_id: batch.progress for batch in batches},
                seatings=self._seatings,
            )
        except Exception as failure:  # noqa: BLE001 - one event must not fail the others
            log.warning("batches_rerun_alone", events=len(batches), error=repr(failure))
            return [], list(batches)
        if written:
            metrics.batches_total.inc()
        locked = [batch for batch in batches if batch.event_id not in written]
        failed: list[Batch] = []
        for batch in batches:
            if batch.event_id in written:
                try:
                    self._answer(batch, written[batch.event_id])
                except Exception:
                    log.exception("batch_not_answered", event_id=str(batch.event_id))
                    failed.append(batch)  # the rerun finds what it has already stored, and answers from that
        return locked, failed

    async def run(self, batch: Batch, *, wait_seconds: float) -> bool:
        """Write one batch and answer its tickets, whatever happens.

        Returns False if another session still holds the event's lock.

        Args:
            batch: The batch. It may have been tried before.
            wait_seconds: How long to wait for the event's lock.
        """
        if batch.singles is None:
            try:
                return await self._persist(batch, wait_seconds, obstructed_tries_max=OBSTRUCTED_TRIES_MAX)
            except Exception as failure:  # noqa: BLE001 - one command must not fail the others
                if isinstance(failure, Unavailable) or len(batch.tickets) == 1:
                    batch.fail(failure)
                    return True
                self._divide(batch, failure)
        assert batch.singles is not None
        while batch.singles:
            single = batch.singles[0]
            try:
                if not await self._persist(single, wait_seconds, obstructed_tries_max=1, deadline=batch.deadline):
                    return False
            except Exception as failure:  # noqa: BLE001 - it goes to the caller
                single.fail(failure)
            batch.singles.popleft()
        return True

    def _divide(self, batch: Batch, failure: Exception) -> None:
        """Have a failed batch rerun as single commands, so that only the command at fault is refused."""
        commands = len(batch.tickets)
        log.warning("batch_rerun_singly", event_id=str(batch.event_id), commands=commands, error=repr(failure))
        batch.divide(deadline=asyncio.get_running_loop().time() + self._bounds.batch_seconds_max)

    async def _persist(
        self, batch: Batch, wait_seconds: float, *, obstructed_tries_max: int, deadline: float | None = None
    ) -> bool:
        written = await persist(
            self._store,
            batch.event_id,
            batch.commands,
            bounds=self._bounds,
            progress=batch.progress,
            deadline=batch.deadline if deadline is None else deadline,
            wait_seconds=wait_seconds,
            obstructed_tries_max=obstructed_tries_max,
            seatings=self._seatings,
        )
        if written is None:
            return False
        metrics.batches_total.inc()
        self._answer(batch, written)
        return True

    def _answer(self, batch: Batch, written: Written) -> None:
        if written.changes is not None:
            _count_expired(written.changes)
            for listener in self._listeners:
                try:
                    listener.committed(batch.event_id, written.changes)
                except Exception:  # the batch is stored, and the listener will read it later
                    log.exception("commit_listener_failed", event_id=str(batch.event_id))
        batch.answer(written.outcomes)


def _count_expired(changes: Changes) -> None:
    expired = sum(entry.kind is ChangeKind.EXPIRED for entry in changes.log)
    if expired:
        _holds_expired.inc(expired)
