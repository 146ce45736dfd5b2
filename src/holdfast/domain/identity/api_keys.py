"""The format of an API key: `hf_<id>_<secret><checksum>`.

    hf_ 0NbcQjFzRzJ9dJMvWbYk3p _ 6yF…43 characters…Qk 0aB3xZ
        id, 22 characters         secret, 256 bits    checksum

It has only letters, digits and underscores, so that a double click selects all of it, and secret scanners recognise the
format. The checksum distinguishes a truncated or mistyped key from a revoked one before it is looked up.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field
from uuid import UUID

SECRET_BYTES = 32
KEY_PREFIX = "hf_"

_ID_DIGITS = 22
_SECRET_DIGITS = 43
_CHECKSUM_DIGITS = 6
_FORM = re.compile(
    rf"hf_([0-9A-Za-z]{{{_ID_DIGITS}}})_([0-9A-Za-z]{{{_SECRET_DIGITS}}})([0-9A-Za-z]{{{_CHECKSUM_DIGITS}}})"
)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A whole key, as its owner has it; `repr` and `str` do not show it."""

    id: UUID
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is stored. A slow hash, as for passwords, is not needed: nobody can guess 256 bits."""
        return hashlib.sha256(self.text.encode("ascii")).digest()

    def is_of(self, digest: bytes) -> bool:
        """Compare with the stored digest in constant time."""
        return hmac.compare_digest(self.digest, digest)


def make_api_key(key_id: UUID, secret: bytes) -> ApiKey:
    """Return a new key.

    Args:
        key_id: The id under which it is stored.
        secret: `SECRET_BYTES` random bytes.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    body = f"{KEY_PREFIX}{_written(key_id.int, _ID_DIGITS)}_{_written(int.from_bytes(secret, 'big'), _SECRET_DIGITS)}"
    return ApiKey(key_id, body + _checksum(body))


def read_api_key(text: str) -> ApiKey | None:
    """Parse a key; return None if it is malformed, truncated or mistyped."""
    parts = _FORM.fullmatch(text)
    if parts is None or _checksum(text[:-_CHECKSUM_DIGITS]) != parts[3]:
        return None
    number = _read(parts[1])
    return ApiKey(UUID(int=number), text) if number < 1 << 128 else None


def _checksum(text: str) -> str:
    return _written(zlib.crc32(text.encode("ascii")), _CHECKSUM_DIGITS)


def _written(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, rest = divmod(number, 62)
        text = _DIGITS[rest] + text
    return text


def _read(text: str) -> int:
    number = 0
    for digit in text:
        number = number * 62 + _VALUES[digit]
    return number
