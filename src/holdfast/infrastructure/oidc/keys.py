"""The public keys that an issuer publishes, and which of them may verify which algorithm."""

import asyncio
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

KEYS_MAX = 50
"""Keys in one set; issuers publish two or three."""
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
"""Longer keys take longer to verify; beyond this it would block the event loop for milliseconds."""

_SECRET_MEMBERS = frozenset({"k", "d", "p", "q", "dp", "dq", "qi", "oth"})
_RSA_EXPONENTS = range(65_537, 2**32)
"""Smaller exponents are weak with careless padding, larger ones slow."""
_TEXT_MAX = 2048
"""Characters in a member of a key; a modulus of 8,192 bits has 1,366."""
_ALGORITHMS = {
    "RSA": frozenset({"RS256", "PS256"}),
    "EC": frozenset({"ES256"}),
    "OKP": frozenset({"EdDSA", "Ed25519"}),
}
"""The algorithms of each key type. `Ed25519` is the name that RFC 9864 uses for `EdDSA` with such a key."""

ALGORITHMS = frozenset[str]().union(*_ALGORITHMS.values())


class SecretPublishedError(Exception):
    """The set contains a secret: anybody who can read it can sign tokens, so none of its keys proves anything."""


class UnusableKeyError(ValueError):
    """A key that cannot be used here; others of its set may be."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that verifies signatures."""

    kid: str | None
    algorithms: frozenset[str]
    thumbprint: str
    """RFC 7638: equal for equal keys, whatever other members they have."""
    public: RSAKey | ECKey | OKPKey = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """An issuer's keys at one time. Two sets are equal if they verify the same tokens."""

    keys: tuple[SigningKey, ...] = ()

    def find(self, kid: str | None, algorithm: str) -> SigningKey | None:
        """Return the key that a token names; without a key id, the only one that fits its algorithm."""
        fitting = [key for key in self.keys if algorithm in key.algorithms and kid in (None, key.kid)]
        return fitting[0] if len(fitting) == 1 else None


async def read_key_set(document: Mapping[str, object]) -> tuple[KeySet, tuple[str, ...]]:
    """Read a JSON Web Key Set, yielding to the event loop after each key.

    Keys that cannot be used are left out, since sets also contain encryption keys and key types that Holdfast does not
    support.

    Returns:
        The set, and the reasons why keys were left out.

    Raises:
        ValueError: It is not a key set, or has too many keys.
        SecretPublishedError: It contains a secret.
    """
    members = document.get("keys")
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise ValueError("has no list of keys")
    if len(members) > KEYS_MAX:
        raise ValueError(f"has more than {KEYS_MAX} keys")
    if any(not _SECRET_MEMBERS.isdisjoint(member) or member.get("kty") == "oct" for member in members):
        raise SecretPublishedError
    keys: list[SigningKey] = []
    left_out: list[str] = []
    for member in members:
        try:
            keys.append(_read_key(member))
        except UnusableKeyError as reason:
            left_out.append(str(reason))
        await asyncio.sleep(0)
    return KeySet(tuple(dict.fromkeys(keys))), tuple(left_out)


def _read_key(member: Mapping[str, object]) -> SigningKey:
    kind, kid = member.get("kty"), member.get("kid")
    if not isinstance(kind, str) or kind not in _ALGORITHMS:
        raise UnusableKeyError("its type checks no token")
    if kid is not None and not (isinstance(kid, str) and kid):
        raise UnusableKeyError("its kid is no text")
    algorithms = _algorithms(member, kind)
    try:
        public = _PUBLIC[kind](member)
    except UnusableKeyError:
        raise
    # joserfc and cryptography do not document all that they raise for a malformed key.
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        raise UnusableKeyError("it is malformed") from None
    return SigningKey(kid, algorithms, public.thumbprint(), public)


def _algorithms(member: Mapping[str, object], kind: str) -> frozenset[str]:
    if member.get("use", "sig") != "sig":
        raise UnusableKeyError("its use is another")
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKeyError("its key_ops are others")
    if "alg" not in member:
        return _ALGORITHMS[kind]
    named = member["alg"]
    if not isinstance(named, str) or named not in _ALGORITHMS[kind]:
        raise UnusableKeyError("its alg is not allowed")
    return frozenset({named})


def _rsa(member: Mapping[str, object]) -> RSAKey:
    modulus, exponent = _number(member, "n"), _number(member, "e")
    # Checked before joserfc does, which only warns about short keys.
    if not RSA_BITS_MIN <= modulus.bit_length() <= RSA_BITS_MAX or exponent not in _RSA_EXPONENTS:
        raise UnusableKeyError("its size is not allowed")
    return RSAKey.import_key(RSAPublicNumbers(exponent, modulus).public_key())


def _ec(member: Mapping[str, object]) -> ECKey:
    if member.get("crv") != "P-256":
        raise UnusableKeyError("its curve is not allowed")
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": _text(member, "x"), "y": _text(member, "y")})


def _okp(member: Mapping[str, object]) -> OKPKey:
    if member.get("crv") != "Ed25519":
        raise UnusableKeyError("its curve is not allowed")
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _text(member, "x")})


_PUBLIC: Mapping[str, Callable[[Mapping[str, object]], RSAKey | ECKey | OKPKey]] = {"RSA": _rsa, "EC": _ec, "OKP": _okp}


def _number(member: Mapping[str, object], name: str) -> int:
    text = _text(member, name)
    return int.from_bytes(b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))


def _text(member: Mapping[str, object], name: str) -> str:
    value = member.get(name)
    if not isinstance(value, str) or not value.isascii() or len(value) > _TEXT_MAX:
        raise UnusableKeyError("it is malformed")
    return value
