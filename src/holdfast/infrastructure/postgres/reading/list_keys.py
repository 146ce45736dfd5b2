"""Tells keys of lists, by which a page of the lists of several cells is found."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from asyncpg import Record

from holdfast.application.cells.merging import Stride
from holdfast.application.reading.merged.keys import Key
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end


class OfStride(TypedDict):
    """Which keys are told."""

    offset: int
    span: int
    step: int


class OfEvents(OfStride):
    """Of the list of events, and whose drafts are in it."""

    all_drafts: bool
    drafts_of: Sequence[UUID]


class OfOrganisers(OfStride):
    """Of what belongs to some organisers."""

    organiser_ids: Sequence[UUID]


class OfUser(OfStride):
    """Of a user's list."""

    user_id: str


class OfUserAt(OfUser):
    """Of a user's list, of what belongs to some organisers."""

    organiser_ids: Sequence[UUID]


class OfBuyers(OfStride):
    """Of what some buyers have reserved."""

    user_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class ListKeysQueries:
    """The statements of `list_keys.sql`."""

    event_keys: Query[OfEvents]
    keys_of_events_of: Query[OfOrganisers]
    reservation_keys: Query[OfUser]
    keys_of_reservations_at: Query[OfUserAt]
    booked_keys: Query[OfBuyers]


LIST_KEYS = bound(ListKeysQueries, load_queries("reading/list_keys"))


class PostgresListKeys:
    """`application.reading.merged.keys.ListKeys`, on the pool of reads."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def events(self, stride: Stride, *, drafts_of: AbstractSet[UUID] | None) -> Sequence[Key]:
        """Tell keys of the list of events."""
        given: OfEvents = {**_of(stride), "all_drafts": drafts_of is None, "drafts_of": sorted(drafts_of or ())}
        return await self._keys(LIST_KEYS.event_keys(given))

    async def events_of(self, stride: Stride, organiser_ids: AbstractSet[UUID]) -> Sequence[Key]:
        """Tell keys of the list of some organisers' events."""
        return await self._keys(LIST_KEYS.keys_of_events_of({**_of(stride), "organiser_ids": sorted(organiser_ids)}))

    async def reservations(self, stride: Stride, user_id: str) -> Sequence[Key]:
        """Tell keys of a user's reservations."""
        return await self._keys(LIST_KEYS.reservation_keys({**_of(stride), "user_id": user_id}))

    async def reservations_at(self, stride: Stride, organiser_ids: AbstractSet[UUID], user_id: str) -> Sequence[Key]:
        """Tell keys of a user's reservations of some organisers' events."""
        given: OfUserAt = {**_of(stride), "organiser_ids": sorted(organiser_ids), "user_id": user_id}
        return await self._keys(LIST_KEYS.keys_of_reservations_at(given))

    async def booked(self, stride: Stride, user_ids: Sequence[str]) -> Sequence[Key]:
        """Tell keys of what some buyers have reserved."""
        return await self._keys(LIST_KEYS.booked_keys({**_of(stride), "user_ids": user_ids}))

    async def _keys(self, statement: Filled) -> list[Key]:
        rows = await to_its_end(self._fetch(statement))
        return [(row["created_at"], row["id"]) for row in rows]

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)


def _of(stride: Stride) -> OfStride:
    return {"offset": stride.offset, "span": stride.span, "step": stride.step}
