"""Finds out who visits a page: somebody who has signed in, a user of the gateway, or a guest."""

from dataclasses import dataclass
from typing import Literal, Protocol

from holdfast.application.identity.caller import Caller
from holdfast.application.identity.owner_directory import OwnerDirectory
from holdfast.application.identity.rights import Rights
from holdfast.application.identity.sessions import Sessions
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.principal import NOBODY, Principal, Proof, open_principal
from holdfast.domain.identity.sessions import SessionSecret, guest_id, read_secret
from holdfast.http.endpoints.call import Call
from holdfast.web.kit.cookies import Cookies

GUEST = "guest"
SESSION = "session"
"""Short names of the cookies."""
OPEN_SESSION = "open"
"""What the session's cookie says where nobody has to prove anything. No session is stored for it."""
OPEN_ORGANISER = "organiser"
"""The name under which the pages' acts stand in the audit where nobody has to prove anything."""

Mode = Literal["open", "gateway", "tokens"]


class Gateway(Protocol):
    """Reads who a trusted gateway says is asking."""

    async def principal(self, call: Call, verb: Verb) -> Principal:
        """Return the caller; `NOBODY` where the gateway names none."""
        ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who visits."""

    caller: Caller
    guest_secret: SessionSecret | None
    """What the browser's cookie for guests says, also of somebody who has signed in."""
    session_secret: SessionSecret | None
    signed_in: bool

    @property
    def principal(self) -> Principal:
        """The visitor as the policy knows them."""
        return self.caller.principal


class Visitors:
    """Reads the cookies of requests."""

    def __init__(
        self,
        *,
        mode: Mode,
        gateway: Gateway | None,
        sessions: Sessions,
        rights: Rights,
        owners: OwnerDirectory,
        cookies: Cookies,
    ) -> None:
        self.mode = mode
        self._gateway = gateway
        self._sessions = sessions
        self._rights = rights
        self._owners = owners
        self._cookies = cookies

    async def visitor(self, call: Call) -> Visitor:
        """Find out who visits.

        Raises:
            Unauthenticated, ConflictingCredentials, InvalidValue: The headers of a gateway are not to be believed.
            Unavailable, ConnectionLost, Contended: It cannot be looked up now.
        """
        headers = call.scope["headers"]
        guest_secret = read_secret(self._cookies.read(headers, GUEST) or "")
        written = self._cookies.read(headers, SESSION) or ""
        session_secret = read_secret(written)
        principal = await self._signed_in(call, written, session_secret)
        signed_in = principal is not None
        if principal is None:
            principal = NOBODY if guest_secret is None else guest_principal(guest_secret)
        call.caller_name = (principal.subject or "").encode()
        return Visitor(Caller(principal, self._owners), guest_secret, session_secret, signed_in)

    def nobody(self) -> Visitor:
        """Return a visitor of whom nothing is known."""
        return Visitor(Caller(NOBODY, self._owners), None, None, signed_in=False)

    async def principal(self, call: Call, verb: Verb) -> Principal:  # noqa: ARG002 - a cookie is the same for every verb
        """Find out who visits, for what the API answers to pages."""
        return (await self.visitor(call)).principal

    async def _signed_in(self, call: Call, written: str, secret: SessionSecret | None) -> Principal | None:
        if self._gateway is not None:
            principal = await self._gateway.principal(call, Verb.GET_ME)
            return None if principal.user_id is None else principal
        if self.mode == "open":
            return open_principal(OPEN_ORGANISER) if written == OPEN_SESSION else None
        session = None if secret is None else await self._sessions.find(secret)
        if session is None:
            return None
        return Principal(
            subject=session.user_id,
            user_id=session.user_id,
            proof=Proof.SESSION,
            roles=await self._rights.of_user(session.user_id),
            admin=session.admin,
        )


def guest_principal(secret: SessionSecret) -> Principal:
    """Return a guest: a buyer whom we know by nothing but their browser's cookie."""
    name = guest_id(secret)
    return Principal(subject=name, user_id=name, proof=Proof.SESSION)
