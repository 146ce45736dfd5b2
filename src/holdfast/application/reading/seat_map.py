"""One event's seats in memory, at one version of its log."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol
from uuid import UUID

from holdfast.domain.seat import Seat
from holdfast.domain.snapshot import ChangeKind, Mark
from holdfast.domain.states import SeatStatus

CODES = {SeatStatus.AVAILABLE: 0, SeatStatus.RESERVED: 1, SeatStatus.CONFIRMED: 2}
"""The two bits of a seat in `statuses`; 3 is not used."""

STATUS_AFTER: dict[str | None, SeatStatus] = {
    ChangeKind.RESERVED: SeatStatus.RESERVED,
    ChangeKind.CONFIRMED: SeatStatus.CONFIRMED,
    ChangeKind.CANCELLED: SeatStatus.AVAILABLE,
    ChangeKind.EXPIRED: SeatStatus.AVAILABLE,
}
_FOLLOWED: frozenset[str | None] = frozenset({*STATUS_AFTER, ChangeKind.EVENT_EDITED})
"""Changes that a map takes in; upon any other, also one that a later release made, it is loaded anew."""
_ID_BYTES = 16


class SeatJson(Protocol):
    """How the API writes a seat: the part that never changes, and the part that does."""

    def head(self, seat: Seat) -> bytes:
        """Write what never changes."""
        ...

    def tail(self, status: SeatStatus, reserved_by: UUID | None) -> bytes:
        """Write what changes; head and tail together are the seat's JSON object."""
        ...


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One entry of an event's log, as the read side follows it."""

    mark: Mark
    seat_ids: tuple[UUID, ...]

    @property
    def version(self) -> int:
        """The version that it made."""
        return self.mark.version

    @property
    def kind(self) -> str | None:
        """A `ChangeKind`, or one that a later release made."""
        return self.mark.kind


class SeatMap:
    """Statuses of all seats in chart order, and their JSON in the order of their numbers.

    Made empty and filled with `add`, then moved on by `apply`, one log entry at a time. A seat costs about 20 bytes,
    and its JSON as well where the map keeps that.
    """

    def __init__(self, *, event_id: UUID, mark: Mark, seats: int, json: SeatJson | None) -> None:
        self.event_id = event_id
        self.mark = mark
        """Which state it shows."""
        self.seats = seats
        """Also the version of the chart, to which seats are only ever appended."""
        self.available = seats
        self.overdue = False
        """When it was last held against the event, a hold had run out and was not recorded as expired."""
        self.expiry_asked_at = 0.0
        """When an expiry of its overdue holds was last asked for, on the event loop's clock."""
        self._ids = bytearray(_ID_BYTES * seats)
        self._positions: array[int] | None = None
        self._statuses = bytearray((seats + 3) // 4)
        self._json = json
        self._heads: list[bytes] = []
        self._encoded: list[bytes] = []
        self._places = array("I", bytes(4 * seats if json else 0))
        self._list: bytes | None = None
        self._available_list: bytes | None = None

    def add(self, position: int, seat: Seat) -> None:
        """Take in a seat of the chart; seats come in the order of their numbers."""
        self._ids[_ID_BYTES * position : _ID_BYTES * (position + 1)] = seat.id.bytes
        if self._json is not None:
            self._places[position] = len(self._encoded)
            self._heads.append(self._json.head(seat))
            self._encoded.append(self._heads[-1] + self._json.tail(seat.status, seat.reserved_by))
        if seat.status is not SeatStatus.AVAILABLE:
            self._set(position, seat.status, seat.reserved_by)

    def complete(self) -> None:
        """Make the seats findable by id, once all are in."""
        in_chart_order = [self._id_at(place) for place in range(self.seats)]
        if all(before < after for before, after in pairwise(in_chart_order)):
            return
        by_id = sorted(range(self.seats), key=in_chart_order.__getitem__)
        self._positions = array("I", by_id)
        self._ids = bytearray(b"".join(in_chart_order[position] for position in by_id))

    @property
    def version(self) -> int:
        """The version of the event that it shows."""
        return self.mark.version

    @property
    def size_bytes(self) -> int:
        """About how much memory the map takes, its cached answers included."""
        size = len(self._ids) + len(self._statuses) + 8 * self.seats
        size += 2 * sum(map(len, self._encoded)) + 90 * len(self._encoded)
        return size + len(self._list or b"") + len(self._available_list or b"")

    @property
    def statuses(self) -> bytes:
        """Two bits a seat in chart order, the first seat in the lowest bits of the first byte."""
        return bytes(self._statuses)

    @property
    def keeps_json(self) -> bool:
        """Whether the map can give the seat lists."""
        return self._json is not None

    def seat_list(self) -> bytes:
        """Give all seats by number as a JSON array."""
        if self._list is None:
            self._list = b"[" + b",".join(self._encoded) + b"]"
        return self._list

    def available_list(self) -> bytes:
        """Give the available seats by number as a JSON array."""
        assert self._json is not None
        if self._available_list is None:
            free_tail = self._json.tail(SeatStatus.AVAILABLE, None)
            self._available_list = b"[" + b",".join([seat for seat in self._encoded if seat.endswith(free_tail)]) + b"]"
        return self._available_list

    def positions_of(self, seat_ids: Iterable[UUID]) -> list[int]:
        """Find the places of seats in the chart.

        Raises:
            KeyError: for a seat that is not on it.
        """
        return [self._position_of(seat_id) for seat_id in seat_ids]

    def apply(self, change: LoggedChange) -> bool:
        """Take in the next entry of the log; False where the map cannot follow and must be loaded anew."""
        if change.version != self.version + 1 or change.kind not in _FOLLOWED:
            return False
        status = STATUS_AFTER.get(change.kind)
        if status is not None:
            holder = None if status is SeatStatus.AVAILABLE else change.mark.reservation_id
            for position in self.positions_of(change.seat_ids):
                self._set(position, status, holder)
            self._list = self._available_list = None
        self.mark = change.mark
        return True

    def _set(self, position: int, status: SeatStatus, holder: UUID | None) -> None:
        place, shift = position >> 2, 2 * (position & 3)
        byte, code = self._statuses[place], CODES[status]
        self.available += (code == 0) - (byte >> shift & 3 == 0)
        self._statuses[place] = byte & ~(3 << shift) | code << shift
        if self._json is not None:
            at = self._places[position]
            self._encoded[at] = self._heads[at] + self._json.tail(status, holder)

    def _id_at(self, place: int) -> bytes:
        return bytes(self._ids[_ID_BYTES * place : _ID_BYTES * (place + 1)])

    def _position_of(self, seat_id: UUID) -> int:
        wanted = seat_id.bytes
        place = bisect_left(range(self.seats), wanted, key=self._id_at)
        if place == self.seats or self._id_at(place) != wanted:
            raise KeyError(seat_id)
        return place if self._positions is None else self._positions[place]
