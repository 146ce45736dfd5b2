"""Whose a reservation is, and of which event: what confirm and cancel must know before they can queue."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from holdfast.application.booking.ports import BatchStore
from holdfast.application.coalescer import Coalescer
from holdfast.domain.booking.refusals import ReservationNotFound

Owner = tuple[UUID, str]


class ReservationDirectory:
    """Finds the event and the user of a reservation. Both never change, so what was found once is remembered."""

    def __init__(self, store: BatchStore, *, remembered_max: int = 50_000) -> None:
        self._store = store
        self._remembered: OrderedDict[UUID, Owner] = OrderedDict()
        self._remembered_max = remembered_max
        self._lookups: Coalescer[None, UUID, Owner | None] = Coalescer(self._look_up, questions_max=256)

    def remember(self, reservation_id: UUID, event_id: UUID, user_id: str) -> None:
        """Keep what is known already."""
        self._remembered[reservation_id] = (event_id, user_id)
        if len(self._remembered) > self._remembered_max:
            self._remembered.popitem(last=False)

    async def event_of(self, reservation_id: UUID, *, user_id: str) -> UUID:
        """Find the event of the caller's reservation.

        Raises:
            ReservationNotFound: where there is none, or it is somebody else's.
            ConnectionLost, Contended: when it could not be read.
        """
        owner = self._remembered.get(reservation_id)
        if owner is None:
            owner = await self._lookups.ask(None, reservation_id)
            if owner is not None:
                self.remember(reservation_id, *owner)
        if owner is None or owner[1] != user_id:
            raise ReservationNotFound(reservation_id)
        return owner[0]

    async def _look_up(self, _: None, reservation_ids: Sequence[UUID]) -> Sequence[Owner | None]:
        found = await self._store.find_reservations(reservation_ids)
        return [found.get(reservation_id) for reservation_id in reservation_ids]
