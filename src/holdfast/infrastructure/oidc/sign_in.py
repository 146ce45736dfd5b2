"""Signs people in at an issuer: the code flow with PKCE (OpenID Connect Core, 3.1; RFC 7636; RFC 9700)."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import structlog

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import Unavailable
from holdfast.application.identity.signing_in.sign_in import Flow
from holdfast.application.identity.tokens import TokenRefused, VerifiedToken
from holdfast.infrastructure.oidc.discovery import Discovered, discover
from holdfast.infrastructure.oidc.fetching import Fetcher, FetchFailedError, NotAcceptedError
from holdfast.infrastructure.oidc.issuers import Issuer
from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier

log = structlog.get_logger(__name__)

DISCOVERED_SECONDS = 600
"""How long an issuer's addresses are used before they are looked up again."""
REDEEMED_AT_ONCE_MAX = 16
"""Codes that are redeemed at the same time. Anybody can make a node send such a request, with a made-up code."""
CODE_MAX = 2048
SCOPE = "openid"
_ASKERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class _Addresses:
    authorization: str
    token: str
    token_by_post: bool
    until: float


class OidcSignIns:
    """`application.identity.signing_in.sign_in.IssuerSignIns` for the issuers that have a client id."""

    def __init__(
        self,
        issuers: Collection[Issuer],
        verifier: OidcTokenVerifier,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuers = {issuer.short: issuer for issuer in issuers if issuer.client_id is not None}
        self._verifier = verifier
        self._fetcher = Fetcher()
        self._monotonic = monotonic
        self._addresses: dict[str, _Addresses] = {}
        self._lookups: Coalescer[str, None, _Addresses] = Coalescer(self._look_up, questions_max=_ASKERS_MAX)
        self._redeeming = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The issuers' short names."""
        return tuple(self._issuers)

    def is_issuer(self, name: str, issuer: str) -> bool:
        """Return whether this is the identifier of an issuer."""
        return name in self._issuers and self._issuers[name].issuer == issuer

    async def address(self, name: str, flow: Flow, redirect_uri: str) -> str:
        """Return the issuer's page for this attempt."""
        issuer = self._issuers[name]
        addresses = await self._find(name)
        query = {
            "response_type": "code",
            "client_id": issuer.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in addresses.authorization else "?"
        return addresses.authorization + joint + urlencode(query, quote_via=quote)

    async def redeem(self, name: str, code: str, flow: Flow, redirect_uri: str) -> VerifiedToken:
        """Redeem a code, and verify the ID token."""
        if not 1 <= len(code) <= CODE_MAX:
            raise TokenRefused("code")
        if self._redeeming >= REDEEMED_AT_ONCE_MAX:
            raise Unavailable("Too many people are signing in at this moment.", outcome="none")
        issuer = self._issuers[name]
        addresses = await self._find(name)
        self._redeeming += 1
        try:
            token = await self._token(issuer, addresses, code, flow, redirect_uri)
        finally:
            self._redeeming -= 1
        return await self._verifier.verify_id_token(token, issuer, nonce=flow.nonce)

    async def _token(self, issuer: Issuer, addresses: _Addresses, code: str, flow: Flow, redirect_uri: str) -> str:
        assert issuer.client_id is not None
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        secret = None
        if issuer.client_secret is not None and not addresses.token_by_post:
            # Both are encoded first (RFC 6749, 2.3.1).
            secret = (quote(issuer.client_id, safe=""), quote(issuer.client_secret, safe=""))
        else:
            form["client_id"] = issuer.client_id
            if issuer.client_secret is not None:
                form["client_secret"] = issuer.client_secret
        try:
            answer = await self._fetcher.send(
                addresses.token, form, secret=secret, through_proxy=not issuer.on_loopback
            )
        except NotAcceptedError:
            raise TokenRefused("code") from None
        except FetchFailedError as failure:
            raise _away(issuer, failure) from None
        token = answer.members.get("id_token")
        if not isinstance(token, str):
            raise TokenRefused("no_id_token")
        return token

    async def _find(self, name: str) -> _Addresses:
        known = self._addresses.get(name)
        if known is not None and self._monotonic() < known.until:
            return known
        return await self._lookups.ask(name, None)

    async def _look_up(self, name: str, askers: Collection[None]) -> list[_Addresses]:
        known = self._addresses.get(name)
        if known is None or self._monotonic() >= known.until:
            issuer = self._issuers[name]
            try:
                known = self._read(await discover(issuer, self._fetcher))
            except FetchFailedError as failure:
                raise _away(issuer, failure) from None
            self._addresses[name] = known
        return [known] * len(askers)

    def _read(self, found: Discovered) -> _Addresses:
        if found.authorization_endpoint is None or found.token_endpoint is None:
            raise FetchFailedError("its discovery document has no addresses for signing in")
        until = self._monotonic() + DISCOVERED_SECONDS
        return _Addresses(found.authorization_endpoint, found.token_endpoint, found.token_by_post, until)


def _away(issuer: Issuer, failure: FetchFailedError) -> Unavailable:
    log.warning("sign_in_issuer_away", issuer=issuer.short, reason=str(failure))
    return Unavailable("The issuer could not be reached.", outcome="none")
