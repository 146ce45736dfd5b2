"""The schema goes up, down, and up again, and says where it stands."""

import asyncio

import pytest

from box_office import sql
from holdfast.cli.database import migrate as _migrate
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.postgres.migrations import migrate
from holdfast.settings import Settings

SHAPE = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS line
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT relname || ' ' || reloptions::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
ORDER BY 1
"""


def shape_of(url):
    return [row["line"] for row in asyncio.run(sql(url, SHAPE))]


def test_up_and_down_and_up_again_is_the_same_schema(empty_database_url):
    url = empty_database_url
    migrate.upgrade(url)
    first = shape_of(url)
    assert any(line.startswith("claims.seat_id") for line in first)
    migrate.upgrade(url)
    assert shape_of(url) == first, "up twice is up once"
    migrate.downgrade(url, "base")
    assert [line for line in shape_of(url) if "alembic_version" not in line] == []
    migrate.upgrade(url)
    assert shape_of(url) == first


HOT_TABLES = ("events", "seats", "claims", "reservations", "changes")


def test_hot_tables_are_vacuumed_after_a_number_of_rows_however_large_they_are(database_url):
    rows = asyncio.run(sql(database_url, "SELECT relname, reloptions FROM pg_class WHERE relkind = 'r'"))
    options = {row["relname"]: dict(one.split("=") for one in row["reloptions"] or ()) for row in rows}
    for table in HOT_TABLES:
        given = options[table]
        for kind in ("vacuum", "analyze"):
            assert float(given[f"autovacuum_{kind}_scale_factor"]) == 0, (table, kind)
            assert 1_000 <= int(given[f"autovacuum_{kind}_threshold"]) <= 100_000, (table, kind)
        if table != "events":  # few rows come to it
            assert float(given["autovacuum_vacuum_insert_scale_factor"]) == 0, table
            assert int(given["autovacuum_vacuum_insert_threshold"]) <= 100_000, table


def test_one_step_down_and_up(database_url):
    before = shape_of(database_url)
    migrate.downgrade(database_url)
    status = migrate.status(database_url)
    assert len(status.pending) == 1
    assert not status.at_head
    migrate.upgrade(database_url)
    assert shape_of(database_url) == before


def test_data_does_not_go_unasked(database_url):
    settings = Settings(database_url=database_url)
    _migrate("downgrade", settings)
    assert _migrate("downgrade", settings).startswith("schema none")
    migrate.upgrade(database_url, "0001")
    times = "now(), now(), now(), now()"
    event = f"gen_random_uuid(), 'x', '', '', 9, {times}"
    columns = "id, name, description, venue, total_seats, start_at, end_at, created_at, updated_at"
    asyncio.run(sql(database_url, f"INSERT INTO events ({columns}) VALUES ({event})"))
    with pytest.raises(EmbeddedError, match=r"1 events .* --yes"):
        _migrate("downgrade", settings)
    assert len(asyncio.run(sql(database_url, "SELECT 1 FROM events"))) == 1
    assert _migrate("downgrade", settings, may_drop=lambda events: events == 1).startswith("schema none")


def test_the_status_tells_what_is_to_come(empty_database_url):
    status = migrate.status(empty_database_url)
    assert (status.current, status.at_head) == (None, False)
    assert status.pending[0].startswith("0001 ")
    assert status.pending[-1].startswith(migrate.head_revision())
    migrate.upgrade(empty_database_url)
    status = migrate.status(empty_database_url)
    assert (status.current, status.head, status.pending) == (migrate.head_revision(), migrate.head_revision(), [])
    assert status.at_head


async def test_two_operators_at_once_do_not_get_in_each_others_way(empty_database_url):
    await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, empty_database_url) for _ in range(2)))
    status = await asyncio.to_thread(migrate.status, empty_database_url)
    assert status.at_head


def test_a_database_that_is_not_there_fails(empty_database_url):
    with pytest.raises(Exception, match="does not exist"):
        migrate.status(empty_database_url + "_not")
