"""Hashes passwords off the event loop, only a few at a time: each takes 64 MiB and a large part of a second of CPU."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from holdfast.application.failures import Unavailable
from holdfast.application.identity.ports import PasswordHasher
from holdfast.domain.identity.accounts import PASSWORD_MAX

Result = TypeVar("Result")

AT_ONCE_MAX = 2
"""Hashes computed at the same time in one process."""
WAITING_MAX = 32
"""Hashes that wait; further callers are asked to retry later."""


class Passwords:
    """Hashes passwords and compares them."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(AT_ONCE_MAX, thread_name_prefix="passwords")
        self._wanted = 0
        self._decoy: str | None = None
        """The hash of a random password, compared with when there is no such account."""

    async def hash(self, password: str) -> str:
        """Hash a password.

        Raises:
            Unavailable: Too many passwords are being hashed.
        """
        return await self._off_the_loop(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password is right; without a hash return False after the same time.

        Raises:
            Unavailable: Too many passwords are being hashed.
        """
        if len(password) > PASSWORD_MAX or not _is_text(password):
            return False
        if password_hash is not None:
            return await self._off_the_loop(lambda: self._hasher.verify(password_hash, password))
        if self._decoy is None:
            self._decoy = await self.hash(secrets.token_hex())
        decoy = self._decoy
        await self._off_the_loop(lambda: self._hasher.verify(decoy, password))
        return False

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters than the current ones."""
        return self._hasher.is_outdated(password_hash)

    def close(self) -> None:
        """Start no more hashes."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _off_the_loop(self, work: Callable[[], Result]) -> Result:
        if self._wanted >= AT_ONCE_MAX + WAITING_MAX:
            raise Unavailable("Too many passwords are being looked at.", outcome="none")
        self._wanted += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._wanted -= 1


def _is_text(password: str) -> bool:
    """Return whether a password can be encoded: half a pair of UTF-16 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in password)
