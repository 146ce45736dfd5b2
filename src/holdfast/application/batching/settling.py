"""Settling: batches are written, whatever that takes, and their tickets answered."""

import asyncio
from collections.abc import Sequence

import structlog

from holdfast.application.batching.batch import Batch
from holdfast.application.batching.bounds import Bounds
from holdfast.application.batching.persistence import OBSTRUCTED_TRIES_MAX, persist
from holdfast.application.batching.write import Written, write_together
from holdfast.application.failures import Unavailable
from holdfast.application.ports import BatchStore, CommitListener
from holdfast.domain.snapshot import ChangeKind, Changes
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

_holds_expired = metrics.holds_expired_total.labels("batch")


class Settler:
    """Writes batches. What fails is tried in smaller parts, so that only the culprit bears its failure."""

    def __init__(self, store: BatchStore, bounds: Bounds, listeners: Sequence[CommitListener]) -> None:
        self._store = store
        self._bounds = bounds
        self._listeners = listeners
        self.under_way: set[Batch] = set()
        """Batches whose tickets wait for a transaction."""

    async def settle_together(self, batches: Sequence[Batch]) -> list[Batch]:
        """Write batches of several events and answer their tickets; gives those that must be written alone."""
        try:
            written = await write_together(
                self._store,
                {batch.event_id: batch.commands for batch in batches},
                hold=self._bounds.hold,
                overdue_max=self._bounds.overdue_max,
                progress={batch.event_id: batch.progress for batch in batches},
            )
        except Exception as failure:  # noqa: BLE001 - one event must not fail the rest
            log.warning("batches_rerun_alone", events=len(batches), error=repr(failure))
            return list(batches)
        if written:
            metrics.batches_total.inc()
        left = [batch for batch in batches if batch.event_id not in written]
        for batch in batches:
            if batch.event_id in written:
                try:
                    self._answer(batch, written[batch.event_id])
                except Exception:
                    log.exception("batch_not_answered", event_id=str(batch.event_id))
                    left.append(batch)  # submitted again it finds its own effect
        return left

    async def settle(self, batch: Batch) -> None:
        """Write one batch and answer its tickets, whatever happens."""
        if batch.singles is None:
            try:
                await self._persist(batch, deadline=batch.deadline, obstructed_tries_max=OBSTRUCTED_TRIES_MAX)
            except Exception as failure:  # noqa: BLE001 - one command must not fail the rest
                if isinstance(failure, Unavailable) or len(batch.tickets) == 1:
                    batch.fail(failure)
                else:
                    self._divide(batch, failure)
        while batch.singles:
            single = batch.singles[0]
            try:
                await self._persist(single, deadline=batch.deadline, obstructed_tries_max=1)
            except Exception as failure:  # noqa: BLE001 - it goes to the caller
                single.fail(failure)
            batch.singles.popleft()

    def _divide(self, batch: Batch, failure: Exception) -> None:
        """Have a failed batch rerun once as single commands, so that only the culprit bears its failure."""
        commands = len(batch.tickets)
        log.warning("batch_rerun_singly", event_id=str(batch.event_id), commands=commands, error=repr(failure))
        batch.divide(deadline=asyncio.get_running_loop().time() + self._bounds.batch_seconds_max)

    async def _persist(self, batch: Batch, *, deadline: float, obstructed_tries_max: int) -> None:
        written = await persist(
            self._store,
            batch.event_id,
            batch.commands,
            bounds=self._bounds,
            progress=batch.progress,
            deadline=deadline,
            obstructed_tries_max=obstructed_tries_max,
        )
        metrics.batches_total.inc()
        self._answer(batch, written)

    def _answer(self, batch: Batch, written: Written) -> None:
        if written.changes is not None:
            _count_expired(written.changes)
            for listener in self._listeners:
                try:
                    listener.committed(batch.event_id, written.changes)
                except Exception:  # it is stored: whoever did not take note of it reads it later
                    log.exception("commit_listener_failed", event_id=str(batch.event_id))
        batch.answer(written.outcomes)


def _count_expired(changes: Changes) -> None:
    expired = sum(entry.kind is ChangeKind.EXPIRED for entry in changes.log)
    if expired:
        _holds_expired.inc(expired)
