"""The keys that sign tickets, and their public halves as a JSON Web Key Set (RFC 7517, RFC 8037)."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from holdfast.domain.tickets.signed import KEY_ID_BYTES, key_id_of

PUBLIC_KEY_BYTES = 32
PRIVATE_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A new key."""

    private: bytes = field(repr=False)
    public: bytes

    @property
    def id(self) -> bytes:
        """The id of the key."""
        return key_id_of(self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicketKey:
    """A key without its private half."""

    id: bytes
    public: bytes
    created_at: datetime
    retired_at: datetime | None
    """Since then it signs no more; what it signed is still a ticket."""
    revoked_at: datetime | None
    """Since then what it signed is no ticket."""


class BadKeySet(ValueError):
    """A text is no key set, or has no key for tickets. `str()` gives a sentence."""


def key_set(public_keys: Iterable[bytes]) -> dict[str, list[dict[str, str]]]:
    """Return public keys as a key set, ready for JSON."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "kid": key_id_of(public).hex(),
                "x": base64.urlsafe_b64encode(public).decode("ascii").rstrip("="),
            }
            for public in public_keys
        ]
    }


def read_key_set(text: str | bytes) -> Mapping[bytes, bytes]:
    """Return the public keys of a key set by id. Keys of other kinds are passed over.

    Raises:
        BadKeySet: It is no key set, has none of our keys, or one of them is damaged.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKeySet("the keys are not JSON") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise BadKeySet('the keys are no key set: {"keys": [...]} is missing')
    found = [_public_key(key) for key in keys if isinstance(key, dict) and key.get("crv") == "Ed25519"]
    if not found:
        raise BadKeySet("the key set has no key for tickets (Ed25519)")
    return {key_id_of(public): public for public in found}


def _public_key(key: Mapping[str, object]) -> bytes:
    kid, x = key.get("kid"), key.get("x")
    public = _decoded(x) if isinstance(x, str) else b""
    if len(public) != PUBLIC_KEY_BYTES:
        raise BadKeySet(f"the key {_shown(kid)} is damaged: x must be {PUBLIC_KEY_BYTES} bytes in base64url")
    if kid != key_id_of(public).hex():
        raise BadKeySet(f"the key {_shown(kid)} is damaged: its kid must be {key_id_of(public).hex()}")
    return public


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""


def _shown(kid: object) -> str:
    return kid[: 2 * KEY_ID_BYTES] if isinstance(kid, str) and kid.isalnum() and kid.isascii() else "without an id"
