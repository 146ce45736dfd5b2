"""One event's seats in memory, at one version of its log."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from holdfast.application.reading.edits import NO_EDITS, Edits
from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.application.reading.logged_change import CODES, KEPT_BACK, LoggedChange
from holdfast.application.reading.seat_list import SeatList
from holdfast.domain.booking.snapshot import ChangeKind, Mark
from holdfast.domain.booking.states import SeatStatus

_STATUSES = tuple(CODES)

APPLIED_SEATS_MAX = 1_000
"""Seats of one entry that a map takes in: about three milliseconds of the event loop. It is reloaded after a larger
one, which happens in a thread."""
ID_BYTES = 16
_BASE_BYTES = 2_000
"""The size of a map without seats."""
_SEAT_BYTES = 2 * ID_BYTES + 2
"""The size of a seat without its JSON: id, holder, status, and its share of cached responses."""


class SeatTail(Protocol):
    """Writes the part of a seat's JSON that changes, as the API defines it."""

    def __call__(self, status: SeatStatus, reserved_by: str | None) -> bytes:
        """Write the seat's JSON from there to the end of the object. A reserved seat without a holder is kept back."""
        ...


class SeatMap:
    """The statuses and holders of all seats in chart order and, if wanted, the seats by number.

    `apply` takes in the log, one entry at a time. A seat takes about 35 bytes, plus its JSON if the map includes the
    list.
    """

    def __init__(
        self,
        *,
        event_id: UUID,
        mark: Mark,
        ids: bytes,
        codes: bytes,
        holders: bytes,
        tail: SeatTail,
        edits: Edits = NO_EDITS,
    ) -> None:
        """Set up the map with what was read in one snapshot.

        Args:
            event_id: The event.
            mark: The state of the event at that snapshot.
            ids: The seats' ids in chart order, 16 bytes each.
            codes: Each seat's status as one byte, in the same order.
            holders: The reservation that holds or has bought each seat, 16 bytes; zeros if the seat is free.
            tail: Writes the changing part of the seats in the list.
            edits: How often the chart had been edited.
        """
        self.event_id = event_id
        self.mark = mark
        """The state of the event that the map shows."""
        self.grown_until: Mark | None = None
        """Set while the map already contains seats that were added up to this state, but has not caught up with it
        otherwise. It must not be shown then."""
        self.overdue = False
        """When the map was last compared with the event, a hold had run out without being recorded as expired."""
        self.seats = len(codes)
        self.edits = edits
        self.available = codes.count(0)
        self.list: SeatList | None = None
        self.answers = KeptAnswers()
        """Responses built from the map, by representation."""
        self._codes = bytearray(codes)
        self._holders = bytearray(holders)
        self._tail = tail
        self._positions: array[int] | None = None
        self._ids = ids
        self._sort_ids(_split(ids))

    @property
    def version(self) -> int:
        """The event's version that the map shows."""
        return self.mark.version

    @property
    def chart_version(self) -> int:
        """The version of the event's chart."""
        return self.edits.chart_version(self.seats)

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory the map takes, including cached responses."""
        list_bytes = 0 if self.list is None else self.list.size_bytes
        return _BASE_BYTES + _SEAT_BYTES * self.seats + list_bytes

    @property
    def statuses(self) -> bytes:
        """Two bits per seat in chart order, the first seat in the lowest bits of the first byte."""
        return _packed(bytes(self._codes))

    def state(self) -> tuple[bytes, bytes]:
        """Return copies of all seats' codes and holders."""
        return bytes(self._codes), bytes(self._holders)

    def codes(self, first: int, seats: int) -> bytes:
        """Return the codes of seats that follow each other in the chart."""
        return bytes(self._codes[first : first + seats])

    def write(self, heads: Sequence[bytes], positions: Sequence[int]) -> tuple[bytes, bytes]:
        """Write seats as members of a JSON array: all of them, and only the free ones."""
        return written(heads, positions, self._codes, self._holders, self._tail)

    def positions_of(self, seat_ids: Iterable[UUID]) -> list[int]:
        """Return the positions of seats in the chart.

        Raises:
            KeyError: for a seat that is not in it.
        """
        positions = []
        for seat_id in seat_ids:
            position = self.position_of(seat_id)
            if position is None:
                raise KeyError(seat_id)
            positions.append(position)
        return positions

    def follows(self, change: LoggedChange) -> bool:
        """Return whether this is the next entry of the log, and one that the map can apply."""
        codes = change.codes()
        if change.version != self.mark.version + 1 or codes is None:
            return False
        if len(codes) > 0 and sum(len(seat_ids) for seat_ids, _ in codes) > APPLIED_SEATS_MAX:
            return False
        return not self.grown_until or change.version < self.grown_until.version or change.mark == self.grown_until

    def wants_seats(self, change: LoggedChange) -> bool:
        """Return whether an entry added seats that the map does not contain yet (see `grow`)."""
        return change.kind == ChangeKind.SEATS_ADDED and self.grown_until is None

    def apply(self, change: LoggedChange) -> bool:
        """Apply the next entry of the log; return False if the map cannot follow it."""
        if not self.follows(change) or self.wants_seats(change):
            return False
        for seat_ids, code in change.codes() or ():
            reservation_id = change.mark.reservation_id
            taken = code in (1, 2) and reservation_id is not None
            holder = reservation_id.bytes if taken and reservation_id is not None else bytes(ID_BYTES)
            try:
                positions = self.positions_of(seat_ids)
            except KeyError:
                # Added seats were read, and a failover then put others in their places.
                return False
            for position in positions:
                self.available += (code == 0) - (self._codes[position] == 0)
                self._codes[position] = code
                self._holders[ID_BYTES * position : ID_BYTES * (position + 1)] = holder
                if self.list is not None:
                    self.list.changed(position)
        self.mark = change.mark
        if self.grown_until is not None and change.version >= self.grown_until.version:
            self.grown_until = None
        return True

    def grow(self, ids: bytes, until: Mark) -> None:
        """Append seats that were added to the chart and are still free. `until` is the state they were read in."""
        count = len(ids) // ID_BYTES
        known = _split(self._ids)
        if self._positions is not None:
            by_id = known
            known = [b""] * self.seats
            for place, position in enumerate(self._positions):
                known[position] = by_id[place]
        self._codes += bytes(count)
        self._holders += bytes(len(ids))
        self.seats += count
        self.available += count
        self.grown_until = until
        self._positions = None
        self._ids = b"".join(known) + ids
        self._sort_ids(known + _split(ids))

    def _sort_ids(self, in_chart_order: list[bytes]) -> None:
        """Make the seats searchable by id.

        Ids normally rise along the chart, so there is nothing to do unless two nodes added seats.
        """
        in_order = sorted(in_chart_order)
        if in_order != in_chart_order:
            by_id = sorted(range(self.seats), key=in_chart_order.__getitem__)
            self._positions = array("I", by_id)
            self._ids = b"".join(in_order)

    def _id_at(self, place: int) -> bytes:
        return self._ids[ID_BYTES * place : ID_BYTES * (place + 1)]

    def position_of(self, seat_id: UUID) -> int | None:
        """Return the position of a seat in the chart; None if it is not in it."""
        wanted = seat_id.bytes
        place = bisect_left(range(self.seats), wanted, key=self._id_at)
        if place == self.seats or self._id_at(place) != wanted:
            return None
        return place if self._positions is None else self._positions[place]


