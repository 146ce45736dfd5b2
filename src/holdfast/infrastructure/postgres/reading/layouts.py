"""Reads what layouts are made of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

import asyncpg

from holdfast.application.reading.edits import Edits
from holdfast.application.reading.ports import ChartToLayOut
from holdfast.domain.catalogue.categories import Category
from holdfast.domain.hall.layout import ChartSeats
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries
from holdfast.infrastructure.postgres.reading.seat_map_source import mark_from

SLICE_SEATS = 500
"""Seats read and laid out between two turns of the event loop, in a millisecond or two."""


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


@dataclass(frozen=True, slots=True)
class LayoutsQueries:
    """The statements of `layouts.sql`."""

    event: Query[OfEvent]
    seats: Query[OfEvent]


LAYOUTS = bound(LayoutsQueries, load_queries("reading/layouts"))


class PostgresLayouts:
    """`application.reading.ports.Layouts` on the read pool; large charts have connections of their own."""

    def __init__(self, pool: Pool, large_pool: Pool) -> None:
        self._pool = pool
        self._large_pool = large_pool

    @asynccontextmanager
    async def chart(self, event_id: UUID, *, large: bool) -> AsyncIterator[ChartToLayOut | None]:
        """Read the event, and then its seats as they are taken, in one snapshot."""
        pool = self._large_pool if large else self._pool
        async with pool.connection() as connection:
            with translated(connection.cell):
                transaction = connection.transaction(isolation="repeatable_read", readonly=True)
                await transaction.start()
            try:
                with translated(connection.cell):
                    row = await LAYOUTS.event({"event_id": event_id}).fetchrow(connection)
                yield None if row is None else _chart_from(row, connection, event_id)
            finally:
                with translated(connection.cell):
                    await transaction.rollback()


def _chart_from(row: asyncpg.Record, connection: WatchedConnection, event_id: UUID) -> ChartToLayOut:
    categories = [
        Category(key, name, color, price, number)
        for key, name, color, price, number in zip(
            row["keys"] or (),
            row["names"] or (),
            row["colors"] or (),
            row["prices"] or (),
            row["numbers"] or (),
            strict=True,
        )
    ]
    return ChartToLayOut(
        mark=mark_from(row),
        edits=Edits(row["chart_edits"], row["price_edits"]),
        document=row["document"],
        categories=[one.details for one in categories],
        slices=_slices(connection, event_id, {one.number: one.key for one in categories}),
    )


async def _slices(connection: WatchedConnection, event_id: UUID, key_of: dict[int, str]) -> AsyncIterator[ChartSeats]:
    with translated(connection.cell):
        cursor = await connection.cursor(LAYOUTS.seats.sql, *LAYOUTS.seats.arguments({"event_id": event_id}))
    while True:
        with translated(connection.cell):
            rows = await cursor.fetch(SLICE_SEATS)
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        ids, seat_numbers, sections, section_keys, labels, numbers, xs, ys, areas, accessible, companions, views = (
            columns
        )
        yield ChartSeats(
            ids=ids,
            seat_numbers=seat_numbers,
            sections=sections,
            section_keys=section_keys,
            rows=labels,
            categories=[None if number is None else key_of[number] for number in numbers],
            xs=xs,
            ys=ys,
            areas=areas,
            accessible=accessible,
            companions_of=companions,
            restricted_views=views,
        )
