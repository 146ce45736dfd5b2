"""The claims that a token must have to be accepted, whoever signed it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.application.identity.tokens import TokenRefused
from holdfast.domain.identity.principal import USER_ID_MAX
from holdfast.infrastructure.oidc.issuers import Issuer

LEEWAY_SECONDS = 60
"""How far an issuer's clock and the node's may differ."""

ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
"""The `typ` with which an issuer says that it is an access token (RFC 9068)."""
_OF_ID_TOKENS = frozenset({"at_hash", "c_hash", "s_hash"})
"""Claims that only ID tokens have (OpenID Connect Core, 3.3.2.11)."""
_OTHER_TYPES = frozenset({"id", "refresh", "offline", "logout"})
"""The claim `typ` of Keycloak's other tokens. Its access tokens have `Bearer`; `token_use` is Cognito's."""

_SECONDS_MAX = 253_402_300_800
"""The year 10000: later times cannot be formatted."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject that a token is about."""

    name: str
    """The claim `sub`."""
    user_id: str
    expires_at: float
    """The claim `exp`, in seconds since 1970."""


def require_claims(claims: Mapping[str, object], issuer: Issuer, *, kind: str, now: float) -> Subject:
    """Check everything except the signature.

    Args:
        claims: The token's payload.
        issuer: The issuer that `iss` names.
        kind: The token's `typ`, in lower case.
        now: This node's clock, in seconds since 1970.

    Raises:
        TokenRefused: A claim is wrong; the first one found is reported.
    """
    _require_audience(claims, issuer.audience)
    expires_at, _ = require_in_time(claims, now=now)
    require_bearer(claims)
    if kind not in ACCESS_TOKEN_TYPES:
        _require_no_id_token(claims)
    return subject_of(claims, issuer, expires_at)


def require_in_time(claims: Mapping[str, object], *, now: float) -> tuple[float, float | None]:
    """Return when a token expires and when it was issued, if it says so.

    Raises:
        TokenRefused: It is not valid now, or says nothing about when it expires.
    """
    expires_at = _seconds(claims, "exp")
    if expires_at is None:
        raise TokenRefused("no_expiry")
    if now >= expires_at + LEEWAY_SECONDS:
        raise TokenRefused("expired")
    begins = [_seconds(claims, name) for name in ("nbf", "iat")]
    if any(begins_at is not None and begins_at > now + LEEWAY_SECONDS for begins_at in begins):
        raise TokenRefused("not_yet_valid")
    return expires_at, begins[1]


def subject_of(claims: Mapping[str, object], issuer: Issuer, expires_at: float) -> Subject:
    """Return the subject that a token is about.

    Raises:
        TokenRefused: It has none, or one that cannot be a user id here.
    """
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


def require_bearer(claims: Mapping[str, object]) -> None:
    """Refuse a token that is not a bearer access token.

    A token with `cnf` is valid only with a proof that the sender has a certain key. Holdfast does not check such
    proofs, so a thief could use the token too. A token with `events` reports something, such as a logout.
    """
    if "cnf" in claims:
        raise TokenRefused("bound_to_a_key")
    if "events" in claims:
        raise TokenRefused("not_an_access_token")


def _require_no_id_token(claims: Mapping[str, object]) -> None:
    """Refuse an ID token, as far as one can be told from an access token.

    An ID token tells a client who signed in. Where a client's id is also the audience of access tokens, anybody who
    sees an ID token (it is in the browser, and sometimes in URLs) could use it here.
    """
    if not _OF_ID_TOKENS.isdisjoint(claims) or claims.get("token_use", "access") != "access":
        raise TokenRefused("not_an_access_token")
    said = claims.get("typ")
    if isinstance(said, str) and said.lower() in _OTHER_TYPES:
        raise TokenRefused("not_an_access_token")
    if "nonce" in claims and said != "Bearer":  # Keycloak before 25 repeats the nonce in access tokens
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
