"""Signs browsers in and out, and tells who is signed in without a query for each request."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import OperationalFailure
from holdfast.domain.identity.sessions import (
    Session,
    SessionSecret,
    digest_of_secret,
    new_secret,
)

FRESH_SECONDS = 2.0
"""How long a session is taken for unchanged. So every node notices within that time that somebody has signed out, and
the node where they did at once."""
AWAY_SECONDS_MAX = 60.0
"""How long a session that was found goes on while the database does not answer. Where events are in several databases,
the others go on selling without the one that has the sessions."""
WAIT_SECONDS_MAX = 1.0
RETRY_SECONDS = 1.0
ENTRIES_MAX = 20_000


class SessionStore(Protocol):
    """Where sessions are stored. All calls raise `ConnectionLost` and `Contended`."""

    async def insert_session(self, digest: bytes, *, user_id: str, admin: bool) -> Session:
        """Store a session that begins now. Some that are over are removed, and the user's oldest if there are many."""
        ...

    async def sessions(self, digests: Sequence[bytes]) -> Mapping[bytes, Session]:
        """Return the sessions that are not over, by digest, and record that they are in use."""
        ...

    async def delete_session(self, digest: bytes) -> None:
        """Remove a session."""
        ...

    async def take_link(self, digest: bytes) -> tuple[str, bool] | None:
        """Remove a link, and return its user id and whether they are an admin; None if there is none that is valid."""
        ...


class Sessions:
    """The sessions of the pages."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._found: dict[bytes, tuple[float, Session | None]] = {}
        """When it was looked up, by the event loop's clock, and what was found; least recently looked up first."""
        self._failed_at = float("-inf")
        self._questions: Coalescer[None, bytes, Session | None] = Coalescer(self._look_up, questions_max=256)

    async def open(self, *, user_id: str, admin: bool) -> SessionSecret:
        """Sign somebody in, and return the secret for their browser.

        Raises:
            ConnectionLost, Contended: It could not be stored.
        """
        secret = new_secret()
        await self._store.insert_session(digest_of_secret(secret), user_id=user_id, admin=admin)
        return secret

    async def find(self, secret: SessionSecret) -> Session | None:
        """Return the session of a browser; None if it is over, or there is none.

        Raises:
            ConnectionLost, Contended: It had to be looked up, and could not be.
        """
        digest, now = digest_of_secret(secret), asyncio.get_running_loop().time()
        looked_up_at, session = self._found.get(digest, (float("-inf"), None))
        if now - looked_up_at <= FRESH_SECONDS:
            return session
        if session is None or now - looked_up_at > AWAY_SECONDS_MAX:
            return await self._questions.ask(None, digest)
        return await self._asked_or(session, digest, now)

    async def _asked_or(self, session: Session, digest: bytes, now: float) -> Session | None:
        """Look a session up again. If that is not possible now, it counts as unchanged."""
        if now - self._failed_at <= RETRY_SECONDS:
            return session
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                return await self._questions.ask(None, digest)
        except (OperationalFailure, TimeoutError):
            self._failed_at = asyncio.get_running_loop().time()
            return session

    async def close(self, secret: SessionSecret) -> None:
        """Sign a browser out.

        Raises:
            ConnectionLost, Contended: It could not be removed.
        """
        digest = digest_of_secret(secret)
        await self._store.delete_session(digest)
        self._found.pop(digest, None)

    async def use_link(self, secret: SessionSecret) -> SessionSecret | None:
        """Sign in whoever has a link; None if it has been used, is too old, or never was one.

        Raises:
            ConnectionLost, Contended: It could not be stored. The link may have been used up.
        """
        taken = await self._store.take_link(digest_of_secret(secret))
        if taken is None:
            return None
        user_id, admin = taken
        return await self.open(user_id=user_id, admin=admin)

    async def _look_up(self, _: None, digests: Sequence[bytes]) -> Sequence[Session | None]:
        began_at = asyncio.get_running_loop().time()
        found = await self._store.sessions(digests)
        for digest in digests:
            self._found.pop(digest, None)
            self._found[digest] = (began_at, found.get(digest))
        while len(self._found) > ENTRIES_MAX:
            del self._found[next(iter(self._found))]
        return [found.get(digest) for digest in digests]
