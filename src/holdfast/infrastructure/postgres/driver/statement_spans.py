"""Adds every statement to the trace by its name, never with its values."""

import re

from asyncpg import Connection
from asyncpg.connection import LoggedQuery

from holdfast.infrastructure.postgres.driver.queries import name_of
from holdfast.telemetry import tracing

_BEGINNING = re.compile(r"^BEGIN; (?:SET LOCAL lock_timeout = \d+; )?")
_EVENT_IDS = re.compile(r"'(?:[0-9a-f-]{36}|\{[0-9a-f,-]+\})'")


def trace_statements(connection: Connection) -> None:
    """Report the statements of a connection to the trace, if tracing is on."""
    if tracing.active is not None:
        connection.add_query_logger(_tell)


def _tell(query: LoggedQuery) -> None:
    if tracing.active is not None:
        error = None if query.exception is None else type(query.exception).__name__
        tracing.active.called(_name_of(query.query), "postgresql", seconds=query.elapsed, error=error)


def _name_of(sql: str) -> str:
    """Return a statement's name, or its first word if it is in no file."""
    # Locking an event is the same step of a batch, whether or not it waits.
    head = _BEGINNING.sub("", _EVENT_IDS.sub("$1", sql)).removesuffix(" SKIP LOCKED")
    return name_of(sql) or name_of(head) or head.split(None, 1)[0].rstrip(";")
