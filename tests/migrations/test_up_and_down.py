"""The schema goes up, down, and up again, reports its state, and keeps data that nobody meant to lose."""

import asyncio

import pytest

from box_office import sql
from holdfast.cli.migrations import down, show, up
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations import migrate
from holdfast.infrastructure.postgres.migrations.status import lost_by_downgrade, status
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
BOOKS = ("alembic_version", "migration_steps")
EVENT = """
INSERT INTO events (id, name, description, venue, total_seats, start_at, end_at, created_at, updated_at)
VALUES (gen_random_uuid(), 'x', '', '', 9, now(), now(), now(), now())"""


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
    assert [line for line in shape_of(url) if not any(book in line for book in BOOKS)] == []
    migrate.upgrade(url)
    assert shape_of(url) == first
    assert asyncio.run(sql(url, "SELECT 1 FROM migration_steps")) == [], "nothing is half done"


HOT_TABLES = ("events", "seats", "claims", "reservations", "changes")


def test_hot_tables_are_vacuumed_after_a_number_of_rows_however_large_they_are(database_url):
    rows = asyncio.run(sql(database_url, "SELECT relname, reloptions FROM pg_class WHERE relkind = 'r'"))
    options = {row["relname"]: dict(one.split("=") for one in row["reloptions"] or ()) for row in rows}
    for table in HOT_TABLES:
        given = options[table]
        for kind in ("vacuum", "analyze"):
            assert float(given[f"autovacuum_{kind}_scale_factor"]) == 0, (table, kind)
            assert 1_000 <= int(given[f"autovacuum_{kind}_threshold"]) <= 100_000, (table, kind)
        if table != "events":  # few rows are added to it
            assert float(given["autovacuum_vacuum_insert_scale_factor"]) == 0, table
            assert int(given["autovacuum_vacuum_insert_threshold"]) <= 100_000, table


def test_one_step_down_and_up(database_url):
    before = shape_of(database_url)
    migrate.downgrade(database_url)
    now = status(database_url)
    assert len(now.pending) == 1
    assert not now.at_head
    migrate.upgrade(database_url)
    assert shape_of(database_url) == before


@pytest.mark.slow
def test_data_does_not_go_unasked(database_url):
    settings = Settings(database_url=database_url)
    asked = []

    def refuse(lost):
        asked.append(lost)
        return False

    while status(database_url).current > "0001":
        down(settings, refuse)
    assert asked == [], "nobody misses an index"
    asyncio.run(sql(database_url, EVENT))
    with pytest.raises(EmbeddedError, match=r"nothing was done.* events \(1 row\); add --yes"):
        down(settings, refuse)
    assert asked == [["events (1 row)"]]
    assert len(asyncio.run(sql(database_url, "SELECT 1 FROM events"))) == 1
    assert down(settings, lambda lost: lost == ["events (1 row)"]).startswith("schema none")
    assert up(settings).startswith(f"schema {newest_migration()}")


def test_a_column_that_goes_is_counted_by_what_stands_in_it(database_url, monkeypatch):
    from holdfast.infrastructure.postgres.migrations import status as asked
    from holdfast.infrastructure.postgres.migrations.script import steps_of

    script = "-- step: one\nALTER TABLE events DROP COLUMN IF EXISTS deleted_at;\n-- step: two\nDELETE FROM events;"
    monkeypatch.setattr(asked, "steps_of_revision", lambda *_: steps_of(script))
    asyncio.run(sql(database_url, EVENT))
    assert lost_by_downgrade(database_url) == ["events (1 row)"]
    asyncio.run(sql(database_url, EVENT))
    asyncio.run(sql(database_url, "UPDATE events SET deleted_at = now()"))
    assert lost_by_downgrade(database_url) == ["events.deleted_at (2 rows)", "events (2 rows)"]


def test_archived_events_come_back_before_an_older_version_does(database_url):
    """It would sell the seats of an archived event as if nobody had reserved them."""
    migrate.downgrade(database_url, "0009")
    asyncio.run(sql(database_url, EVENT))
    asyncio.run(sql(database_url, "UPDATE events SET archived_at = now()"))
    with pytest.raises(EmbeddedError, match="bring them back first: holdfast archive restore --all"):
        down(Settings(database_url=database_url), lambda _: True)
    asyncio.run(sql(database_url, "UPDATE events SET archived_at = NULL"))
    assert down(Settings(database_url=database_url), lambda _: True).startswith("schema 0008")


def test_the_status_tells_what_is_to_come(empty_database_url):
    now = status(empty_database_url)
    assert (now.current, now.at_head, now.finished) == (None, False, None)
    assert now.pending[0].startswith("0001 ")
    assert now.pending[-1].startswith(newest_migration())
    migrate.upgrade(empty_database_url)
    now = status(empty_database_url)
    assert (now.current, now.head, now.pending) == (newest_migration(), newest_migration(), [])
    assert now.at_head
    assert now.is_finished, "no older node can have used a database without a schema"
    assert show(Settings(database_url=empty_database_url)) == f"schema {now.head}, newest {now.head}"


def test_a_schema_of_a_newer_version_is_left_alone_and_named(database_url):
    asyncio.run(sql(database_url, "UPDATE alembic_version SET version_num = '9999'"))
    settings = Settings(database_url=database_url)
    assert "9999, newest 0" in up(settings)
    assert "newer version has migrated it" in show(settings)
    with pytest.raises(EmbeddedError, match="the version that has migrated it can take that back"):
        down(settings, lambda _: True)
    assert asyncio.run(sql(database_url, "SELECT version_num FROM alembic_version"))[0]["version_num"] == "9999"


def test_a_database_that_is_not_there_fails(empty_database_url):
    with pytest.raises(Exception, match="does not exist"):
        status(empty_database_url + "_not")
