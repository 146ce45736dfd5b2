"""End the holds that have run out."""

from dataclasses import dataclass, field
from uuid import UUID

import structlog

from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.batching.bounds import Bounds
from holdfast.application.booking.batching.progress import Progress
from holdfast.application.booking.batching.write import write_batch
from holdfast.application.booking.ports import BatchStore
from holdfast.application.failures import ConnectionLost, Contended
from holdfast.domain.booking.commands import Expire, Expired
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

HOLDS_MAX = 500
"""Holds that the worker ends in one transaction: short enough not to keep buyers waiting for the event's lock."""
EVENTS_MAX = 1_000
"""Events looked at in one round."""


async def expire_overdue(batcher: Batcher, event_id: UUID) -> None:
    """Record the overdue holds of one event, through its queue.

    Raises:
        Unavailable: see its `outcome`.
    """
    await batcher.submit(event_id, Expire(holds_max=HOLDS_MAX))


@dataclass(slots=True)
class Expirer:
    """Ends overdue holds of events that nobody writes to; any number of them may run.

    An event that is locked is left to whoever writes it, for a batch ends overdue holds as well. After
    `skip_seconds_max` of finding it locked, the lock is waited for; in one round for at most one event, so that a
    hundred locked ones keep no other waiting.
    """

    store: BatchStore
    bounds: Bounds
    skip_seconds_max: float = 2.0
    wait_seconds_max: float = 1.0
    _skipped_since: dict[UUID, float] = field(default_factory=dict)

    async def expire_round(self, now_seconds: float) -> int:
        """Look once at every event with overdue holds; gives how many holds were ended.

        Args:
            now_seconds: A monotonic clock, to tell how long an event has been skipped.

        Raises:
            ConnectionLost: the round is given up; the next one goes on. Whatever else fails concerns one event, is
                logged, and keeps no other event waiting.
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
                overdue_max=0,
                progress=Progress(),
                wait_seconds=self.wait_seconds_max if waits else 0.0,
            )
            if written is None:
                if waits:
                    self._skipped_since[event_id] = now_seconds  # another event's turn
                return ended
            self._skipped_since.pop(event_id, None)
            outcome = written.outcomes[0]
            if not isinstance(outcome, Expired):
                return ended
            ended += outcome.holds
            metrics.holds_expired_total.labels("worker").inc(outcome.holds)
            if not outcome.more:
                return ended
