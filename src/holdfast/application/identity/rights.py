"""The current rights of keys and members, without a query for each request.

All rights share one version, which every administrative action raises. While there are requests, a process reads it
at most every `FRESH_SECONDS`, and caches what it looked up for as long as the version stays the same.

    age of the version     what a request does
    up to 2 s              uses what is cached
    2 to 4 s               uses what is cached, and starts a read of the version
    above 4 s              waits for the version, at most a second
    database is down       uses what is cached, for up to 60 s; then gets 503

So every node refuses a revoked key within `REVOKED_AFTER_SECONDS`, and the node that revoked it refuses it at once.
While the database hangs a revocation cannot be read either, and the last row applies.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Generic, TypeVar
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import OperationalFailure, Unavailable
from holdfast.application.identity.ports import RightsSource
from holdfast.domain.identity.api_keys import ApiKey
from holdfast.domain.identity.organisers import StoredKey
from holdfast.domain.identity.roles import Role

Name = TypeVar("Name", bound=Hashable)
Found = TypeVar("Found")

FRESH_SECONDS = 2.0
LATE_SECONDS = 4.0
WAIT_SECONDS_MAX = 1.0
REVOKED_AFTER_SECONDS = LATE_SECONDS + WAIT_SECONDS_MAX
AWAY_SECONDS_MAX = 60.0
RETRY_SECONDS = 1.0
"""After a failed read, how long no request waits for the version again."""
ENTRIES_MAX = 20_000
"""Cached keys, and cached users; beyond this the least recently used are removed."""
QUESTIONS_MAX = 200
"""Ids in one look-up."""
_ASKING_MAX = 100_000
"""Requests that share a read of the version: all there can be."""

_NONE: Mapping[UUID, Role] = MappingProxyType({})


class Rights:
    """Returns the rights of keys and users."""

    def __init__(self, source: RightsSource) -> None:
        self._source = source
        self._freshness = _Freshness(source, self._forget_all)
        self._keys: _Known[UUID, StoredKey | None] = _Known(self._look_up_keys)
        self._members: _Known[str, Mapping[UUID, Role]] = _Known(self._look_up_members)

    async def of_user(self, user_id: str) -> Mapping[UUID, Role]:
        """Return a user's roles in organisers.

        Raises:
            Unavailable: The database has been down for too long.
            ConnectionLost, Contended: It has to be looked up, and the look-up failed.
        """
        await self._freshness.wait()
        return await self._members.get(user_id)

    async def of_key(self, key: ApiKey) -> StoredKey | None:
        """Return the stored key for the one a caller sent; None if it is unknown, forged, revoked or expired.

        Raises:
            Unavailable: The database has been down for too long.
            ConnectionLost, Contended: It has to be looked up, and the look-up failed.
        """
        await self._freshness.wait()
        stored = await self._keys.get(key.id)
        if stored is None or not key.is_of(stored.digest) or not stored.is_live(self._freshness.database_time()):
            return None
        return stored

    def changed(self) -> None:
        """Record that this process has changed rights: requests from now on look up what they need."""
        self._forget_all()

    async def close(self) -> None:
        """Read nothing any more."""
        await self._freshness.close()

    def _forget_all(self) -> None:
        self._keys.clear()
        self._members.clear()

    async def _look_up_keys(self, key_ids: Sequence[UUID]) -> Sequence[StoredKey | None]:
        version, found = await self._source.api_keys_by_id(key_ids)
        self._freshness.seen(version)
        return [found.get(key_id) for key_id in key_ids]

    async def _look_up_members(self, user_ids: Sequence[str]) -> Sequence[Mapping[UUID, Role]]:
        version, found = await self._source.memberships(user_ids)
        self._freshness.seen(version)
        return [found.get(user_id, _NONE) for user_id in user_ids]


class _Freshness:
    """The known version, and how old it is."""

    def __init__(self, source: RightsSource, forget_all: Callable[[], None]) -> None:
        self._source = source
        self._forget_all = forget_all
        self._reads: Coalescer[None, None, None] = Coalescer(self._read, questions_max=_ASKING_MAX)
        self._known_at = float("-inf")
        """When the read of the known version began, by the event loop's clock."""
        self._failed_at = float("-inf")
        self._reading = False
        self._now: datetime | None = None
        self._now_at = float("-inf")
        """When the database's time arrived: connecting, which may precede the query, must not count."""
        self.version: int | None = None

    async def wait(self) -> None:
        """Wait until the version is fresh enough.

        Raises:
            Unavailable: It could not be read for too long.
        """
        now = asyncio.get_running_loop().time()
        age = now - self._known_at
        if age <= FRESH_SECONDS:
            return
        if now - self._failed_at > RETRY_SECONDS:
            if age <= LATE_SECONDS:
                if not self._reading:
                    self._reads.tell(None, None)
                return
            try:
                await asyncio.wait_for(self._reads.ask(None, None), WAIT_SECONDS_MAX)
            except TimeoutError:
                self._failed_at = asyncio.get_running_loop().time()
            except OperationalFailure:
                pass  # how old the known version is counts
        if asyncio.get_running_loop().time() - self._known_at > AWAY_SECONDS_MAX:
            raise Unavailable("Permissions cannot be checked now: the database is unavailable.", outcome="none")

    def seen(self, version: int) -> None:
        """Make the version of a look-up the known one if it is newer.

        What was found counts in any case: it was read after it was asked for. Once a look-up was repeated until it had
        the version that was known, and one organiser that put members without a pause kept everybody else waiting.
        """
        if self.version is not None and version > self.version:
            self.version = version
            self._forget_all()

    async def _read(self, _: None, asked: Sequence[None]) -> Sequence[None]:
        began_at = asyncio.get_running_loop().time()
        self._reading = True
        try:
            read = await self._source.version()
        except OperationalFailure:
            self._failed_at = asyncio.get_running_loop().time()
            raise
        finally:
            self._reading = False
        self._known_at = began_at
        self._now, self._now_at = read.now, asyncio.get_running_loop().time()
        if read.number != self.version:
            self.version = read.number
            self._forget_all()
        return asked

    def database_time(self) -> datetime:
        """Return the database's time or a little less, from the last read of the version and the time since."""
        assert self._now is not None
        return self._now + timedelta(seconds=asyncio.get_running_loop().time() - self._now_at)

    async def close(self) -> None:
        """Wait for the read in progress."""
        await self._reads.finish(seconds_max=WAIT_SECONDS_MAX)


class _Known(Generic[Name, Found]):
    """The cache, least recently used first; unknown ids are looked up together with others."""

    def __init__(self, look_up: Callable[[Sequence[Name]], Awaitable[Sequence[Found]]]) -> None:
        self._entries: dict[Name, Found] = {}
        self._cleared = 0
        self._questions: Coalescer[str, Name, Found] = Coalescer(
            lambda _, names: look_up(names), questions_max=QUESTIONS_MAX
        )

    async def get(self, name: Name) -> Found:
        if name in self._entries:
            found = self._entries.pop(name)
        else:
            cleared = self._cleared
            found = await self._questions.ask("", name)
            if cleared != self._cleared:
                return found  # the version changed during the look-up
        self._entries[name] = found
        if len(self._entries) > ENTRIES_MAX:
            del self._entries[next(iter(self._entries))]
        return found

    def clear(self) -> None:
        self._cleared += 1
        self._entries.clear()
