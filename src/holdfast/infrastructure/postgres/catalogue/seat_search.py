"""Finds the seats that a description means: sections, rows or categories."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from holdfast.domain.catalogue.channel import CHANNEL_SEATS_MAX, SeatSelection
from holdfast.domain.catalogue.refusals import SelectionNotFound
from holdfast.infrastructure.postgres.catalogue.channels_queries import CHANNELS
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.driver.queries import Filled

_SEATS_MAX = CHANNEL_SEATS_MAX + 1


class PostgresSeatSearch:
    """`application.catalogue.ports.SeatSearch` on a pool that no sale uses: it may read the whole chart."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def selected(self, event_id: UUID, selection: SeatSelection) -> list[UUID]:
        """Run one statement, and compare what it found with what was asked for."""
        match selection.kind:
            case "sections":
                found = await self._found(
                    CHANNELS.seats_of_sections(
                        {"event_id": event_id, "sections": selection.sections, "seats_max": _SEATS_MAX}
                    ),
                    selection,
                )
                named = {row[column] for row in found for column in ("section", "section_key")}
                _require(selection, (one for one in selection.sections if one not in named))
            case "rows":
                found = await self._found(
                    CHANNELS.seats_of_rows(
                        {
                            "event_id": event_id,
                            "rows": [one.row for one in selection.rows],
                            "sections": [one.section for one in selection.rows],
                            "seats_max": _SEATS_MAX,
                        }
                    ),
                    selection,
                )
                places = {
                    (row["row_name"], section)
                    for row in found
                    for section in (None, row["section"], row["section_key"])
                }
                _require(
                    selection,
                    (
                        one.row if one.section is None else f"{one.section} {one.row}"
                        for one in selection.rows
                        if (one.row, one.section) not in places
                    ),
                )
            case _:
                found = await self._found(
                    CHANNELS.seats_of_categories(
                        {"event_id": event_id, "categories": selection.categories, "seats_max": _SEATS_MAX}
                    ),
                    selection,
                )
                named = {row["key"] for row in found}
                _require(selection, (one for one in selection.categories if one not in named))
        return list({row["id"]: None for row in found})

    async def _found(self, statement: Filled, selection: SeatSelection) -> list[asyncpg.Record]:
        async with self._pool.connection() as connection:
            with translated(connection.cell):
                found = await statement.fetch(connection)
        selection.require_few(len(found))
        return found


def _require(selection: SeatSelection, missing: Iterable[str]) -> None:
    names = list(missing)
    if names:
        raise SelectionNotFound(selection.kind, names)
