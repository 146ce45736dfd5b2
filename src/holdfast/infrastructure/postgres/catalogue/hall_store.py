"""Writes the halls and categories of events to PostgreSQL, inside a transaction that has locked the event."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from holdfast.application.catalogue.hall_seats import SeatValues, StoredSeat
from holdfast.application.catalogue.ports import HallChange
from holdfast.application.failures import GuardMismatch
from holdfast.application.giving_way import give_way
from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.domain.catalogue.categories import Category
from holdfast.domain.catalogue.event import Event
from holdfast.domain.hall.sections import SectionSummary
from holdfast.infrastructure.postgres.catalogue.hall_copy import COLUMNS, hall_rows
from holdfast.infrastructure.postgres.catalogue.halls_queries import HALLS
from holdfast.infrastructure.postgres.catalogue.rows import category_from
from holdfast.infrastructure.postgres.catalogue.seat_numbers import copy_new_seats
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.queries import Filled

Guarded: TypeAlias = Callable[[Event, Filled], Awaitable[None]]
"""Updates the row of a locked event, or raises GuardMismatch."""
Log: TypeAlias = Callable[[Event, int, ChangeKind, datetime], Awaitable[None]]
"""Appends an entry without seats to an event's log."""

PAGE_SEATS = 500
"""Stored seats read between two turns of the event loop, in a millisecond or two."""


class PostgresHallTransaction:
    """The part of a transaction that concerns halls (`application.catalogue.ports.HallTransaction`)."""

    def __init__(self, connection: WatchedConnection, guarded: Guarded, log: Log) -> None:
        self._connection = connection
        self._guarded = guarded
        self._log = log

    async def categories(self, event_id: UUID) -> list[Category]:
        """Read the categories in their order."""
        with translated(self._connection.cell):
            rows = await HALLS.categories({"event_id": event_id}).fetch(self._connection)
        return [category_from(row) for row in rows]

    async def used_categories(self, event_id: UUID, numbers: Sequence[int]) -> set[int]:
        """Look for seats of each category."""
        with translated(self._connection.cell):
            rows = await HALLS.used_categories({"event_id": event_id, "numbers": numbers}).fetch(self._connection)
        return {row["number"] for row in rows}

    async def replace_categories(
        self, event: Event, categories: Sequence[Category], now: datetime, *, prices_only: bool
    ) -> int:
        """Remove those that are not among them, store the others, count the edit and log it."""
        await self._store_categories(event.id, categories)
        await self._guarded(
            event,
            HALLS.count_edits(
                {
                    "event_id": event.id,
                    "loaded_version": event.version,
                    "chart_edits": 0 if prices_only else 1,
                    "price_edits": 1,
                }
            ),
        )
        await self._log(event, event.version + 1, ChangeKind.CATEGORIES_CHANGED, now)
        return event.version + 1

    async def document(self, event_id: UUID) -> str | None:
        """Read the document."""
        with translated(self._connection.cell):
            document: str | None = await HALLS.hall_document({"event_id": event_id}).fetchval(self._connection)
        return document

    async def was_ever_held(self, event: Event) -> bool:
        """Look for an entry about a reservation in the log, unless a seat is held or sold now."""
        if event.reserved or event.confirmed:
            return True
        with translated(self._connection.cell):
            return bool(await HALLS.was_ever_held({"event_id": event.id}).fetchval(self._connection))

    async def chart_version(self, event_id: UUID) -> int:
        """Read the version of the chart."""
        with translated(self._connection.cell):
            chart_version: int = await HALLS.chart_version({"event_id": event_id}).fetchval(self._connection)
        return chart_version

    async def seats(self, event_id: UUID) -> dict[str, StoredSeat]:
        """Read the seats in pages, letting other requests run in between."""
        seats: dict[str, StoredSeat] = {}
        after_number = ""
        while True:
            page = HALLS.stored_seats({"event_id": event_id, "after_number": after_number, "seats_max": PAGE_SEATS})
            with translated(self._connection.cell):
                rows = await page.fetch(self._connection)
            if not rows:
                return seats
            for row in rows:
                seats[row["seat_number"]] = StoredSeat(row["id"], _values_from(row))
            after_number = rows[-1]["seat_number"]
            await give_way()

    async def change_hall(self, event: Event, change: HallChange, now: datetime) -> tuple[int, int]:
        """Store categories, document and seats, count the edit and log it."""
        if change.categories is not None:
            await self._store_categories(event.id, change.categories)
        with translated(self._connection.cell):
            await HALLS.put_hall(
                {"event_id": event.id, "document": change.document, "sections": _sections_json(change.sections)}
            ).execute(self._connection)
            if change.replaces:
                await HALLS.remove_seats({"event_id": event.id}).execute(self._connection)
        await self._copy(event, change)
        if change.replaces:
            with translated(self._connection.cell):
                await HALLS.remove_channel_seats({"event_id": event.id}).execute(self._connection)
        more_seats = change.added - change.removed
        counted = HALLS.count_chart(
            {
                "event_id": event.id,
                "loaded_version": event.version,
                "more_seats": more_seats,
                # So that the chart's version rises even if the hall gets smaller.
                "chart_edits": 1 + max(0, -more_seats),
                "price_edits": 0 if change.categories is None else 1,
            }
        )
        with translated(self._connection.cell):
            chart_version: int | None = await counted.fetchval(self._connection)
        if chart_version is None:
            raise GuardMismatch(f"{counted} of {event.id}: no row")
        await self._log(event, event.version + 1, ChangeKind.HALL_CHANGED, now)
        return event.version + 1, chart_version

    async def _copy(self, event: Event, change: HallChange) -> None:
        if not (change.added or change.replaces):
            return
        rows = hall_rows(
            event.id,
            change.slices,
            first_position=0 if change.replaces else event.seats,
            category_numbers=change.category_numbers,
            companion_ids=change.companion_ids,
        )
        await copy_new_seats(
            self._connection,
            event.id,
            rows,
            COLUMNS,
            seat_numbers=lambda: [number for one in change.slices for number in one.new_numbers()],
            other_forms=[number for one in change.slices for number in one.other_forms()],
        )

    async def _store_categories(self, event_id: UUID, categories: Sequence[Category]) -> None:
        """Remove the event's categories that are not among them, and store the others."""
        numbers = [one.number for one in categories]
        with translated(self._connection.cell):
            await HALLS.remove_categories({"event_id": event_id, "numbers": numbers}).execute(self._connection)
            await HALLS.put_categories(
                {
                    "event_id": event_id,
                    "numbers": numbers,
                    "keys": [one.key for one in categories],
                    "names": [one.name for one in categories],
                    "colors": [one.color for one in categories],
                    "prices": [one.price for one in categories],
                }
            ).execute(self._connection)


def _sections_json(sections: Sequence[SectionSummary]) -> str:
    return json.dumps(
        [
            {"key": one.key, "name": one.name, "floor": one.floor, "area": one.area, "focal": one.focal}
            for one in sections
        ]
    )


def _values_from(row: asyncpg.Record) -> SeatValues:
    return SeatValues(
        section=row["section"],
        row=row["row_name"],
        section_key=row["section_key"],
        category=row["category"],
        price=row["price"],
        x=row["x"],
        y=row["y"],
        area=row["area"],
        accessible=row["accessible"],
        restricted_view=row["restricted_view"],
        companion_of=row["companion_of"],
    )
