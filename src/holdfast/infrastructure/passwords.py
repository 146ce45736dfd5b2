"""Argon2id, by argon2-cffi."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 4
"""The second of the two sets that RFC 9106 recommends, for machines that don't have 2 GiB to spare for one password."""


class Argon2Hasher:
    """`application.identity.ports.PasswordHasher`. Each hash carries its parameters, so they can be raised later."""

    def __init__(self, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)

    def hash(self, password: str) -> str:
        """Hash a password, with a random salt."""
        return self._hasher.hash(password)

    def verify(self, password_hash: str, password: str) -> bool:
        """Tell whether a hash is that of a password."""
        try:
            return self._hasher.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made with other parameters."""
        return self._hasher.check_needs_rehash(password_hash)
