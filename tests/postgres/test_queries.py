"""Every statement can be prepared, has a sentence and a caller; every constraint we name exists."""

import inspect
import re
from pathlib import Path

import asyncpg
import pytest

from box_office import sql
from holdfast.infrastructure import postgres
from holdfast.infrastructure.postgres.driver import failures
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.driver.queries import load_queries
from holdfast.infrastructure.postgres.driver.statement_spans import _name_of
from holdfast.server_urls.cells import Cell

FOLDER = Path(inspect.getfile(postgres)).parent
FILES = sorted(
    str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.sql") if "versions" not in path.parts
)
_TABLES_OF_AN_AUDIT = """
CREATE TEMP TABLE scoped_entries (event_id uuid, version bigint, reservation_id uuid);
CREATE TEMP TABLE scoped_wants (event_id uuid, seat_id uuid, live boolean);
CREATE TEMP TABLE scoped_reservations (LIKE reservations);
CREATE TEMP TABLE scoped_seats (LIKE seats);
CREATE TEMP TABLE scoped_changes (LIKE changes);
CREATE TEMP TABLE scoped_events (LIKE events)"""
HOME = Cell(0, "postgresql://")


async def test_every_statement_can_be_prepared(database_url):
    connection = await connect(database_url, application_name="test", timeouts=Timeouts())
    try:
        await connection.execute(_TABLES_OF_AN_AUDIT)
        for file_name in FILES:
            for query in load_queries(file_name).values():
                await connection.prepare(query.sql)
    finally:
        await connection.close()


@pytest.mark.parametrize("file_name", FILES)
def test_every_statement_has_a_sentence(file_name):
    for query in load_queries(file_name).values():
        assert query.purpose[0].isupper(), query.name
        assert query.purpose.endswith("."), query.name
        assert query.sql.strip(), query.name


def test_every_statement_has_a_caller():
    """Fields and statements are compared when the program starts; here, whether anything uses the field."""
    source = "\n".join(path.read_text() for path in FOLDER.rglob("*.py"))
    assert set(re.findall(r'load_queries\("([\w/]+)"\)', source)) == set(FILES)
    names = {name for file_name in FILES for name in load_queries(file_name) if not file_name.endswith("invariants")}
    assert [name for name in sorted(names) if not re.search(rf"(?:queries|[A-Z_]+)\.{name}\b", source)] == []


def test_which_cell_a_database_is_is_read_by_one_statement():
    """Readiness and the register must not come to disagree about it."""
    readers = [
        f"{file_name}: {name}"
        for file_name in FILES
        for name, query in load_queries(file_name).items()
        if re.search(r"SELECT\s[^;]*\bcell\b[^;]*\sFROM\s+installation\b", query.sql)
    ]
    assert readers == ["cells/register: own_number"]


def test_a_trace_names_every_statement():
    """Those of five files once had their names there, and all others were just `SELECT` or `WITH`."""
    queries = [query for file_name in FILES for query in load_queries(file_name).values()]
    unnamed = [query.name for query in queries if _name_of(query.sql) == query.sql.split(None, 1)[0]]
    assert unnamed == []


def test_no_value_is_numbered_by_hand():
    numbers = {path.name: re.findall(r"\$\d+", path.read_text()) for path in FOLDER.rglob("*.sql")}
    assert FILES
    assert {name: found for name, found in numbers.items() if found} == {}


def test_a_statement_without_a_sentence_is_refused(monkeypatch, tmp_path):
    from holdfast.infrastructure.postgres.driver import queries

    monkeypatch.setattr(queries, "files", lambda _: tmp_path)
    for name, text in {
        "mute": "-- one\nSELECT 1\n",
        "twice": "-- one\n-- A.\nSELECT 1\n-- one\n-- B.\nSELECT 2\n",
        "odd": "-- one\n-- A.\nSELECT $1\n",
    }.items():
        (tmp_path / f"{name}.sql").write_text(text)
        with pytest.raises(ValueError, match=rf"{name}\.sql: one"):
            queries.load_queries.__wrapped__(name)


async def test_the_constraints_that_are_named_exist(database_url):
    rows = await sql(
        database_url,
        "SELECT conname AS name FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
        "UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    )
    stored = {row["name"] for row in rows}
    assert stored >= failures.GUARDING_CONSTRAINTS | {failures.SEAT_NUMBER_CONSTRAINT}


OF_EACH_CELL = ("alembic_version", "migration_steps", "installation", "audit")
OF_THE_FIRST_CELL = (
    *("organisers", "members", "api_keys", "accounts", "rights"),
    *("sessions", "sign_in_links", "ticket_keys", "cells"),
)
"""They belong to no event."""


async def test_no_key_is_without_the_event(database_url):
    """The tables could be distributed by event."""
    keys = await sql(
        database_url,
        """
        SELECT c.relname AS table, i.relname AS key, array_agg(a.attname::text) AS columns
        FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey::int2[])
        WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL ($1)
        GROUP BY c.relname, i.relname
        """,
        [*OF_EACH_CELL, *OF_THE_FIRST_CELL],
    )
    for key in keys:
        assert ({"event_id"} if key["table"] != "events" else {"id"}) <= set(key["columns"]), dict(key)


async def test_the_planner_is_told_not_to_scan(database_url):
    connection = await connect(database_url, application_name="test", timeouts=Timeouts())
    try:
        shown = {
            name: await connection.fetchval("SELECT current_setting($1)", name)
            for name in (
                "enable_seqscan",
                "plan_cache_mode",
                "lock_timeout",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    finally:
        await connection.close()
    assert shown == {
        "enable_seqscan": "off",
        "plan_cache_mode": "force_generic_plan",
        "lock_timeout": "3s",
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "2s",
    }


def test_time_outs_stand_in_their_order():
    times = Timeouts()
    assert (
        times.connect_seconds
        < times.idle_in_transaction_seconds
        < times.lock_seconds
        < times.statement_seconds
        < times.bulk_statement_seconds
    )


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (asyncpg.InterfaceError("connection is closed"), "ConnectionLost"),
        (asyncpg.InterfaceError("wrong number of arguments"), "InterfaceError"),
        (asyncpg.InternalClientError("got unexpected message"), "ConnectionLost"),
        (asyncpg.exceptions.InvalidCachedStatementError("cached plan"), "Contended"),
        (asyncpg.ConnectionDoesNotExistError("gone"), "ConnectionLost"),
        (asyncpg.CannotConnectNowError("starting up"), "ConnectionLost"),
        (asyncpg.DeadlockDetectedError("deadlock"), "Contended"),
        (asyncpg.DiskFullError("full"), "Contended"),
        (asyncpg.SyntaxOrAccessError("typo"), "SyntaxOrAccessError"),
        (ConnectionRefusedError("nobody"), "ConnectionLost"),
        (TimeoutError(), "ConnectionLost"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_drivers_errors_become_ours(raised, expected):
    with pytest.raises(Exception) as told, failures.translated(HOME):
        raise raised
    assert type(told.value).__name__ == expected
    assert told.value is raised or told.value.__cause__ is raised
