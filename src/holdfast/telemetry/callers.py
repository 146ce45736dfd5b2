"""Who asked, as the log may tell it: a pseudonym of the caller's id, and the address that the request came from."""

import functools
import os
import re
from hashlib import blake2b

_PSEUDONYM_BYTES = 8
_ADDRESS = re.compile(r"[0-9A-Za-z.:%_-]{1,64}")
"""An IPv6 address with its zone has fewer characters; what is longer, or has others, is a forged X-Forwarded-For."""
_ADDRESSES_MAX = 4_096
"""So many checked addresses are remembered."""

_keyed = blake2b(digest_size=_PSEUDONYM_BYTES, key=os.urandom(32))
"""Copied for each id, which costs half of what it costs to begin with the key."""


def use_key(key: str | None) -> None:
    """Make pseudonyms with this key from now on; None: with one that is new in each process and kept nowhere."""
    global _keyed  # noqa: PLW0603 - one process has one key
    secret = os.urandom(32) if key is None else blake2b(key.encode()).digest()
    _keyed = blake2b(digest_size=_PSEUDONYM_BYTES, key=secret)


def pseudonym(user_id: bytes) -> str:
    """16 hexadecimal digits that are always the same for a caller, and that nobody without the key can lead back."""
    hasher = _keyed.copy()
    hasher.update(user_id)
    return hasher.hexdigest()


def address(client: tuple[str, int] | None) -> str | None:
    """The host of an ASGI `client`; None where there is none (a Unix socket), or where it is no address at all."""
    return None if client is None else _checked(client[0])


@functools.lru_cache(maxsize=_ADDRESSES_MAX)
def _checked(host: str) -> str | None:
    return host if _ADDRESS.fullmatch(host) else None
