"""Reads the channels of events."""

from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from asyncpg import Record

from holdfast.application.reading.ports import ChannelPage
from holdfast.domain.catalogue.channel import StoredChannel
from holdfast.infrastructure.postgres.catalogue.rows import channel_from
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end
from holdfast.infrastructure.postgres.reading.rows import seat_from

_BEFORE_ALL = UUID(int=0)


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class PageOfChannel(OfEvent):
    """A page of a channel's seats."""

    key: str
    after: UUID
    limit: int


@dataclass(frozen=True, slots=True)
class ChannelReadsQueries:
    """The statements of `channels.sql`."""

    channels: Query[OfEvent]
    channel_seats: Query[PageOfChannel]


CHANNEL_READS = bound(ChannelReadsQueries, load_queries("reading/channels"))


class PostgresChannelReads:
    """`application.reading.ports.ChannelReads` on the read pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def channels(self, event_id: UUID) -> tuple[list[StoredChannel], int] | None:
        """Read the channels and the version in one statement."""
        rows = await to_its_end(self._fetch(CHANNEL_READS.channels({"event_id": event_id})))
        if not rows:
            return None
        return [channel_from(row).seen_at(row["now"]) for row in rows if row["key"] is not None], rows[0]["version"]

    async def seats(self, event_id: UUID, key: str, *, after: UUID | None, limit: int) -> ChannelPage | None:
        """Read the page and the version in one statement."""
        page = CHANNEL_READS.channel_seats(
            {"event_id": event_id, "key": key, "after": after or _BEFORE_ALL, "limit": limit}
        )
        rows = await to_its_end(self._fetch(page))
        if not rows:
            return None
        seats = None
        if rows[0]["key"] is not None:
            seats = [seat_from(row) for row in rows if row["id"] is not None]
        return ChannelPage(rows[0]["version"], rows[0]["archived"], seats)

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)
