"""Reads the maps of busy events, and the changes they have missed."""

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from sys import byteorder
from typing import TypedDict
from uuid import UUID

import asyncpg

from holdfast.application.giving_way import give_way
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.logged_change import ABOUT_CHANNELS, LoggedChange
from holdfast.application.reading.ports import Chart
from holdfast.application.reading.seat_list import SeatList
from holdfast.application.reading.seat_map import SeatMap, SeatTail
from holdfast.application.reading.source import AddedSeats, Freshness, ListPage
from holdfast.domain.booking.snapshot import Mark
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled, Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class KnownVersions(TypedDict):
    """The versions that a process knows of events; None if it knows none."""

    event_ids: Sequence[UUID]
    known_versions: Sequence[int | None]
    entries_max: int


class WantedMaps(TypedDict):
    """Events, and whether the seat list of each is wanted too."""

    event_ids: Sequence[UUID]
    listed: Sequence[bool]


class AddedSince(OfEvent):
    """The seats of an event from a position in its chart onwards."""

    first_position: int
    listed: bool


class PageOfList(OfEvent):
    """The next seats of a list, among those that were in the chart when the list was begun."""

    after_number: str
    seats_max: int
    chart_seats: int


class OfSeats(TypedDict):
    """Seats, each with its event, and how often that one's chart has been edited."""

    seat_ids: Sequence[UUID]
    event_ids: Sequence[UUID]
    chart_edits: Sequence[int]


class OfVersion(OfEvent):
    """One version of an event."""

    version: int


@dataclass(frozen=True, slots=True)
class SeatMapsQueries:
    """The statements of `seat_maps.sql`."""

    freshness: Query[KnownVersions]
    load_maps: Query[WantedMaps]
    added_seats: Query[AddedSince]
    list_page: Query[PageOfList]
    positions: Query[OfSeats]
    mark: Query[OfVersion]
    chart: Query[OfEvent]


SEAT_MAPS = bound(SeatMapsQueries, load_queries("reading/seat_maps"))


INLINE_SEATS_MAX = 2_000
"""A map of up to this size is built on the event loop, in a millisecond or two. A larger one is built in a thread."""
POSITIONS_MAX = 5_000
"""Seats looked up in one statement."""


