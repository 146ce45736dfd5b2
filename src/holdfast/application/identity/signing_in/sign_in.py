"""Signs people in to the pages: with the password of an account, at an issuer, or with a link that works once."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Protocol

import structlog

from holdfast.application.client_networks import network_of
from holdfast.application.identity import accounts
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.signing_in.tries import SignInTries
from holdfast.application.identity.tokens import TokenRefused, VerifiedToken
from holdfast.domain.identity.accounts import may_be_account_name
from holdfast.domain.identity.refusals import SignInRefused, TooManySignIns
from holdfast.domain.identity.roles import Role
from holdfast.domain.identity.sessions import SessionSecret
from holdfast.domain.identity.sign_in_tries import Tried
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Flow:
    """One attempt to sign in at an issuer. All that has to be kept of it follows from one secret, in a cookie."""

    secret: SessionSecret

    @property
    def state(self) -> str:
        """Comes back with the answer, and shows that this browser has asked for it."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Stands in the ID token, and shows that it was made for this attempt."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Redeems the code; only its SHA-256 is sent through the browser's address bar (PKCE, RFC 7636)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """The SHA-256 of the verifier."""
        return _written(hashlib.sha256(self.verifier.encode()).digest())

    def is_state(self, state: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(state.encode("utf-8", "surrogatepass"), self.state.encode())

    def _derived(self, what: str) -> str:
        return _written(hashlib.sha256(f"{what}:{self.secret}".encode()).digest())


class IssuerSignIns(Protocol):
    """The issuers at which people can sign in."""

    @property
    def names(self) -> tuple[str, ...]:
        """Their short names."""
        ...

    async def address(self, name: str, flow: Flow, redirect_uri: str) -> str:
        """Return where to send the browser.

        Raises:
            Unavailable: The issuer cannot be reached.
        """
        ...

    async def redeem(self, name: str, code: str, flow: Flow, redirect_uri: str) -> VerifiedToken:
        """Redeem the code with which the browser came back, and verify the ID token.

        Raises:
            TokenRefused: The issuer does not accept the code, or its ID token is not valid.
            Unavailable: The issuer cannot be reached.
        """
        ...

    def is_issuer(self, name: str, issuer: str) -> bool:
        """Return whether the `iss` of an answer is that of the issuer that was asked (RFC 9207)."""
        ...


@dataclass(frozen=True, slots=True)
class SignIns:
    """What signing in works with. There is one per process."""

    identity: Identity
    tries: SignInTries
    issuers: IssuerSignIns | None
    """None where no issuer has a client id."""


async def with_password(sign_ins: SignIns, *, name: str, password: str, address: str | None) -> SessionSecret:
    """Sign in with the password of an account. An unknown name takes as long and is refused with the same words.

    Args:
        sign_ins: The capability of this process.
        name: The account's name.
        password: What was entered.
        address: The client's address, whose tries are counted.

    Raises:
        SignInRefused: The name or the password is wrong.
        TooManySignIns: There were too many wrong ones; the password was not looked at.
        Unavailable: Too many passwords are being hashed.
        ConnectionLost, Contended: The account could not be read, or the session not stored.
    """
    # What cannot be a name is counted as one, or 20,000 counts of 64 KiB each could be made of a form's field.
    counted = name if may_be_account_name(name) else ""
    tried = Tried(counted, (None if address is None else network_of(address)) or "unknown")
    seconds = await sign_ins.tries.take(tried)
    if seconds is not None:
        _count("password", "too_many")
        raise TooManySignIns(seconds)
    account = await accounts.sign_in(sign_ins.identity, name=name, password=password)
    if account is None:
        _count("password", "refused")
        raise SignInRefused
    await sign_ins.tries.give_back(tried)
    _count("password", "done")
    return await sign_ins.identity.sessions.open(user_id=account.user_id, admin=False)


async def with_code(sign_ins: SignIns, *, issuer: str, code: str, flow: Flow, redirect_uri: str) -> SessionSecret:
    """Sign in with the code with which a browser comes back from an issuer.

    Raises:
        SignInRefused: The code or the ID token is not valid.
        Unavailable: The issuer cannot be reached.
        ConnectionLost, Contended: The session could not be stored.
    """
    assert sign_ins.issuers is not None
    try:
        verified = await sign_ins.issuers.redeem(issuer, code, flow, redirect_uri)
    except TokenRefused as refused:
        log.warning("sign_in_refused", issuer=issuer, reason=refused.reason)
        _count("issuer", "refused")
        raise SignInRefused from None
    _count("issuer", "done")
    admin = Role.ADMIN.value in verified.roles
    return await sign_ins.identity.sessions.open(user_id=verified.user_id, admin=admin)


async def with_link(sign_ins: SignIns, secret: SessionSecret | None) -> SessionSecret:
    """Sign in with a link.

    Args:
        sign_ins: The capability of this process.
        secret: The secret of the link; None where it cannot be one.

    Raises:
        SignInRefused: It has been used, is too old, or never was one.
        ConnectionLost, Contended: It could not be looked up. It may have been used up.
    """
    session = None if secret is None else await sign_ins.identity.sessions.use_link(secret)
    _count("link", "refused" if session is None else "done")
    if session is None:
        raise SignInRefused
    return session


def _count(how: str, result: str) -> None:
    metrics.sign_ins_total.labels(how, result).inc()


def _written(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode("ascii").rstrip("=")
