"""How callers appear in the log: as a pseudonym of their id, with the address that the request came from."""

import functools
import os
import re
from hashlib import blake2b

_PSEUDONYM_BYTES = 8
_ADDRESS = re.compile(r"[0-9A-Za-z.:%_-]{1,64}")
"""An IPv6 address with its zone is no longer than this. Anything longer, or with other characters, was forged."""
_ADDRESSES_MAX = 4_096
"""The number of checked addresses to remember."""

_keyed = blake2b(digest_size=_PSEUDONYM_BYTES, key=os.urandom(32))
"""Copied for each id, which takes half the time of starting from the key."""


def use_key(key: str | None) -> None:
    """Make pseudonyms with this key from now on. With None, each process uses a random key, stored nowhere."""
    global _keyed  # noqa: PLW0603 - one process has one key
    secret = os.urandom(32) if key is None else blake2b(key.encode()).digest()
    _keyed = blake2b(digest_size=_PSEUDONYM_BYTES, key=secret)


def pseudonym(user_id: bytes) -> str:
    """Return 16 hexadecimal digits, always the same for a caller, that nobody can trace back without the key."""
    hasher = _keyed.copy()
    hasher.update(user_id)
    return hasher.hexdigest()


def address(client: tuple[str, int] | None) -> str | None:
    """Return the host of an ASGI `client`; None if it has none (a Unix socket), or if it is not an address."""
    return None if client is None else _checked(client[0])


@functools.lru_cache(maxsize=_ADDRESSES_MAX)
def _checked(host: str) -> str | None:
    return host if _ADDRESS.fullmatch(host) else None
