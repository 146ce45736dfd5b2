"""Who asked, as the log may tell it: a pseudonym of the caller's id, and the address that the request came from."""

import os
from hashlib import blake2b

_PSEUDONYM_BYTES = 8
_ADDRESS_CHARACTERS_MAX = 64
"""An IPv6 address with its zone has fewer; what is longer came out of a forged X-Forwarded-For."""

_key = os.urandom(32)


def use_key(key: str | None) -> None:
    """Make pseudonyms with this key from now on; None: with one that is new in each process and kept nowhere."""
    global _key  # noqa: PLW0603 - one process has one key
    _key = os.urandom(32) if key is None else blake2b(key.encode()).digest()


def pseudonym(user_id: bytes) -> str:
    """16 hexadecimal digits that are always the same for a caller, and that nobody without the key can lead back."""
    return blake2b(user_id, digest_size=_PSEUDONYM_BYTES, key=_key).hexdigest()


def address(client: tuple[str, int] | None) -> str | None:
    """The host of an ASGI `client`; None where there is none (a Unix socket), or where it is no address at all."""
    if client is None:
        return None
    host = client[0]
    return host if 0 < len(host) <= _ADDRESS_CHARACTERS_MAX and host.isascii() and host.isprintable() else None
