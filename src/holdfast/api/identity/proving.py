"""How callers authenticate: one prover for each mode of `AUTH_MODE`."""

from uuid import UUID

from holdfast.application.identity.key_uses import KeyUses
from holdfast.application.identity.rights import Rights
from holdfast.application.identity.rules import RULES
from holdfast.application.identity.tokens import TokenRefused, TokenVerifier
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.api_keys import KEY_PREFIX, read_api_key
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.principal import NOBODY, Principal, Proof, key_principal, open_principal, require_user_id
from holdfast.domain.identity.refusals import ConflictingCredentials, Unauthenticated
from holdfast.domain.identity.roles import MEMBER_ROLES, Role
from holdfast.http.endpoints.call import Call
from holdfast.http.protocol.forwarding import Networks

_USER_ID = "X-User-ID"


class OpenProver:
    """Accepts any user id without proof."""

    async def principal(self, call: Call, verb: Verb) -> Principal:
        """Read X-User-ID, which only buyers need to send."""
        if RULES[verb].as_buyer:
            return open_principal(call.user_id())
        return open_principal(call.user_id_if_good())


class GatewayProver:
    """Trusts the headers of the configured gateways, and of nobody else."""

    def __init__(self, peers: str) -> None:
        """Set the gateways.

        Args:
            peers: Their addresses and networks, separated by commas.
        """
        self._peers = Networks(peers)

    async def principal(self, call: Call, verb: Verb) -> Principal:  # noqa: ARG002 - the headers are all it needs
        """Read X-User-ID and X-User-Roles."""
        call.caller_name = b""
        user_id = call.only_header(b"x-user-id")
        words = call.only_header(b"x-user-roles")
        if user_id is None and words is None:
            return NOBODY
        if user_id is None or (call.peer or "") not in self._peers:
            raise Unauthenticated
        require_user_id(_USER_ID, user_id)
        call.caller_name = user_id.encode()
        roles, admin = _roles_in(words or "")
        return Principal(subject=user_id, user_id=user_id, proof=Proof.GATEWAY, roles=roles, admin=admin)


class TokensProver:
    """Accepts tokens of trusted issuers, and API keys."""

    def __init__(self, verifier: TokenVerifier | None, rights: Rights, key_uses: KeyUses) -> None:
        self._verifier = verifier
        self._rights = rights
        self._key_uses = key_uses

    async def principal(self, call: Call, verb: Verb) -> Principal:  # noqa: ARG002 - a credential is the same for every verb
        """Check the credential in `Authorization`."""
        call.caller_name = b""
        given = call.only_header(b"authorization")
        named = call.only_header(b"x-user-id")
        if given is None:
            return NOBODY
        scheme, _, credential = given.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated(invalid_token=True)
        credential = credential.strip(" ")
        of_kind = self._of_key if credential.startswith(KEY_PREFIX) else self._of_token
        principal = await of_kind(credential, named)
        call.caller_name = (principal.subject or "").encode()
        return principal

    async def _of_key(self, text: str, named: str | None) -> Principal:
        key = read_api_key(text)
        stored = None if key is None else await self._rights.of_key(key)
        if stored is None:
            raise Unauthenticated(invalid_token=True)
        if named is not None:
            require_user_id(_USER_ID, named)
        principal = key_principal(stored, named)
        if principal.user_id is not None and named not in (None, principal.user_id):
            raise ConflictingCredentials(_USER_ID)
        self._key_uses.note(stored.id)
        return principal

    async def _of_token(self, token: str, named: str | None) -> Principal:
        if self._verifier is None:
            raise Unauthenticated(invalid_token=True)
        try:
            verified = await self._verifier.verify(token)
        except TokenRefused:
            raise Unauthenticated(invalid_token=True) from None
        if named is not None and named not in (verified.user_id, verified.subject):
            raise ConflictingCredentials(_USER_ID)
        return Principal(
            subject=verified.user_id,
            user_id=verified.user_id,
            proof=Proof.TOKEN,
            roles=await self._rights.of_user(verified.user_id),
            admin=Role.ADMIN.value in verified.roles,
        )


def _roles_in(words: str) -> tuple[dict[UUID, Role], bool]:
    """Parse `admin, organiser:<id>`. A role without an organiser is for the default one; unknown roles are ignored."""
    roles: dict[UUID, Role] = {}
    admin = False
    for word in words.split(","):
        name, _, organiser = word.strip().partition(":")
        admin = admin or (name == Role.ADMIN.value and not organiser)
        role = next((role for role in MEMBER_ROLES if role.value == name), None)
        organiser_id = _organiser_id(organiser)
        if role is not None and organiser_id is not None:
            held = roles.get(organiser_id, Role.NOBODY)
            roles[organiser_id] = role if role.at_least(held) else held
    return roles, admin


def _organiser_id(text: str) -> UUID | None:
    if not text:
        return DEFAULT_ORGANISER_ID
    try:
        return UUID(text)
    except ValueError:
        return None
