"""Databases for tests: migrated, empty, and used again by the next test where nothing but rows has changed.

Creating and dropping a database takes 200 ms of CPU time, emptying one 30 ms, and most tests need one.
"""

import asyncio
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

_ATTEMPTS_MAX = 6
_names = (f"test_{os.getpid()}_{number}" for number in itertools.count(1))

_SESSIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SHAPE = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
    SELECT concat_ws(' ', 'class', oid, relname, relnamespace, relkind, relowner, reloptions, relacl, relrowsecurity)
    FROM pg_class WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace,
        'information_schema'::regnamespace) AND relpersistence = 'p'
    UNION ALL
    SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull, attisdropped, attacl) FROM pg_attribute
    WHERE attrelid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'default', adrelid, adnum, pg_get_expr(adbin, adrelid)) FROM pg_attrdef
    UNION ALL
    SELECT concat_ws(' ', 'constraint', oid, conname, conrelid, convalidated) FROM pg_constraint WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'index', indexrelid, indisvalid, indisready) FROM pg_index WHERE indrelid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL
    SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'rule', oid, xmin) FROM pg_rewrite WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'schema', nspname, nspowner, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL
    SELECT concat_ws(' ', 'database', datallowconn, datconnlimit, datacl, datdba) FROM pg_database
    WHERE datname = current_database()
    UNION ALL
    SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS lines (line)
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@dataclass
class _Made:
    """A database, and what it was like when it was new."""

    shape: str
    rows: dict[str, list[str]]
    """The rows that the migrations made, as JSON, by table. Every table is named."""


@dataclass
class Databases:
    """The databases of one process of the test run."""

    url: str
    superuser_url: str
    template: str
    _made: dict[str, _Made] = field(default_factory=dict)
    _idle: list[str] = field(default_factory=list)

    async def take(self) -> str:
        """Return the URL of a migrated, empty database."""
        if self._idle:
            return _on(self.url, self._idle.pop())
        name = await create(self.url, self.template)
        connection = await asyncpg.connect(_on(self.superuser_url, name))
        try:
            tables = [row["tablename"] for row in await connection.fetch(_TABLES)]
            rows = {
                table: [row[0] for row in await connection.fetch(f"SELECT to_jsonb(t)::text FROM {table} t")]
                for table in tables
            }
            self._made[name] = _Made(await connection.fetchval(_SHAPE), rows)
        finally:
            await connection.close()
        return _on(self.url, name)

    async def give_back(self, url: str) -> None:
        """Empty a database for the next test. If a test has changed more than rows, drop it."""
        name = url.rsplit("/", 1)[1]
        try:
            async with asyncio.timeout(20):
                same = await self._empty(name)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            same = False
        if same:
            self._idle.append(name)
        else:
            await drop(self.superuser_url, name)

    async def _empty(self, name: str) -> bool:
        made = self._made[name]
        connection = await asyncpg.connect(_on(self.superuser_url, name))
        try:
            await connection.fetch(_SESSIONS)
            if await connection.fetchval(_SHAPE) != made.shape:
                return False
            filled = ", ".join(f"CASE WHEN EXISTS (SELECT FROM {table}) THEN '{table}' END" for table in made.rows)
            full: Sequence[str] = await connection.fetchval(f"SELECT array_remove(ARRAY[{filled}], NULL)")
            if full:
                await connection.execute(f"TRUNCATE {', '.join(full)} RESTART IDENTITY CASCADE")
            for table, rows in made.rows.items():
                for row in rows:
                    await connection.execute(
                        f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb)", row
                    )
        finally:
            await connection.close()
        return True


async def create(url: str, template: str) -> str:
    """Create a database as a copy of another; return its name.

    Nobody may be connected to the other one. PostgreSQL waits five seconds for that, but on a busy machine whoever has
    migrated it may take longer to leave.
    """
    name = next(_names)
    for attempt in itertools.count(1):
        try:
            await _execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")
        except asyncpg.ObjectInUseError:
            if attempt == _ATTEMPTS_MAX:
                raise
        else:
            break
    return name


async def drop(superuser_url: str, name: str) -> None:
    """Drop a database. Autovacuum may be at work in it, and only the superuser may end that."""
    await _execute(superuser_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _on(url: str, name: str) -> str:
    return f"{url.rsplit('/', 1)[0]}/{name}"
