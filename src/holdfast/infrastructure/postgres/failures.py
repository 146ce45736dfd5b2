"""Translates what the driver raises, in one place: constraints by their names, the rest by their SQLSTATE."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from asyncpg import exceptions as pg

from holdfast.application.failures import ConnectionLost, Contended, GuardMismatch

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

LOST_STATES = ("08", "57P01", "57P02", "57P03", "57P05", "25P03", "25006", "58030", "53300")
"""SQLSTATE classes and codes that mean: this connection, or this server, is of no more use now."""

CONTENDED_STATES = ("40001", "40P01", "55P03", "57014", "53")
"""SQLSTATE classes and codes that mean: rolled back, and may succeed when tried again."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into the application's.

    Raises:
        ConnectionLost: the connection is of no more use; what was sent last may or may not have taken effect.
        Contended: rolled back.
        GuardMismatch: a guarding constraint was violated.
    """
    try:
        yield
    except pg.IntegrityConstraintViolationError as violation:
        if violation.constraint_name in GUARDING_CONSTRAINTS:
            raise GuardMismatch(f"{violation.constraint_name}: {violation}") from violation
        raise
    except pg.InvalidCachedStatementError as stale:
        raise Contended(str(stale)) from stale
    except asyncpg.PostgresError as error:
        state = error.sqlstate or ""
        if state.startswith(LOST_STATES):
            raise ConnectionLost(f"{state} {error}") from error
        if state.startswith(CONTENDED_STATES):
            raise Contended(f"{state} {error}") from error
        raise
    except asyncpg.InterfaceError as error:
        # Also what a wrong call raises; only this one tells of the connection, and only by its text.
        if "closed" not in str(error):
            raise
        raise ConnectionLost(str(error)) from error
    except (OSError, asyncpg.InternalClientError, TimeoutError) as error:
        raise ConnectionLost(f"{type(error).__name__}: {error}") from error
