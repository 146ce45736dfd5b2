"""Writes the halls and categories of events to PostgreSQL, inside a transaction that has locked the event."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.domain.catalogue.categories import Category
from holdfast.domain.catalogue.event import Event
from holdfast.infrastructure.postgres.catalogue.halls_queries import HALLS
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.queries import Filled

Guarded: TypeAlias = Callable[[Event, Filled], Awaitable[None]]
"""Updates the row of a locked event, or raises GuardMismatch."""
Log: TypeAlias = Callable[[Event, int, ChangeKind, datetime], Awaitable[None]]
"""Appends an entry without seats to an event's log."""


class PostgresHallTransaction:
    """The part of a transaction that concerns halls (`application.catalogue.ports.HallTransaction`)."""

    def __init__(self, connection: WatchedConnection, guarded: Guarded, log: Log) -> None:
        self._connection = connection
        self._guarded = guarded
        self._log = log

    async def categories(self, event_id: UUID) -> list[Category]:
        """Read the categories in their order."""
        with translated():
            rows = await HALLS.categories({"event_id": event_id}).fetch(self._connection)
        return [Category(row["key"], row["name"], row["color"], row["price"], row["number"]) for row in rows]

    async def used_categories(self, event_id: UUID, numbers: Sequence[int]) -> set[int]:
        """Look for seats of each category."""
        with translated():
            rows = await HALLS.used_categories({"event_id": event_id, "numbers": numbers}).fetch(self._connection)
        return {row["number"] for row in rows}

    async def replace_categories(
        self, event: Event, categories: Sequence[Category], now: datetime, *, prices_only: bool
    ) -> int:
        """Remove those that are not among them, store the others, count the edit and log it."""
        numbers = [one.number for one in categories]
        with translated():
            await HALLS.remove_categories({"event_id": event.id, "numbers": numbers}).execute(self._connection)
            await HALLS.put_categories(
                {
                    "event_id": event.id,
                    "numbers": numbers,
                    "keys": [one.key for one in categories],
                    "names": [one.name for one in categories],
                    "colors": [one.color for one in categories],
                    "prices": [one.price for one in categories],
                }
            ).execute(self._connection)
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
