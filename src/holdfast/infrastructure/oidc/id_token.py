"""What an ID token must say, beside being signed by its issuer (OpenID Connect Core, 3.1.3.7)."""

import hmac
from collections.abc import Mapping

from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc.claims import Subject, require_bearer, require_in_time, subject_of
from holdfast.infrastructure.oidc.issuers import Issuer

ISSUED_SECONDS_MAX = 10 * 60
"""The oldest ID token that is believed. It was made after the code was redeemed, a moment ago."""

_TYPES = frozenset({"jwt", "application/jwt"})


def require_id_token(claims: Mapping[str, object], issuer: Issuer, *, kind: str, nonce: str, now: float) -> Subject:
    """Check everything except the signature, as strictly as for an access token.

    Args:
        claims: The token's payload.
        issuer: The issuer that was asked.
        kind: The token's `typ`, in lower case.
        nonce: What the issuer was given for this attempt.
        now: This node's clock, in seconds since 1970.

    Raises:
        TokenRefused: A claim is wrong; the first one found is reported.
    """
    if claims.get("iss") != issuer.issuer:
        raise TokenRefused("issuer")
    if kind not in _TYPES:
        raise TokenRefused("type")
    _require_client(claims, issuer.client_id)
    expires_at, issued_at = require_in_time(claims, now=now)
    if issued_at is None or now > issued_at + ISSUED_SECONDS_MAX:
        raise TokenRefused("too_old")
    require_bearer(claims)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), nonce.encode()):
        raise TokenRefused("nonce")
    if claims.get("token_use", "id") != "id" or str(claims.get("typ", "ID")).lower() not in ("id", "jwt"):
        raise TokenRefused("not_an_id_token")
    return subject_of(claims, issuer, expires_at)


def _require_client(claims: Mapping[str, object], client_id: str | None) -> None:
    """The token must be for us alone, or say that it was made for us (`azp`)."""
    given = claims.get("aud")
    audiences = given if isinstance(given, list) else [given]
    if client_id is None or client_id not in audiences or not all(isinstance(one, str) for one in audiences):
        raise TokenRefused("audience")
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        raise TokenRefused("authorized_party")
