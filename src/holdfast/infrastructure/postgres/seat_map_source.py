"""Where the maps of hot events come from, and what they are held against."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from holdfast.application.ports import Chart
from holdfast.application.reading.seat_map import LoggedChange, SeatJson, SeatMap
from holdfast.application.reading.seat_maps import Freshness
from holdfast.domain.snapshot import Mark
from holdfast.infrastructure.postgres.failures import translated
from holdfast.infrastructure.postgres.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.queries import load_queries
from holdfast.infrastructure.postgres.rows import seat_from

SLICE_ROWS = 1_000
"""Seats that are taken in between two turns of the event loop."""


class PostgresSeatMapSource:
    """`application.reading.seat_maps.SeatMapSource` over the read pool."""

    def __init__(self, pool: Pool, json: SeatJson) -> None:
        self._pool = pool
        self._json = json
        self._queries = load_queries("seat_maps")

    async def freshness(self, known: Sequence[tuple[UUID, int]]) -> list[Freshness | None]:
        """Ask for all events in one statement."""
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated():
                rows = await connection.fetch(
                    self._queries["freshness"].sql,
                    [event_id for event_id, _ in known],
                    [version for _, version in known],
                )
        found: list[Freshness | None] = [None] * len(known)
        changes: list[list[LoggedChange]] = [[] for _ in known]
        for row in rows:
            place = row["place"] - 1
            if found[place] is None:
                found[place] = Freshness(
                    row["event_version"], mark_from(row), row["deleted"], row["overdue"], changes[place]
                )
            else:
                changes[place].append(LoggedChange(mark_from(row), tuple(row["seat_ids"])))
        return found

    async def load(self, event_id: UUID, *, json_seats_max: int) -> SeatMap | None:
        """Load in slices, in one snapshot."""
        async with self._pool.connection() as connection:
            with translated():
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    head = await connection.fetchrow(self._queries["map_head"].sql, event_id)
                    if head is None:
                        return None
                    seat_map = SeatMap(
                        event_id=event_id,
                        mark=mark_from(head),
                        seats=head["seats"],
                        json=self._json if head["seats"] <= json_seats_max else None,
                    )
                    seat_map.overdue = head["overdue"]
                    cursor = await connection.cursor(self._queries["map_seats"].sql, event_id)
                    while rows := await cursor.fetch(SLICE_ROWS):
                        for row in rows:
                            seat_map.add(row["position"], seat_from(row))
        await asyncio.to_thread(seat_map.complete)
        return seat_map

    async def chart(self, event_id: UUID) -> Chart | None:
        """Read an event's chart, written as JSON by the database."""
        async with self._pool.connection() as connection:
            with translated():
                row = await connection.fetchrow(self._queries["chart"].sql, event_id)
        if row is None:
            return None
        columns = ("ids", "seat_numbers", "sections", "rows", "prices")
        return Chart(row["version"], row["seats"], {column: row[column] for column in columns})


def mark_from(row: asyncpg.Record) -> Mark:
    """Make the mark of a log entry; of an event without entries there is none but its creation."""
    return Mark(row["version"], row["at"], row["kind"], row["reservation_id"])
