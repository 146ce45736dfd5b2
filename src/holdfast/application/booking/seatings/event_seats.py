"""The free seats of one event at one version of its log."""

from collections.abc import Sequence
from uuid import UUID

from holdfast.application.booking.ports import LoggedStep
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.snapshot import ChangeKind, Mark

TAKING: frozenset[str | None] = frozenset({ChangeKind.RESERVED, ChangeKind.SEATS_CHANGED})
FREEING: frozenset[str | None] = frozenset({ChangeKind.CANCELLED, ChangeKind.EXPIRED})
FOLLOWED = TAKING | FREEING | {ChangeKind.CONFIRMED, ChangeKind.EXTENDED, ChangeKind.EVENT_EDITED}
"""After an entry of any other kind (other seats, prices or channels, or a kind that a later release writes) the seats
are loaded again."""


class EventSeats:
    """The free seats, and the state of the event that they show."""

    def __init__(self, event_id: UUID, mark: Mark, free: FreeSeats) -> None:
        self.event_id = event_id
        self.mark = mark
        self.free = free

    def follow(self, steps: Sequence[LoggedStep]) -> bool:
        """Apply the entries of the log that come next. If it returns False, the seats are of no use any more."""
        return all(self._apply(step) for step in steps)

    def _apply(self, step: LoggedStep) -> bool:
        kind = step.mark.kind
        if step.mark.version != self.mark.version + 1 or kind not in FOLLOWED:
            return False
        known = True
        if kind in TAKING or kind in FREEING:
            for seat_id in step.freed_seat_ids:
                known = known and self.free.change(seat_id, free=True)
            for seat_id in step.seat_ids:
                known = known and self.free.change(seat_id, free=kind in FREEING)
        self.mark = step.mark
        return known
