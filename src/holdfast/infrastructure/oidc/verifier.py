"""Verifies the JWTs of trusted issuers."""

import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused, VerifiedToken
from holdfast.infrastructure.oidc.claims import ACCESS_TOKEN_TYPES, Subject, require_claims
from holdfast.infrastructure.oidc.fetching import Fetcher
from holdfast.infrastructure.oidc.id_token import require_id_token
from holdfast.infrastructure.oidc.issuers import Issuer
from holdfast.infrastructure.oidc.json_object import MalformedJsonError, read_object
from holdfast.infrastructure.oidc.key_cache import KeyCache
from holdfast.infrastructure.oidc.keys import ALGORITHMS, SigningKey
from holdfast.infrastructure.oidc.roles import Roles
from holdfast.infrastructure.oidc.verdicts import Verdicts, digest_of
from holdfast.telemetry import metrics

TOKEN_BYTES_MAX = 8 * 1024
KID_MAX = 255

_TYPES = ACCESS_TOKEN_TYPES | {"jwt", "application/jwt"}
"""Allowed values of `typ`. Logout tokens and proofs of possession are JWTs too, but not access tokens."""
_NOT_OURS = frozenset({"crit", "b64", "enc", "zip"})
"""Header members that change what the signature or the payload means. Holdfast supports none of them, so RFC 7515
requires that such a token is refused. `jku`, `x5u`, `jwk` and `x5c` refer to keys and are ignored: some issuers send
them, but keys come only from the discovery document."""


class _Registry(jws.JWSRegistry):
    """joserfc's registry with the algorithms that are accepted.

    The original warns about each use of the name EdDSA, which issuers do use.
    """

    max_header_length = TOKEN_BYTES_MAX
    max_payload_length = TOKEN_BYTES_MAX
    max_signature_length = TOKEN_BYTES_MAX

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


@dataclass(frozen=True, slots=True)
class _Unproved:
    """A parsed token that has not been verified yet."""

    signed: jws.CompactSignature
    algorithm: str
    kid: str | None
    kind: str
    claims: Mapping[str, object]


class OidcTokenVerifier:
    """`application.identity.tokens.TokenVerifier` for the issuers of `OIDC_ISSUERS`.

    Cheap checks come before the signature, and keys are fetched last, so a token that is invalid anyway causes no
    request.
    """

    def __init__(
        self,
        issuers: Collection[Issuer],
        *,
        roles: Roles | None = None,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            issuers: The trusted issuers.
            roles: How the issuers' roles are mapped.
            wall_clock: Seconds since 1970 on this node. PostgreSQL's clock is not used, since a request that needs no
                query would need one for it; the leeway of 60 s covers the difference between clocks.
            monotonic: Seconds since any fixed time, for the caches.
        """
        fetcher = Fetcher()
        self._keys: Mapping[str, KeyCache] = {
            issuer.issuer: KeyCache(issuer, fetcher, monotonic=monotonic) for issuer in issuers
        }
        self._roles = roles or Roles()
        self._wall_clock = wall_clock
        self._verdicts = Verdicts(monotonic=monotonic)

    def start(self) -> None:
        """Start fetching every issuer's keys, without waiting for them: an issuer may be down."""
        for keys in self._keys.values():
            keys.start()

    async def close(self) -> None:
        """Stop fetching."""
        for keys in self._keys.values():
            await keys.close()

    async def verify(self, token: str) -> VerifiedToken:
        """Verify a token.

        Raises:
            TokenRefused: It is not valid.
            Unavailable: Its issuer has never been reached.
        """
        try:
            raw = _bytes(token)
            digest = digest_of(raw)
            if (verified := self._verdicts.find(digest)) is not None:
                _known.inc()
                return verified
            verified = await self._look_at(raw, digest)
        except TokenRefused as refused:
            metrics.tokens_total.labels(refused.reason).inc()
            raise
        except Unavailable:
            metrics.tokens_total.labels("issuer_never_reached").inc()
            raise
        _checked.inc()
        return verified

    async def verify_id_token(self, token: str, issuer: Issuer, *, nonce: str) -> VerifiedToken:
        """Verify an ID token that was just fetched from its issuer.

        Raises:
            TokenRefused: It is not valid.
            Unavailable: The issuer's keys cannot be fetched.
        """
        unproved = _read(_bytes(token))
        now = self._wall_clock()
        subject = require_id_token(unproved.claims, issuer, kind=unproved.kind, nonce=nonce, now=now)
        key = await self._keys[issuer.issuer].find(unproved.kid, unproved.algorithm)
        if not _proves(unproved, key):
            raise TokenRefused("signature")
        return self._verified(unproved, issuer, subject)

    def _verified(self, unproved: _Unproved, issuer: Issuer, subject: Subject) -> VerifiedToken:
        return VerifiedToken(
            issuer_short=issuer.short,
            subject=subject.name,
            user_id=subject.user_id,
            roles=self._roles.of(unproved.claims, issuer.short),
            expires_at=subject.expires_at,
        )

    async def _look_at(self, raw: bytes, digest: bytes) -> VerifiedToken:
        unproved = _read(raw)
        issuer = unproved.claims.get("iss")
        keys = self._keys.get(issuer) if isinstance(issuer, str) else None
        if keys is None:
            raise TokenRefused("issuer")
        now = self._wall_clock()
        subject = require_claims(unproved.claims, keys.issuer, kind=unproved.kind, now=now)
        key = await keys.find(unproved.kid, unproved.algorithm)
        key_set = keys.key_set
        if not _proves(unproved, key):
            raise TokenRefused("signature")
        verified = self._verified(unproved, keys.issuer, subject)
        self._verdicts.keep(digest, verified, keys, key_set, now=now)
        return verified


def _bytes(token: str) -> bytes:
    if not token.isascii():
        raise TokenRefused("malformed")
    if len(token) > TOKEN_BYTES_MAX:
        raise TokenRefused("oversize")
    return token.encode()


def _read(raw: bytes) -> _Unproved:
    """Parse a token.

    Raises:
        TokenRefused: It is not a token, or of a kind that is not accepted.
    """
    try:
        signed = jws.extract_compact(raw, registry=_REGISTRY)
        header = read_object(_decoded(signed.segments["header"]))
        claims = read_object(signed.payload)
    except (JoseError, MalformedJsonError, ValueError, TypeError, RecursionError):
        raise TokenRefused("malformed") from None
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused("algorithm")
    if not _NOT_OURS.isdisjoint(header):
        raise TokenRefused("critical_header")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenRefused("type")
    if kid is not None and not (isinstance(kid, str) and 1 <= len(kid) <= KID_MAX):
        raise TokenRefused("malformed")
    return _Unproved(signed, algorithm, kid, kind.lower(), claims)


def _decoded(segment: bytes) -> bytes:
    """Decode base64url that joserfc has already found to be canonical."""
    return urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


def _proves(unproved: _Unproved, key: SigningKey) -> bool:
    try:
        return jws.validate_compact(unproved.signed, key.public, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError):
        return False


_known = metrics.tokens_total.labels("known")
_checked = metrics.tokens_total.labels("checked")
