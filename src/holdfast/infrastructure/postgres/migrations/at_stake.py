"""What a step down would drop, parsed from its SQL and counted in the database."""

import re
from collections.abc import Iterable, Iterator, Sequence

import asyncpg

from holdfast.infrastructure.postgres.migrations.script import Step, in_one_line

ROWS_SHOWN_MAX = 1_000_000
"""Counting a hundred million rows would take minutes, and the operator only needs to know that there are very many."""
_BOOKS = {"installation", "migration_steps", "rights"}
"""Tables about the schema, without data of the sale."""
_MADE_BY_MIGRATIONS = {"organisers": "id = '00000000-0000-7000-8000-000000000000'"}
"""Rows that are no loss, since migrating up creates them again."""
_NOT_DEFAULT = {
    ("events", "published"): "NOT published",
    ("events", "confirmation"): "confirmation <> 'buyer'",
    ("events", "timezone"): "timezone <> 'UTC'",
    ("events", "currency"): "currency <> 'JPY'",
    ("events", "chart_edits"): "chart_edits <> 0",
    ("seats", "area"): "area",
    ("seats", "accessible"): "accessible",
    ("seats", "restricted_view"): "restricted_view",
    ("reservations", "extensions"): "extensions > 0",
    ("reservations", "beyond_limit"): "beyond_limit",
}
"""For columns whose default is no loss: which rows have something else."""

_DROP_TABLE = re.compile(r"DROP TABLE (?:IF EXISTS )?(?P<tables>\w+(?:, ?\w+)*)", re.IGNORECASE)
_EMPTIED = re.compile(r"(?:DELETE FROM|TRUNCATE(?: TABLE)?) (?P<tables>\w+(?:, ?\w+)*)", re.IGNORECASE)
_ALTER_TABLE = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?P<table>\w+) ", re.IGNORECASE)
_DROP_COLUMN = re.compile(r"DROP COLUMN (?:IF EXISTS )?(?P<column>\w+)", re.IGNORECASE)


async def at_stake(connection: asyncpg.Connection, steps: Iterable[Step]) -> list[str]:
    """Return what would be lost, if not empty: tables with their row counts, columns with their value counts."""
    found = []
    for table, column in _losses(steps):
        if await connection.fetchval("SELECT to_regclass($1)", table) is None:
            continue
        where = f"WHERE {_NOT_DEFAULT.get((table, column), f'{column} IS NOT NULL')}" if column else ""
        if table in _MADE_BY_MIGRATIONS:
            where = f"WHERE NOT ({_MADE_BY_MIGRATIONS[table]})"
        rows = await connection.fetchval(
            f"SELECT count(*) FROM (SELECT FROM {table} {where} LIMIT $1) AS counted",  # noqa: S608 - names of our own
            ROWS_SHOWN_MAX + 1,
        )
        if rows:
            counted = f"more than {ROWS_SHOWN_MAX:,}" if rows > ROWS_SHOWN_MAX else f"{rows:,}"
            name = f"{table}.{column}" if column else table
            found.append(f"{name} ({counted} row{'' if rows == 1 else 's'})")
    return found


async def entries_at_stake(connection: asyncpg.Connection, kinds: Sequence[str]) -> list[str]:
    """Return which of these kinds of log entries there are. They would remain, and older nodes cannot read them."""
    found = [
        kind
        for kind in kinds
        if await connection.fetchval("SELECT EXISTS (SELECT 1 FROM changes WHERE kind = $1)", kind)
    ]
    return [f"the meaning of log entries of the kinds {', '.join(found)}"] if found else []


def _losses(steps: Iterable[Step]) -> Iterator[tuple[str, str | None]]:
    for step in steps:
        for statement in map(in_one_line, step.statements):
            whole = _DROP_TABLE.match(statement) or _EMPTIED.match(statement)
            if whole is not None:
                yield from ((name.strip(), None) for name in whole["tables"].split(",") if name.strip() not in _BOOKS)
            altered = _ALTER_TABLE.match(statement)
            if altered is not None:
                yield from ((altered["table"], dropped["column"]) for dropped in _DROP_COLUMN.finditer(statement))
