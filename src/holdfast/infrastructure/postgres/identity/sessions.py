"""Stores the sessions of the pages."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from asyncpg import Record

from holdfast.application.failures import OperationalFailure
from holdfast.domain.identity.sessions import SESSION_HOURS, SESSIONS_PER_USER_MAX, Session
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end
from holdfast.infrastructure.postgres.identity.session_queries import SESSIONS, OfDigests


class PostgresSessions:
    """`application.identity.sessions.SessionStore`, on a pool that sales do not use."""

    def __init__(self, pool: Pool, *, idle_minutes: int) -> None:
        """Set up.

        Args:
            pool: Where connections come from.
            idle_minutes: How long a session lasts while it is not used.
        """
        self._pool = pool
        self._idle_minutes = idle_minutes

    async def insert_session(self, digest: bytes, *, user_id: str, admin: bool) -> Session:
        """Store a session that begins now."""
        statement = SESSIONS.insert_session(
            {
                "digest": digest,
                "user_id": user_id,
                "admin": admin,
                "hours": SESSION_HOURS,
                "idle_minutes": self._idle_minutes,
                "sessions_max": SESSIONS_PER_USER_MAX,
            }
        )
        [row] = await self._rows(statement)
        return _session_from(row)

    async def sessions(self, digests: Sequence[bytes]) -> Mapping[bytes, Session]:
        """Return sessions that are not over, and record that they are in use."""
        rows = await self._rows(SESSIONS.sessions(self._of(digests)))
        used = [row["digest"] for row in rows if row["to_be_prolonged"]]
        if used:
            # If that fails, the next look-up tries again; whoever is signed in is not bothered with it.
            with suppress(OperationalFailure):
                await self._rows(SESSIONS.prolong_sessions(self._of(used)))
        return {row["digest"]: _session_from(row) for row in rows}

    async def delete_session(self, digest: bytes) -> None:
        """Remove a session."""
        await self._rows(SESSIONS.delete_session({"digest": digest}))

    async def take_link(self, digest: bytes) -> tuple[str, bool] | None:
        """Remove a sign-in link, and return whom it is for if it was valid."""
        rows = await self._rows(SESSIONS.take_link({"digest": digest}))
        return (rows[0]["user_id"], rows[0]["admin"]) if rows and rows[0]["valid"] else None

    def _of(self, digests: Sequence[bytes]) -> OfDigests:
        return {"digests": digests, "hours": SESSION_HOURS, "idle_minutes": self._idle_minutes}

    async def _rows(self, statement: Filled) -> list[Record]:
        return await to_its_end(self._fetch(statement))

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)


def _session_from(row: Record) -> Session:
    return Session(
        user_id=row["user_id"], admin=row["admin"], created_at=row["created_at"], expires_at=row["expires_at"]
    )
