"""Finds a reservation's event and user, which confirm and cancel need to know before they can queue."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from holdfast.application.booking.ports import BatchStore
from holdfast.application.coalescer import Coalescer
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.catalogue.refusals import EventArchived

Owner = tuple[UUID, str]


class ReservationDirectory:
    """Looks up the event and the user of a reservation. Neither ever changes, so results are cached."""

    def __init__(self, store: BatchStore, *, remembered_max: int = 50_000) -> None:
        self._store = store
        self._remembered: OrderedDict[UUID, Owner] = OrderedDict()
        self._remembered_max = remembered_max
        self._lookups: Coalescer[None, UUID, Owner | None] = Coalescer(self._look_up, questions_max=256)
        # What is archived is not remembered: it may be restored.
        self._archive_lookups: Coalescer[None, UUID, ArchivedReservation | None] = Coalescer(
            self._look_up_archived, questions_max=256
        )

    def remember(self, reservation_id: UUID, event_id: UUID, user_id: str) -> None:
        """Add a reservation whose event and user are already known."""
        self._remembered[reservation_id] = (event_id, user_id)
        if len(self._remembered) > self._remembered_max:
            self._remembered.popitem(last=False)

    async def event_of(self, reservation_id: UUID, *, user_id: str) -> UUID:
        """Find the event of the caller's reservation.

        Raises:
            ReservationNotFound: if there is none, or it belongs to another caller.
            EventArchived: if it is the caller's, and in the archive of its event.
            ConnectionLost, Contended: if it could not be read.
        """
        owner = await self._owner(reservation_id)
        if owner is None:
            archived = await self._archive_lookups.ask(None, reservation_id)
            if archived is not None and archived.is_of(user_id):
                raise EventArchived(archived.event_id)
            if archived is None:
                owner = await self._owner(reservation_id)  # it may have been restored since the first look
        if owner is None or owner[1] != user_id:
            raise ReservationNotFound(reservation_id)
        return owner[0]

    async def _owner(self, reservation_id: UUID) -> Owner | None:
        owner = self._remembered.get(reservation_id)
        if owner is None:
            owner = await self._lookups.ask(None, reservation_id)
            if owner is not None:
                self.remember(reservation_id, *owner)
        return owner

    async def _look_up(self, _: None, reservation_ids: Sequence[UUID]) -> Sequence[Owner | None]:
        found = await self._store.find_reservations(reservation_ids)
        return [found.get(reservation_id) for reservation_id in reservation_ids]

    async def _look_up_archived(self, _: None, reservation_ids: Sequence[UUID]) -> Sequence[ArchivedReservation | None]:
        found = await self._store.find_archived(reservation_ids)
        return [found.get(reservation_id) for reservation_id in reservation_ids]
