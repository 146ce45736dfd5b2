"""Reads the seats of an event, in portions, for choosing among them."""

import json
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from holdfast.application.booking.ports import SeatingChart
from holdfast.application.giving_way import give_way
from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.seating import Category, Section
from holdfast.domain.booking.snapshot import Mark
from holdfast.infrastructure.postgres.booking.batch_queries import OfEvent
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries

SMALL_SEATS_MAX = 5_000
"""Seats of a chart that is read on a connection of the read pool. A larger one is read on one for large reads."""
SEATS_PER_PORTION = 500
"""Seats decoded between two turns of the event loop: about two milliseconds' work."""


@dataclass(frozen=True, slots=True)
class SeatingQueries:
    """The statements of `seating.sql`."""

    event_of_seats: Query[OfEvent]
    seats_of_channels: Query[OfEvent]
    seats_to_choose: Query[OfEvent]


SEATING = bound(SeatingQueries, load_queries("booking/seating"))


class PostgresSeatingSource:
    """`application.booking.ports.SeatingSource` on two pools."""

    def __init__(self, pool: Pool, large_pool: Pool) -> None:
        self._pool = pool
        self._large_pool = large_pool

    async def chart(self, event_id: UUID) -> SeatingChart | None:
        """Read all seats in one snapshot, in portions."""
        given: OfEvent = {"event_id": event_id}
        async with self._pool.connection() as connection:
            with translated(connection.cell):
                event = await SEATING.event_of_seats(given).fetchrow(connection)
        if event is None:
            return None
        pool = self._pool if event["seats"] <= SMALL_SEATS_MAX else self._large_pool
        seats: list[ChartSeat] = []
        taken: list[UUID] = []
        async with pool.connection() as connection:
            with translated(connection.cell):
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    event = await SEATING.event_of_seats(given).fetchrow(connection)
                    if event is None:
                        return None
                    channels = await SEATING.seats_of_channels(given).fetch(connection)
                    channel_of = {seat_id: row for row in channels for seat_id in row["seat_ids"]}
                    cursor = await SEATING.seats_to_choose(given).cursor(connection)
                    while rows := await cursor.fetch(SEATS_PER_PORTION):
                        seats += [_seat_from(row, channel_of.get(row["id"])) for row in rows]
                        taken += [row["id"] for row in rows if row["taken"]]
                        await give_way()
        return SeatingChart(
            mark=Mark(event["version"], event["at"], event["kind"], event["reservation_id"]),
            seats=seats,
            taken=taken,
            sections=_sections_from(event["sections"]),
            categories=_categories_from(event),
        )


def _seat_from(row: asyncpg.Record, channel: asyncpg.Record | None) -> ChartSeat:
    """Build a seat. In a channel that has opened, companion seats are sold to all, and so have no accessible seat."""
    is_for_all = channel is not None and channel["is_open"]
    return ChartSeat(
        row["id"],
        row["section"],
        row["row_name"],
        row["x"],
        row["y"],
        row["price"],
        row["category"],
        row["area"],
        row["accessible"],
        row["restricted_view"],
        None if is_for_all else row["companion_of"],
        None if channel is None else channel["key"],
    )


def _categories_from(event: asyncpg.Record) -> dict[int, Category]:
    numbers = event["category_numbers"] or ()
    keys, prices = event["category_keys"] or (), event["category_prices"] or ()
    return {number: Category(key, price) for number, key, price in zip(numbers, keys, prices, strict=True)}


def _sections_from(sections: str | None) -> list[Section]:
    """Read the sections as `halls.sections` has them. Floor and focal point may be null."""
    if sections is None:
        return []
    return [
        Section(section["key"], section.get("floor"), None if section.get("focal") is None else tuple(section["focal"]))
        for section in json.loads(sections)
    ]
