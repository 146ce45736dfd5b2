"""A short-lived memory of seats that were just found taken. It saves the gate and the database from hopeless requests.

It only steers a request to a read and refuses nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from holdfast.domain.booking.commands import Reserve
from holdfast.domain.booking.snapshot import Changes
from holdfast.domain.booking.states import ReservationStatus

Owner = tuple[str, str]


class TakenSeats:
    """Remembers taken seats for `memory_seconds`, at most `seats_max` of them. The owner of a claim is not steered."""

    def __init__(self, *, memory_seconds: float = 2.0, seats_max: int = 100_000) -> None:
        self._memory_seconds = memory_seconds
        self._seats_max = seats_max
        self._seats: OrderedDict[UUID, tuple[float, Owner | None]] = OrderedDict()

    def steers(self, wish: Reserve) -> bool:
        """Return whether a requested seat was found taken by another buyer a moment ago."""
        seen = [memory for seat_id in wish.seat_ids if (memory := self._seats.get(seat_id)) is not None]
        if not seen:
            return False
        now = asyncio.get_running_loop().time()
        owner = (wish.user_id, wish.idempotency_key)
        return any(until > now and holder != owner for until, holder in seen)

    def remember(self, seat_ids: tuple[UUID, ...], owner: Owner | None) -> None:
        """Record that these seats are taken."""
        self._remember([(seat_ids, owner)])

    def forget(self, seat_ids: tuple[UUID, ...]) -> None:
        """Record that these seats were found free."""
        for seat_id in seat_ids:
            self._seats.pop(seat_id, None)

    def committed(self, event_id: UUID, changes: Changes) -> None:  # noqa: ARG002 - seats' ids are unique
        """Follow a commit of this process: record the seats it took, and forget those it freed."""
        for claim in changes.claims_removed:
            self._seats.pop(claim.seat_id, None)
        self._remember(
            (reservation.seat_ids, (reservation.user_id, reservation.idempotency_key))
            for reservation in changes.created
            if reservation.status is not ReservationStatus.CANCELLED
        )
        if changes.changed:
            self._remember(
                (after.seat_ids, (after.user_id, after.idempotency_key))
                for before, after in changes.changed
                if after.seat_ids != before.seat_ids and after.status is not ReservationStatus.CANCELLED
            )

    def _remember(self, taken: Iterable[tuple[tuple[UUID, ...], Owner | None]]) -> None:
        until = asyncio.get_running_loop().time() + self._memory_seconds
        seats = self._seats
        for seat_ids, owner in taken:
            memory = (until, owner)
            for seat_id in seat_ids:
                seats[seat_id] = memory
                seats.move_to_end(seat_id)
        while len(seats) > self._seats_max:
            seats.popitem(last=False)
