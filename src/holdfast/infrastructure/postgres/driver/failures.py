"""Translates what the driver raises, in one place: constraints by their names, the rest by their SQLSTATE.

An error is a bug of this code only where nothing else can cause it: a statement that is wrong by itself, or values that
it cannot take. Whatever else a server or the way to it can say is operational, also what nobody has thought of.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog
from asyncpg import exceptions as pg

from holdfast.application.failures import ConnectionLost, Contended, GuardMismatch, Obstructed, OperationalFailure
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
"""Under the event's lock these are never violated; when they are, somebody wrote past the lock."""

SEAT_NUMBER_CONSTRAINT = "seats_number_key"
"""The one constraint that a caller's input can violate; `catalogue_store` names the numbers."""

BUG_STATES = (
    *("21", "22", "23", "44", "P0"),  # wrong numbers of rows, values, broken constraints, what a trigger refuses
    # Statements that are wrong by themselves. The rest of class 42 is what a wrong deployment says as well: privileges,
    # and tables, columns, functions and types that are missing or other than expected.
    *("42000", "42601", "42602", "42622", "42712", "42803", "42939"),
    *("42P02", "42P08", "42P09", "42P18", "42P19", "42P20"),
)
"""SQLSTATE classes and codes that only a statement of this code, or the values given to it, can cause."""

NO_BUG_STATES = ("22P05",)
"""Of these the ones that the surroundings cause after all: a database that cannot store all characters."""

LOST_STATES = ("08", "25006", "25P03", "25P04", "53300", "57P", "58")
"""SQLSTATE classes and codes that mean: this connection, or this server, is of no more use now."""

CONTENDED_STATES = ("40", "53", "55006", "55P03", "57014")
"""SQLSTATE classes and codes that mean: rolled back, and may well succeed when tried again."""

_WRONG_CALL = "argument"
"""A word of what the driver says of a statement that was given the wrong number of values, and of nothing else."""

WARN_SECONDS = 10.0
"""How often at most one kind of failure is written to the log."""
_KINDS_MAX = 256


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into the application's.

    Raises:
        ConnectionLost: the connection is of no more use; what was sent last may or may not have taken effect.
        Contended: rolled back.
        Obstructed: rolled back, and it may be so for long.
        GuardMismatch: a guarding constraint was violated.
    """
    try:
        yield
    except Exception as error:
        translation = translation_of(error)
        if translation is None:
            raise
        if isinstance(translation, OperationalFailure):
            troubles.note(translation, error)
        raise translation from error


def translation_of(error: Exception) -> OperationalFailure | GuardMismatch | None:
    """Say what an error of the driver means; None where it is a bug, or none of the driver's."""
    if isinstance(error, pg.IntegrityConstraintViolationError) and error.constraint_name in GUARDING_CONSTRAINTS:
        return GuardMismatch(f"{error.constraint_name}: {error}")
    if isinstance(error, pg.InvalidCachedStatementError):
        return Contended(str(error))
    if isinstance(error, (asyncpg.PostgresError, pg.PostgresWarning)):  # also an error with the code of a warning
        return _translation_by_state(error)
    if isinstance(error, asyncpg.InterfaceError):
        wrong = isinstance(error, asyncpg.DataError) or _WRONG_CALL in str(error)
        return None if wrong else ConnectionLost(str(error))
    if isinstance(error, (OSError, EOFError, asyncpg.InternalClientError)) or _is_of_a_closed_transport(error):
        return ConnectionLost(f"{type(error).__name__}: {error}")
    return None


def _translation_by_state(error: asyncpg.PostgresError | pg.PostgresWarning) -> OperationalFailure | None:
    state = error.sqlstate or ""
    text = f"{state} {error}"
    if state.startswith(LOST_STATES) or getattr(error, "severity_en", None) in ("FATAL", "PANIC"):
        return ConnectionLost(text)
    if state.startswith(CONTENDED_STATES):
        return Contended(text)
    if state.startswith(BUG_STATES) and state not in NO_BUG_STATES:
        return None
    return Obstructed(text)


def _is_of_a_closed_transport(error: Exception) -> bool:
    """Uvloop says so when a connection was cut between two steps of the driver."""
    return isinstance(error, RuntimeError) and "handler is closed" in str(error)


class Troubles:
    """What PostgreSQL, or the way to it, was found to do: counted, and told in the log now and then."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, int]] = {}
        """When each SQLSTATE was last written to the log, and how many of it were not written since."""

    def note(self, failure: OperationalFailure, cause: BaseException, *, connecting: bool = False) -> None:
        """Take note of a failure and of the driver's error behind it.

        Whoever meets it tells what became of their work. Here is told what an operator has to mend: what the server
        refuses, while connecting or for long.
        """
        state = getattr(cause, "sqlstate", None) or "client"
        kind = _kind_of(failure)
        metrics.database_failures_total.labels(kind, state[:2] if state != "client" else state).inc()
        if kind != "obstructed" and not (connecting and isinstance(cause, asyncpg.PostgresError)):
            return
        now = time.monotonic()
        told_at, more = self._told.get(state, (-WARN_SECONDS, 0))
        if now - told_at < WARN_SECONDS:
            self._told[state] = told_at, more + 1
            return
        if len(self._told) >= _KINDS_MAX:
            self._told.clear()
        self._told[state] = now, 0
        log.warning("database_failed", kind=kind, sqlstate=state, error=str(failure), more_since=more)


def _kind_of(failure: OperationalFailure) -> str:
    if isinstance(failure, ConnectionLost):
        return "connection_lost"
    return "obstructed" if isinstance(failure, Obstructed) else "contended"


troubles = Troubles()
"""Of this process."""