class PostgresSeatMapSource:
    """`application.reading.source.SeatMapSource` on the read pool; large reads have connections of their own."""

    def __init__(self, pool: Pool, large_pool: Pool, tail: SeatTail) -> None:
        self._pool = pool
        self._large_pool = large_pool
        self._tail = tail
        self._page_turns = asyncio.Lock()

    async def freshness(self, known: Sequence[tuple[UUID, int | None]], *, entries_max: int) -> list[Freshness | None]:
        """Read all events in one statement."""
        rows = await self._rows(
            SEAT_MAPS.freshness(
                {
                    "event_ids": [event_id for event_id, _ in known],
                    "known_versions": [version for _, version in known],
                    "entries_max": entries_max,
                }
            ),
        )
        found: list[Freshness | None] = [None] * len(known)
        changes: list[LoggedChange] = []
        for row in rows:
            place = row["place"] - 1
            is_first = found[place] is None
            if is_first:
                changes = []
                of_creation = known[place][1] == 0
                found[place] = Freshness(
                    row["event_version"],
                    Mark(0, row["created_at"]) if of_creation else mark_from(row),
                    row["seats"],
                    row["available"],
                    row["deleted"],
                    row["overdue"],
                    changes,
                    _edits_from(row),
                    published=row["published"],
                    archived=row["archived"],
                )
                # The creation has no entry: after a known version 0 the first one that comes is news.
                is_first = not of_creation or row["version"] == 0
            if not is_first and len(changes) < entries_max:
                changes.append(_change_from(row))
        return found

    async def load(self, wanted: Sequence[tuple[UUID, bool]], *, large: bool) -> list[SeatMap | None]:
        """Load all maps in one statement, and therefore in one snapshot."""
        event_ids = [event_id for event_id, _ in wanted]
        rows = await self._rows(
            SEAT_MAPS.load_maps({"event_ids": event_ids, "listed": [listed for _, listed in wanted]}), large=large
        )
        maps: list[SeatMap | None] = [None] * len(wanted)
        for row in rows:
            place = row["place"] - 1
            if len(row["codes"] or b"") <= INLINE_SEATS_MAX:
                maps[place] = self._map_from(event_ids[place], row)
                await give_way()
            else:
                maps[place] = await asyncio.to_thread(self._map_from, event_ids[place], row)
        return maps

    async def added_seats(self, event_id: UUID, *, after_seats: int, lists: bool, large: bool) -> AddedSeats | None:
        """Read the seats in one statement."""
        rows = await self._rows(
            SEAT_MAPS.added_seats({"event_id": event_id, "first_position": after_seats, "listed": lists}),
            large=large,
        )
        if not rows:
            return None
        row = rows[0]
        return AddedSeats(mark_from(row), row["ids"] or b"", _heads_from(row), _positions_from(row))

    async def positions(
        self, seat_ids: Sequence[UUID], event_ids: Sequence[UUID], chart_edits: Sequence[int]
    ) -> dict[UUID, int]:
        """Look up each seat by its key."""
        found: dict[UUID, int] = {}
        for start in range(0, len(seat_ids), POSITIONS_MAX):
            some = slice(start, start + POSITIONS_MAX)
            wanted: OfSeats = {
                "seat_ids": seat_ids[some],
                "event_ids": event_ids[some],
                "chart_edits": chart_edits[some],
            }
            rows = await self._rows(SEAT_MAPS.positions(wanted))
            for row in rows:
                found[row["id"]] = row["position"]
        return found

    async def list_page(
        self, event_id: UUID, *, after_number: str, seats_max: int, chart_seats: int
    ) -> ListPage | None:
        """Read a page. Lists take turns page by page, so that none keeps the connection from another."""
        async with self._page_turns:
            (row,) = await self._rows(
                SEAT_MAPS.list_page(
                    {
                        "event_id": event_id,
                        "after_number": after_number,
                        "seats_max": seats_max,
                        "chart_seats": chart_seats,
                    }
                ),
                large=True,
            )
        if row["last_number"] is None:
            return None
        return ListPage(_heads_from(row), _positions_from(row), row["last_number"])

    async def mark(self, event_id: UUID, version: int) -> Mark | None:
        """Identify the state at a version; None if the event has not reached that version."""
        rows = await self._rows(SEAT_MAPS.mark({"event_id": event_id, "version": version}))
        return mark_from(rows[0]) if rows else None

    async def chart(self, event_id: UUID, *, large: bool) -> Chart | None:
        """Read an event's chart, which the database encodes as JSON."""
        rows = await self._rows(SEAT_MAPS.chart({"event_id": event_id}), large=large)
        if not rows:
            return None
        row = rows[0]
        columns = {name: row[name] for name in ("ids", "seat_numbers", "sections", "rows", "prices")}
        if row["categories"] is not None:
            columns["categories"] = row["categories"]
        return Chart(mark_from(row), row["seats"], columns, _edits_from(row), row["own_prices"])

    async def _rows(self, statement: Filled, *, large: bool = False) -> list[asyncpg.Record]:
        pool = self._large_pool if large else self._pool
        async with pool.connection(use_seconds_max=None if large else SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)

    def _map_from(self, event_id: UUID, row: asyncpg.Record) -> SeatMap:
        seat_map = SeatMap(
            event_id=event_id,
            mark=mark_from(row),
            ids=row["ids"] or b"",
            codes=row["codes"] or b"",
            holders=row["holders"] or b"",
            tail=self._tail,
            edits=_edits_from(row),
        )
        seat_map.overdue = row["overdue"]
        if row["listed"]:
            seat_map.list = SeatList(_heads_from(row), _positions_from(row))
        return seat_map


def mark_from(row: asyncpg.Record) -> Mark:
    """Build the mark of a log entry. If an event has no entries, its creation stands in for one."""
    return Mark(row["version"], row["at"], row["kind"], row["reservation_id"])


def _edits_from(row: asyncpg.Record) -> Edits:
    return Edits(row["chart_edits"], row["price_edits"])


def _change_from(row: asyncpg.Record) -> LoggedChange:
    mark, seat_ids = mark_from(row), tuple(row["seat_ids"])
    freed, kept_back = row["freed_seat_ids"], row["kept_back_seat_ids"]
    if mark.kind in ABOUT_CHANNELS:
        return LoggedChange(
            mark, seat_ids, None if freed is None else tuple(freed), None if kept_back is None else tuple(kept_back)
        )
    return LoggedChange(mark, seat_ids, tuple(freed or ()), tuple(kept_back or ()))


def _heads_from(row: asyncpg.Record) -> list[bytes]:
    heads: bytes | None = row["heads"]
    return [] if heads is None else heads.split(b"\n")


def _positions_from(row: asyncpg.Record) -> "array[int]":
    positions = array("I", row["positions"] or b"")
    if byteorder == "little":
        positions.byteswap()
    return positions
