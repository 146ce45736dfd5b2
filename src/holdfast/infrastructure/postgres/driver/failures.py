"""Translates the driver's errors in one place: constraint violations by name, all others by SQLSTATE.

An error counts as a bug of this code only if nothing else can cause it: a statement that is wrong in itself, or values
it cannot take. Anything else that a server, or the way to it, can report is operational, including what nobody foresaw.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog
from asyncpg import exceptions as pg

from holdfast.application.failures import ConnectionLost, Contended, GuardMismatch, Obstructed, OperationalFailure
from holdfast.server_urls.cells import Cell
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

GUARDING_CONSTRAINTS = frozenset(
    {
        "claims_pkey",
        "changes_pkey",
        "reservations_pkey",
        "reservations_idempotency_key",
        "events_counters_check",
    }
)
"""They cannot be violated under the event's lock. If one is, something wrote without the lock."""

SEAT_NUMBER_CONSTRAINT = "seats_number_key"
"""The only constraint that a caller's input can violate. `seat_numbers` names the numbers."""

BUG_STATES = (
    *("21", "22", "23", "44", "P0"),  # row counts, values, constraints, triggers
    # Statements that are wrong in themselves. The rest of class 42 can also result from a wrong deployment: missing
    # privileges, and tables, columns, functions and types that are missing or unexpected.
    *("42000", "42601", "42602", "42622", "42712", "42803", "42939"),
    *("42P02", "42P08", "42P09", "42P18", "42P19", "42P20"),
)
"""SQLSTATE classes and codes that only this code's statements, or the values given to them, can cause."""

NO_BUG_STATES = ("22P05",)
"""Exceptions to these, which do have an outside cause: a database encoding that lacks some characters."""

LOST_STATES = ("08", "25006", "25P03", "25P04", "53300", "57P", "58")
"""SQLSTATE classes and codes meaning that this connection, or this server, has become useless."""

CONTENDED_STATES = ("40", "53", "55006", "55P03", "57014")
"""SQLSTATE classes and codes meaning that the transaction was rolled back and may succeed if it is repeated."""

_WRONG_CALL = "argument"
"""A word found in the driver's error for a statement with the wrong number of values, and in no other of its errors."""

_ESSENTIAL = "connection marked as essential"
"""Words of Citus's error, of code XX000, when it has lost the node to which it passed on a statement or a COMMIT."""

_SHARD = re.compile(r"_[0-9]+$")

WARN_SECONDS = 10.0
"""The minimum time between two log lines about the same kind of failure of one cell."""
_KINDS_MAX = 256


class OutdatedRowType(ConnectionLost):
    """A column was added, by a migration, to a table whose rows this connection has read whole."""


@contextmanager
def translated(cell: Cell) -> Iterator[None]:
    """Translate the driver's errors into the application's, and count them for the cell.

    Raises:
        ConnectionLost: the connection has become useless; what was sent last may or may not have taken effect.
        Contended: the transaction was rolled back.
        Obstructed: it was rolled back, for a reason that may last.
        GuardMismatch: a guarding constraint was violated.
    """
    try:
        yield
    except Exception as error:
        translation = translation_of(error)
        if translation is None:
            raise
        if isinstance(translation, OperationalFailure):
            troubles.note(translation, error, cell)
        raise translation from error


def translation_of(error: Exception) -> OperationalFailure | GuardMismatch | None:
    """Return what an error of the driver means; None if it is a bug, or not the driver's."""
    if isinstance(error, pg.IntegrityConstraintViolationError) and constraint_of(error) in GUARDING_CONSTRAINTS:
        return GuardMismatch(f"{constraint_of(error)}: {error}")
    if isinstance(error, pg.InvalidCachedStatementError):
        return Contended(str(error))
    if isinstance(error, (asyncpg.PostgresError, pg.PostgresWarning)):  # an error may carry the code of a warning
        return _translation_by_state(error)
    if isinstance(error, asyncpg.InterfaceError):
        wrong = isinstance(error, asyncpg.DataError) or _WRONG_CALL in str(error)
        return None if wrong else ConnectionLost(str(error))
    if isinstance(error, (OSError, EOFError, asyncpg.InternalClientError)) or _is_of_a_closed_transport(error):
        lost = OutdatedRowType if isinstance(error, pg.OutdatedSchemaCacheError) else ConnectionLost
        return lost(f"{type(error).__name__}: {error}")
    return None


def constraint_of(error: asyncpg.PostgresError) -> str | None:
    """Return the name of the constraint that a statement broke, as the migrations have it; None without one.

    Citus adds the number of the shard to it: `claims_pkey_102053`.
    """
    name: str | None = error.constraint_name
    return name and _SHARD.sub("", name)


def _translation_by_state(error: asyncpg.PostgresError | pg.PostgresWarning) -> OperationalFailure | None:
    state = error.sqlstate or ""
    text = f"{state} {error}"
    if _ESSENTIAL in str(error):
        return ConnectionLost(text)
    if state.startswith(LOST_STATES) or getattr(error, "severity_en", None) in ("FATAL", "PANIC"):
        return ConnectionLost(text)
    if state.startswith(CONTENDED_STATES):
        return Contended(text)
    if state.startswith(BUG_STATES) and state not in NO_BUG_STATES:
        return None
    return Obstructed(text)


def _is_of_a_closed_transport(error: Exception) -> bool:
    """Return whether uvloop raised this because a connection was cut between two steps of the driver."""
    return isinstance(error, RuntimeError) and "handler is closed" in str(error)


class Troubles:
    """The failures of PostgreSQL, or of the way to it, in this process: all are counted, some are logged."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], tuple[float, int]] = {}
        """When each SQLSTATE of each cell was last logged, and how often it has occurred since."""

    def note(self, failure: OperationalFailure, cause: BaseException, cell: Cell, *, connecting: bool = False) -> None:
        """Record a failure of a cell, and the driver's error behind it.

        The caller reports what became of its own work. Logged here is what an operator has to fix: what the server
        refuses while connecting, or for longer.
        """
        state = getattr(cause, "sqlstate", None) or "client"
        kind = _kind_of(failure)
        state_class = state if state == "client" else state[:2]
        metrics.database_failures_total.labels(cell.label, kind, state_class).inc()
        if kind != "obstructed" and not (connecting and isinstance(cause, asyncpg.PostgresError)):
            return
        now = time.monotonic()
        what = cell.number, state
        told_at, more = self._told.get(what, (-WARN_SECONDS, 0))
        if now - told_at < WARN_SECONDS:
            self._told[what] = told_at, more + 1
            return
        if len(self._told) >= _KINDS_MAX:
            self._told.clear()
        self._told[what] = now, 0
        log.warning("database_failed", cell=cell.number, kind=kind, sqlstate=state, error=str(failure), more_since=more)


def _kind_of(failure: OperationalFailure) -> str:
    if isinstance(failure, ConnectionLost):
        return "connection_lost"
    return "obstructed" if isinstance(failure, Obstructed) else "contended"


troubles = Troubles()
"""The failures of this process."""
