"""Who events and reservations belong to. That never changes, so it is cached after the first look-up."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.identity.ports import ArchivedOwner, OwnersSource, ReservationOwner

Owner = TypeVar("Owner")
Where: TypeAlias = Callable[[UUID], Iterable[OwnersSource]]
LookUp: TypeAlias = Callable[[OwnersSource, Sequence[UUID]], Awaitable[Mapping[UUID, Owner]]]

REMEMBERED_MAX = 50_000
"""Of events and of reservations each."""


class OwnerDirectory:
    """Looks up the organiser of an event, and the organiser and buyer of a reservation."""

    def __init__(self, source: OwnersSource, where: Where | None = None) -> None:
        """Take over what is asked.

        Args:
            source: Where organisers are.
            where: Returns where an event or a reservation can be, in the order to ask; None: nowhere else.
        """
        home = (source,)
        where = where or (lambda _: home)
        self._events = _Remembered(lambda asked, ids: asked.of_events(ids), where)
        self._published = _LookedUp(lambda asked, ids: asked.are_published(ids), where)
        self._archived = _LookedUp(lambda asked, ids: asked.of_archived(ids), where)
        self._organisers = _Remembered(lambda asked, ids: asked.of_organisers(ids), lambda _: home)
        self._reservations = _Remembered(lambda asked, ids: asked.of_reservations(ids), where)

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
        return await self._published.find(event_id)

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
        return await self._archived.find(reservation_id)


class _LookedUp(Generic[Owner]):
    """Ids requested while a look-up is in progress are looked up together in the next one of that source."""

    def __init__(self, look_up: LookUp[Owner], where: Where) -> None:
        self._look_up = look_up
        self._where = where
        self._questions: Coalescer[OwnersSource, UUID, Owner | None] = Coalescer(self._ask, questions_max=256)

    async def find(self, thing_id: UUID) -> Owner | None:
        """Return what the first source says that knows the id; None if none does."""
        for source in self._where(thing_id):
            found = await self._questions.ask(source, thing_id)
            if found is not None:
                return found
        return None

    async def _ask(self, source: OwnersSource, thing_ids: Sequence[UUID]) -> Sequence[Owner | None]:
        found = await self._look_up(source, thing_ids)
        return [found.get(thing_id) for thing_id in thing_ids]


class _Remembered(Generic[Owner]):
    """What was looked up once and never changes."""

    def __init__(self, look_up: LookUp[Owner], where: Where) -> None:
        self._looked_up = _LookedUp(look_up, where)
        self._found: dict[UUID, Owner] = {}

    async def find(self, thing_id: UUID) -> Owner | None:
        """Return the owner; None if nobody knows the id, which is not remembered."""
        owner = self._found.get(thing_id)
        if owner is None:
            owner = await self._looked_up.find(thing_id)
        if owner is not None and thing_id not in self._found:
            self._found[thing_id] = owner
            if len(self._found) > REMEMBERED_MAX:
                del self._found[next(iter(self._found))]
        return owner
