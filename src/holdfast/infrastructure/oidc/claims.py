"""What a token must say to count here, whoever signed it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc.issuers import Issuer

LEEWAY_SECONDS = 60
"""By how much an issuer's clock and ours may differ."""
USER_ID_MAX = 255
"""Characters in a user id (contract)."""

_SECONDS_MAX = 253_402_300_800
"""The year 10000: what lies beyond is no time that anything later could write down."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token is about."""

    name: str
    """Its `sub`."""
    user_id: str
    expires_at: float
    """Its `exp`, in seconds since 1970."""


def require_claims(claims: Mapping[str, object], issuer: Issuer, *, now: float) -> Subject:
    """Check everything but the signature.

    Args:
        claims: What the token says.
        issuer: Whoever its `iss` names.
        now: This node's clock, in seconds since 1970.

    Raises:
        TokenRefused: at the first thing that is wrong.
    """
    _require_audience(claims, issuer.audience)
    expires_at = _seconds(claims, "exp")
    if expires_at is None:
        raise TokenRefused("no_expiry")
    if now >= expires_at + LEEWAY_SECONDS:
        raise TokenRefused("expired")
    for name in ("nbf", "iat"):
        begins_at = _seconds(claims, name)
        if begins_at is not None and begins_at > now + LEEWAY_SECONDS:
            raise TokenRefused("not_yet_valid")
    _require_bearer(claims)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise TokenRefused("no_subject")
    user_id = f"{issuer.short}:{subject}"
    if len(user_id) > USER_ID_MAX or not (subject.isascii() and subject.isprintable()):
        raise TokenRefused("unusable_subject")
    return Subject(subject, user_id, expires_at)


def _require_audience(claims: Mapping[str, object], audience: str) -> None:
    given = claims.get("aud")
    if given == audience:
        return
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given) or audience not in given:
        raise TokenRefused("audience")


def _require_bearer(claims: Mapping[str, object]) -> None:
    """Refuse what is signed for something else than being shown by its bearer.

    A token with `cnf` counts only together with a proof that its bearer has a certain key, which we do not check: taken
    by itself it would be worth as much to a thief. One with `events` reports something, such as a sign-out.
    """
    if "cnf" in claims:
        raise TokenRefused("bound_to_a_key")
    if "events" in claims:
        raise TokenRefused("not_an_access_token")


def _seconds(claims: Mapping[str, object], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused("malformed_time")
    if isinstance(value, float) and not math.isfinite(value):
        raise TokenRefused("malformed_time")
    if not 0 <= value < _SECONDS_MAX:
        raise TokenRefused("malformed_time")
    return float(value)
