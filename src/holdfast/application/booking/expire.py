"""Expire the holds that have run out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.batching.write import write_batch
from holdfast.application.booking.ports import BatchStore, CommitListener
from holdfast.application.failures import ConnectionLost, Contended
from holdfast.domain.booking.commands import Expire, Expired
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

HOLDS_MAX = 500
"""Holds that the worker expires in one transaction: few enough not to keep buyers waiting for the event's lock."""
EVENTS_MAX = 1_000
"""Events examined in one round."""


async def expire_overdue(batcher: Batcher, event_id: UUID) -> None:
    """Record the overdue holds of one event, through its queue.

    Raises:
        Unavailable: see its `outcome`.
    """
    await batcher.submit(event_id, Expire(holds_max=HOLDS_MAX))


@dataclass(slots=True)
class Expirer:
    """Expires the overdue holds of events that nobody is writing to. Any number of expirers may run.

    A locked event is skipped: whoever is writing it expires its overdue holds as well. Once an event has been found
    locked for `skip_seconds_max`, its lock is waited for, but only for one event per round. A hundred locked events
    would otherwise delay all the others.
    """

    store: BatchStore
    bounds: Bounds
    skip_seconds_max: float = 2.0
    wait_seconds_max: float = 1.0
    listeners: Sequence[CommitListener] = ()
    _skipped_since: dict[UUID, float] = field(default_factory=dict)

    async def expire_round(self, now_seconds: float) -> int:
        """Go once through the events with overdue holds.

        Args:
            now_seconds: The time on a monotonic clock, to measure how long an event has been skipped.

        Returns:
            The number of holds that were expired.

        Raises:
            ConnectionLost: the round is abandoned, and the next one continues. Any other failure concerns one event. It
                is logged, and the other events are still processed.
        """
        ended = 0
        event_ids = await self.store.quiet_overdue_events(EVENTS_MAX)
        self._skipped_since = {
            event_id: since for event_id, since in self._skipped_since.items() if event_id in event_ids
        }
        may_wait = True
        for event_id in event_ids:
            waits = may_wait and now_seconds - self._skipped_since.get(event_id, now_seconds) >= self.skip_seconds_max
            try:
                ended += await self._expire_one(event_id, now_seconds, waits=waits)
            except ConnectionLost:
                raise
            except Contended as failure:
                log.warning("expire_event_failed", event_id=str(event_id), error=str(failure))
            except Exception:
                log.exception("expire_event_failed", event_id=str(event_id))
            may_wait = may_wait and not waits
        return ended

    async def _expire_one(self, event_id: UUID, now_seconds: float, *, waits: bool) -> int:
        self._skipped_since.setdefault(event_id, now_seconds)
        ended = 0
        while True:
            written = await write_batch(
                self.store,
                event_id,
                [Expire(holds_max=HOLDS_MAX)],
                hold=self.bounds.hold,
                extensions=self.bounds.extensions,
                overdue_max=0,
                progress=Progress(),
                wait_seconds=self.wait_seconds_max if waits else 0.0,
            )
            if written is None:
                if waits:
                    self._skipped_since[event_id] = now_seconds  # the next round waits for another event
                return ended
            self._skipped_since.pop(event_id, None)
            if written.changes is not None:
                for listener in self.listeners:
                    listener.committed(event_id, written.changes)
            outcome = written.outcomes[0]
            if not isinstance(outcome, Expired):
                return ended
            ended += outcome.holds
            metrics.holds_expired_total.labels("worker").inc(outcome.holds)
            if not outcome.more:
                return ended
