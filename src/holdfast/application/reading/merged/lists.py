"""The lists of all cells as one, for whoever names no event."""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from holdfast.application.cells.merging import MergedList, Stride
from holdfast.application.cells.view import View
from holdfast.application.reading.merged.keys import Key, ListKeys
from holdfast.application.reading.ports import Reads, SeatOfEvent
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.event import Event


class MergedReads:
    """`Reads` over several cells. What an id names is read in its cell, and lists are sorted as in a single one."""

    def __init__(self, cells: View[Reads], keys: View[ListKeys]) -> None:
        """Take two views of the same cells."""
        self._cells = cells
        self._keys = keys

    async def event(self, event_id: UUID) -> Event | None:
        """Find an event."""
        return await self._cells.first(event_id, lambda reads: reads.event(event_id))

    async def seat(self, seat_id: UUID) -> SeatOfEvent | None:
        """Find a seat as it is now."""
        return await self._cells.first(seat_id, lambda reads: reads.seat(seat_id))

    async def reservation(self, reservation_id: UUID, user_id: str) -> tuple[Reservation, int] | None:
        """Find the caller's reservation, and its event's version."""
        return await self._cells.first(reservation_id, lambda reads: reads.reservation(reservation_id, user_id))

    async def archived_reservation(self, reservation_id: UUID) -> ArchivedReservation | None:
        """Find a reservation that is in an archive."""
        return await self._cells.first(reservation_id, lambda reads: reads.archived_reservation(reservation_id))

    async def events(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[Event]:
        """List events, newest first."""

        def of(reads: Reads) -> Callable[..., Awaitable[list[Event]]]:
            return lambda *, limit, offset: reads.events(limit=limit, offset=offset, drafts_of=drafts_of)

        return await MergedList(
            self._cells, of, self._keys, lambda keys, stride: keys.events(stride, drafts_of=drafts_of), _newest
        ).page(limit=limit, offset=offset)

    async def events_of(self, organiser_ids: AbstractSet[UUID], *, limit: int, offset: int) -> list[Event]:
        """List the events of some organisers, newest first."""

        def of(reads: Reads) -> Callable[..., Awaitable[list[Event]]]:
            return lambda *, limit, offset: reads.events_of(organiser_ids, limit=limit, offset=offset)

        return await MergedList(
            self._cells, of, self._keys, lambda keys, stride: keys.events_of(stride, organiser_ids), _newest
        ).page(limit=limit, offset=offset)

    async def event_stamps(
        self, *, limit: int, offset: int, drafts_of: AbstractSet[UUID] | None = frozenset()
    ) -> list[tuple[UUID, datetime]]:
        """List the same events by id, with the time of the last edit of each."""
        events = await self.events(limit=limit, offset=offset, drafts_of=drafts_of)
        return [(event.id, event.updated_at) for event in events]

    async def reservations(self, user_id: str, *, limit: int, offset: int) -> list[Reservation]:
        """List the caller's reservations, newest first."""

        def of(reads: Reads) -> Callable[..., Awaitable[list[Reservation]]]:
            return lambda *, limit, offset: reads.reservations(user_id, limit=limit, offset=offset)

        return await MergedList(
            self._cells, of, self._keys, lambda keys, stride: keys.reservations(stride, user_id), _newest
        ).page(limit=limit, offset=offset)

    async def reservations_at(
        self, organiser_ids: AbstractSet[UUID], user_id: str, *, limit: int, offset: int
    ) -> list[Reservation]:
        """List a user's reservations of these organisers' events, newest first."""

        def of(reads: Reads) -> Callable[..., Awaitable[list[Reservation]]]:
            return lambda *, limit, offset: reads.reservations_at(organiser_ids, user_id, limit=limit, offset=offset)

        def keys(keys: ListKeys, stride: Stride) -> Awaitable[Sequence[Key]]:
            return keys.reservations_at(stride, organiser_ids, user_id)

        return await MergedList(self._cells, of, self._keys, keys, _newest).page(limit=limit, offset=offset)


def _newest(one: Event | Reservation) -> Key:
    return one.created_at, one.id
