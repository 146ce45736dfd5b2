"""Who events and reservations belong to. That never changes, so it is cached after the first look-up."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.identity.ports import ArchivedOwner, OwnersSource, ReservationOwner

Owner = TypeVar("Owner")

REMEMBERED_MAX = 50_000
"""Of events and of reservations each."""


class OwnerDirectory:
    """Looks up the organiser of an event, and the organiser and buyer of a reservation."""

    def __init__(self, source: OwnersSource) -> None:
        self._events: _Remembered[UUID] = _Remembered(source.of_events)
        self._published: Coalescer[None, UUID, bool | None] = Coalescer(self._ask_published, questions_max=256)
        self._archived: Coalescer[None, UUID, ArchivedOwner | None] = Coalescer(self._ask_archived, questions_max=256)
        self._source = source
        self._organisers: _Remembered[UUID] = _Remembered(source.of_organisers)
        self._reservations: _Remembered[ReservationOwner] = _Remembered(source.of_reservations)

    async def has_organiser(self, organiser_id: UUID) -> bool:
        """Return whether there is such an organiser; organisers are never deleted.

        Raises:
            ConnectionLost, Contended: The look-up failed.
        """
        return await self._organisers.find(organiser_id) is not None

    async def of_event(self, event_id: UUID) -> UUID | None:
        """Return the organiser of an event, deleted or not; None if there is no such event.

        Raises:
            ConnectionLost, Contended: The look-up failed.
        """
        return await self._events.find(event_id)

    async def is_published(self, event_id: UUID) -> bool | None:
        """Return whether an event is published; None if it does not exist, or was deleted.

        It is looked up each time, for many callers at once.

        Raises:
            ConnectionLost, Contended: The look-up failed.
        """
        return await self._published.ask(None, event_id)

    async def of_reservation(self, reservation_id: UUID) -> ReservationOwner | None:
        """Return the organiser and buyer of a reservation; None if there is no such reservation.

        Raises:
            ConnectionLost, Contended: The look-up failed.
        """
        return await self._reservations.find(reservation_id)

    async def of_archived(self, reservation_id: UUID) -> ArchivedOwner | None:
        """Return the organiser of a reservation that is in an archive, and what tells its buyer; None if it is in none.

        It is looked up each time, since it may be restored.

        Raises:
            ConnectionLost, Contended: The look-up failed.
        """
        return await self._archived.ask(None, reservation_id)

    async def _ask_archived(self, _: None, reservation_ids: Sequence[UUID]) -> Sequence[ArchivedOwner | None]:
        found = await self._source.of_archived(reservation_ids)
        return [found.get(reservation_id) for reservation_id in reservation_ids]

    async def _ask_published(self, _: None, event_ids: Sequence[UUID]) -> Sequence[bool | None]:
        found = await self._source.are_published(event_ids)
        return [found.get(event_id) for event_id in event_ids]


class _Remembered(Generic[Owner]):
    """The cache; ids requested while a look-up is in progress are looked up together in the next one."""

    def __init__(self, look_up: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Owner]]]) -> None:
        self._look_up = look_up
        self._found: dict[UUID, Owner] = {}
        self._questions: Coalescer[None, UUID, Owner | None] = Coalescer(self._ask, questions_max=256)

    async def find(self, thing_id: UUID) -> Owner | None:
        owner = self._found.get(thing_id)
        if owner is None:
            owner = await self._questions.ask(None, thing_id)
        if owner is not None and thing_id not in self._found:
            self._found[thing_id] = owner
            if len(self._found) > REMEMBERED_MAX:
                del self._found[next(iter(self._found))]
        return owner

    async def _ask(self, _: None, thing_ids: Sequence[UUID]) -> Sequence[Owner | None]:
        found = await self._look_up(thing_ids)
        return [found.get(thing_id) for thing_id in thing_ids]
