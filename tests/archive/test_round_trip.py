"""An event that was archived and restored is what it was, byte for byte."""

import hashlib
from uuid import UUID

import pytest

from archive.past_events import (
    LEAVING,
    ODD_USER,
    a_deleted_event,
    a_past_event,
    counted,
    lines_of,
    open_archive,
    rows_of,
)
from box_office import assert_promises_hold, put_on_sale, sql
from holdfast.application.upkeep.archive.refusals import NotArchivedError
from holdfast.infrastructure.postgres.archive.columns import COLUMNS


@pytest.mark.parametrize("kind", [a_past_event, a_deleted_event])
async def test_rows_come_back_as_they_were_and_give_the_same_file_again(database_url, engine, archive, kind, tmp_path):
    sale = await kind(database_url, engine)
    await put_on_sale(engine)
    before = await rows_of(database_url, sale.event_id)
    archived = await archive.put_away(sale.event_id)
    assert archived is not None
    left = await counted(database_url, sale.event_id)
    reservations = before["reservations"][1]
    assert left == dict.fromkeys(LEAVING, 0) | {"archives": 1, "archived_reservations": reservations}
    for table in ("seats", "channels", "channel_seats"):
        assert (await rows_of(database_url, sale.event_id))[table] == before[table]
    [path] = tmp_path.iterdir()
    written = path.read_bytes()
    assert archived.file.name == path.name == f"{sale.event_id}-{hashlib.sha256(written).hexdigest()[:16]}.jsonl.gz"

    await archive.bring_back(sale.event_id)
    assert await rows_of(database_url, sale.event_id) == before
    assert await counted(database_url, sale.event_id) == {
        **{table: before[table][1] for table in LEAVING},
        "archives": 1,
        "archived_reservations": 0,
    }
    await assert_promises_hold(database_url)

    path.unlink()
    again = await archive.put_away(sale.event_id)
    assert again.file == archived.file
    assert path.read_bytes() == written


async def test_a_file_tells_of_itself(database_url, engine, archive, tmp_path):
    sale = await a_past_event(database_url, engine)
    await archive.put_away(sale.event_id)
    header, *rows, last = lines_of(next(tmp_path.iterdir()))
    assert header["format"] == "holdfast-archive/1"
    assert header["event"]["id"] == str(sale.event_id)
    assert "archived_at" not in header["event"]
    assert list(last) == ["sha256"]
    by_table = {table: [row[1:] for row in rows if row[0] == table] for table in LEAVING}
    assert [row[0] for row in rows] == [table for table in LEAVING for _ in by_table[table]]
    for table in LEAVING:
        assert header["tables"][table] == {"columns": list(COLUMNS[table]), "rows": len(by_table[table])}
        assert all(len(row) == len(COLUMNS[table]) for row in by_table[table])
    assert ODD_USER in {row[2] for row in by_table["reservations"]}
    assert [row[1] for row in by_table["changes"]] == list(range(1, header["event"]["version"] + 1))
    kinds = {row[2] for row in by_table["changes"]}
    assert {"seats_changed", "extended", "expired", "cancelled", "confirmed"} <= kinds


async def test_the_size_of_portions_does_not_show(database_url, engine, archive, tmp_path):
    sale = await a_past_event(database_url, engine)
    first = await archive.put_away(sale.event_id)
    await archive.bring_back(sale.event_id)
    async with open_archive(database_url, tmp_path, rows_max=5_000) as other:
        assert (await other.put_away(sale.event_id)).file == first.file


async def test_the_buyer_of_an_archived_reservation_is_known_and_nobody_else(database_url, engine, archive):
    sale = await a_past_event(database_url, engine)
    rows = await sql(database_url, "SELECT id, user_id FROM reservations WHERE event_id = $1", sale.event_id)
    await archive.put_away(sale.event_id)
    kept = {row["id"]: row["buyer"] for row in await sql(database_url, "SELECT id, buyer FROM archived_reservations")}
    wanted = {row["id"]: hashlib.sha256(row["id"].bytes + row["user_id"].encode()).digest()[:8] for row in rows}
    assert kept == wanted


async def test_an_event_without_reservations_is_archived_too(database_url, engine, archive):
    sale = await put_on_sale(engine)
    await archive.put_away(sale.event_id)
    before = await counted(database_url, sale.event_id)
    assert before == dict.fromkeys(LEAVING, 0) | {"archives": 1, "archived_reservations": 0}
    await archive.bring_back(sale.event_id)
    await assert_promises_hold(database_url)


async def test_every_column_of_the_tables_is_in_the_file(database_url):
    """A migration that adds a column to one of them must say so in `columns.py` and `archive.sql`."""
    for table in LEAVING:
        rows = await sql(
            database_url,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1"
            " ORDER BY ordinal_position",
            table,
        )
        assert [row["column_name"] for row in rows] == list(COLUMNS[table])


async def test_what_is_not_archived_is_not_restored(database_url, engine, archive):
    sale = await a_past_event(database_url, engine)
    with pytest.raises(NotArchivedError, match="is no event"):
        await archive.bring_back(UUID(int=7))
    with pytest.raises(NotArchivedError, match=r"is not archived$"):
        await archive.bring_back(sale.event_id)
    await archive.put_away(sale.event_id)
    await archive.bring_back(sale.event_id)
    with pytest.raises(NotArchivedError, match=r"is not archived: it was restored at 20\d\d-"):
        await archive.bring_back(sale.event_id)