def written(
    heads: Sequence[bytes], positions: Sequence[int], codes: Sequence[int], holders: bytes | bytearray, tail: SeatTail
) -> tuple[bytes, bytes]:
    """Write seats as members of a JSON array: all of them, and only the free ones."""
    free_tail = tail(SeatStatus.AVAILABLE, None)
    kept_back_tail = tail(SeatStatus.RESERVED, None)
    seats: list[bytes] = []
    free: list[bytes] = []
    for head, position in zip(heads, positions, strict=True):
        code = codes[position]
        if code == 0:
            seat = head + free_tail
            free.append(seat)
        elif code == KEPT_BACK:
            seat = head + kept_back_tail
        else:
            told = holders[ID_BYTES * position : ID_BYTES * (position + 1)].hex()
            holder = f"{told[:8]}-{told[8:12]}-{told[12:16]}-{told[16:20]}-{told[20:]}"
            seat = head + tail(_STATUSES[code], holder)
        seats.append(seat)
    whole = b",".join(seats)
    return whole, (whole if len(free) == len(seats) else b",".join(free))


def _split(ids: bytes) -> list[bytes]:
    return [ids[start : start + ID_BYTES] for start in range(0, len(ids), ID_BYTES)]


def _packed(codes: bytes) -> bytes:
    """Pack four codes into each byte, without a loop: each quarter of the codes is treated as one large number."""
    padded = codes + bytes(-len(codes) % 4)
    packed = 0
    for place in range(4):
        packed |= int.from_bytes(padded[place::4], "little") << 2 * place
    return packed.to_bytes(len(padded) // 4, "little")
