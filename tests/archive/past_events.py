"""Events that are over, with every kind of reservation and log entry, and what archives them."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from box_office import OnSale, let_holds_run_out, put_on_sale, sql, until
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.change_seats import change_seats
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.expire import expire_overdue
from holdfast.application.booking.extend import extend
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.upkeep.archive import read_back
from holdfast.application.upkeep.archive.archive_event import archive_event
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.bootstrap.engine import Engine
from holdfast.domain.booking.channels import digest_of
from holdfast.infrastructure.archive_files.folder import FolderTarget
from holdfast.infrastructure.postgres.archive.removal import PostgresRemoval
from holdfast.infrastructure.postgres.archive.returning import PostgresReturn
from holdfast.infrastructure.postgres.archive.session import ArchiveSession
from holdfast.server_urls.cells import Cell

LEAVING = ("claims", "reservations", "changes")
ODD_USER = "o'dd \"\\ ü\u2028 \U0001f3ab"
FANS = digest_of("fans")

_HASH = """
SELECT '{table}' AS of, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS hash, count(*) AS rows
FROM {table} t WHERE t.{key} = $1"""
_HASHES = " UNION ALL ".join(
    _HASH.format(table=table, key="id" if table == "events" else "event_id")
    for table in (*LEAVING, "events", "seats", "channels", "channel_seats")
)


class Archive:
    """What archives and restores, in portions of a few rows."""

    def __init__(self, database_url: str, target, *, rows_max: int = 3) -> None:
        self.session = ArchiveSession(Cell(0, database_url))
        self.removal = PostgresRemoval(self.session, rows_max=rows_max)
        self.books = PostgresReturn(self.session)
        self.target = target

    async def put_away(self, event_id: UUID, pace: Pace | None = None):
        return await archive_event(self.removal, self.target, event_id, pace or Pace(share=1))

    async def bring_back(self, event_id: UUID, pace: Pace | None = None):
        return await read_back.restore_event(self.books, self.target, event_id, pace or Pace(share=1))

    async def verified(self) -> list[read_back.Verified]:
        return [one async for one in read_back.verify(self.books, self.target, Pace(share=1))]


@asynccontextmanager
async def open_archive(database_url: str, folder: Path, **named) -> AsyncIterator[Archive]:
    archive = Archive(database_url, FolderTarget(folder), **named)
    try:
        yield archive
    finally:
        await archive.session.close()


async def a_past_event(database_url: str, engine: Engine, *, days: float = 100) -> OnSale:
    """An event that ended days ago, with reservations of all kinds."""
    # If a fixture has kept the event loop busy, the engine learns in its second round only what may be used.
    await until(lambda: engine.booking.features.enabled("hold_changes"))
    sale = await put_on_sale(engine, seats=14)
    await _keep_back(database_url, sale, 12, 13)
    held = (await sale.reserve(engine, 0, 1)).reservation
    hold = {"reservation_id": held.id, "user_id": "ann"}
    await change_seats(engine.booking, **hold, seat_ids=(sale.seats[2], sale.seats[1]))
    extended = await extend(engine.booking, **hold, known_expires_at=held.expires_at)
    assert extended.reservation.extensions == 1
    await confirm(engine.booking, **hold)
    gone = (await sale.reserve(engine, 3, user="bob")).reservation
    await cancel(engine.booking, reservation_id=gone.id, user_id="bob")
    odd = (await sale.reserve(engine, 3, 4, user=ODD_USER, key='k"\\\n')).reservation
    await confirm(engine.booking, reservation_id=odd.id, user_id=ODD_USER)
    lapsed = (await sale.reserve(engine, 6, user="dan")).reservation
    await let_holds_run_out(database_url, lapsed.id)
    await expire_overdue(engine.booking.batcher, sale.event_id)
    best = (await sale.reserve_best(engine, 2, user="eve")).reservation
    await confirm(engine.booking, reservation_id=best.id, user_id="eve")
    fan, _ = await engine.booking.batcher.submit(sale.event_id, replace(sale.wish(12, user="fay"), code_digest=FANS))
    await confirm(engine.booking, reservation_id=fan.reservation.id, user_id="fay")
    await end(database_url, sale.event_id, days=days)
    return sale


async def a_deleted_event(_database_url: str, engine: Engine) -> OnSale:
    """An event that was deleted while seats were held."""
    sale = await put_on_sale(engine, seats=4)
    await sale.reserve(engine, 0, 1)
    await delete_event(engine.catalogue, sale.event_id)
    return sale


async def end(database_url: str, event_id: UUID, *, days: float) -> None:
    """Move everything that happened in an event into the past, so that it ended so many days ago."""

    async def move(table: str, key: str, *columns: str) -> None:
        moved = ", ".join(f"{column} = {column} - $2::interval" for column in columns)
        await sql(database_url, f"UPDATE {table} SET {moved} WHERE {key} = $1", event_id, timedelta(days=days + 1.1))

    await move("events", "id", "start_at", "end_at", "created_at", "updated_at")
    await move("reservations", "event_id", "created_at", "expires_at", "confirmed_at")
    await move("claims", "event_id", "expires_at")
    await move("changes", "event_id", "at")


async def _keep_back(database_url: str, sale: OnSale, *places: int) -> None:
    await sql(
        database_url,
        "INSERT INTO channels (event_id, key, name, code_digest, kept_back) VALUES ($1, 'fans', 'Fans', $2, $3)",
        *(sale.event_id, FANS, len(places)),
    )
    await sql(
        database_url,
        "INSERT INTO channel_seats (seat_id, event_id, channel_key)"
        " SELECT seat, $2, 'fans' FROM unnest($1::uuid[]) AS seat",
        *([sale.seats[place] for place in places], sale.event_id),
    )


async def rows_of(database_url: str, event_id: UUID) -> dict[str, tuple[str, int]]:
    """A hash of the rows of an event in each table, and their number."""
    return {row["of"]: (row["hash"], row["rows"]) for row in await sql(database_url, _HASHES.strip(), event_id)}


async def counted(database_url: str, event_id: UUID) -> dict[str, int]:
    """The number of rows that the tables have of an event."""
    tables = (*LEAVING, "archives", "archived_reservations")
    counts = ", ".join(f"(SELECT count(*) FROM {table} WHERE event_id = $1) AS {table}" for table in tables)
    [row] = await sql(database_url, f"SELECT {counts}", event_id)
    return dict(row)


def lines_of(path: Path) -> list:
    """The lines of a file, decoded."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
