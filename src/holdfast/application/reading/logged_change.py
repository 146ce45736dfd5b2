"""An entry of an event's log, as the read side needs it: which seats have which status after it."""

from dataclasses import dataclass
from uuid import UUID

from holdfast.domain.booking.snapshot import ChangeKind, Mark
from holdfast.domain.booking.states import SeatStatus

CODES = {SeatStatus.AVAILABLE: 0, SeatStatus.RESERVED: 1, SeatStatus.CONFIRMED: 2}
"""The two bits for a seat in `statuses`."""
KEPT_BACK = 3
"""The two bits for a free seat that a channel keeps back. Whoever does not know of channels sees a reserved seat."""

STATUS_AFTER: dict[str | None, SeatStatus] = {
    ChangeKind.RESERVED: SeatStatus.RESERVED,
    ChangeKind.CONFIRMED: SeatStatus.CONFIRMED,
    ChangeKind.CANCELLED: SeatStatus.AVAILABLE,
    ChangeKind.EXPIRED: SeatStatus.AVAILABLE,
    ChangeKind.SEATS_CHANGED: SeatStatus.RESERVED,
}
ABOUT_CHANNELS: frozenset[str | None] = frozenset(
    {
        ChangeKind.CHANNEL_CHANGED,
        ChangeKind.CHANNEL_DELETED,
        ChangeKind.CHANNEL_OPENED,
        ChangeKind.SEATS_KEPT_BACK,
        ChangeKind.SEATS_GIVEN_BACK,
    }
)
"""Changes of channels. They name the free seats that they keep back, and those that they make free for all."""
_WITHOUT_EFFECT: frozenset[str | None] = frozenset(
    {ChangeKind.EXTENDED, ChangeKind.EVENT_EDITED, ChangeKind.SEATS_ADDED}
)


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One entry of an event's log, with what the read side needs of it."""

    mark: Mark
    seat_ids: tuple[UUID, ...]
    """The seats that the reservation took, bought or gave up."""
    freed_seat_ids: tuple[UUID, ...] | None = ()
    """Other seats that are free for everybody now; None if they are not named."""
    kept_back_seat_ids: tuple[UUID, ...] | None = ()
    """Of the free seats, those that a channel keeps back now; None if they are not named."""

    @property
    def version(self) -> int:
        """The version that the entry created."""
        return self.mark.version

    def codes(self) -> list[tuple[tuple[UUID, ...], int]] | None:
        """Return the seats that have another status now, each with its code; of two for one seat the last counts.

        Return None if the entry does not say, so that the seats have to be loaded.
        """
        status = STATUS_AFTER.get(self.kind)
        if status is None and self.kind not in ABOUT_CHANNELS:
            return [] if self.kind in _WITHOUT_EFFECT else None
        if self.freed_seat_ids is None or self.kept_back_seat_ids is None:
            return None
        codes = [] if status is None else [(self.seat_ids, CODES[status])]
        if self.freed_seat_ids:
            codes.append((self.freed_seat_ids, 0))
        if self.kept_back_seat_ids:
            codes.append((self.kept_back_seat_ids, KEPT_BACK))
        return codes

    @property
    def kind(self) -> str | None:
        """A `ChangeKind`, or a kind that only a later release knows."""
        return self.mark.kind
