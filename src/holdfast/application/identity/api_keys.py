"""Creates, lists and revokes API keys. `rights` decides whether a key is valid."""

import os
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from holdfast.application.identifiers import CellIds, uuid7
from holdfast.application.identity.administration import Performed
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.policy import Thing, may_grant, reach_of, require, require_unseen
from holdfast.application.identity.ports import IdentityTransaction
from holdfast.application.identity.rules import Kind
from holdfast.application.identity.verbs import Verb
from holdfast.application.submission import Submission
from holdfast.domain.identity.api_keys import SECRET_BYTES, ApiKey, make_api_key
from holdfast.domain.identity.audit import Act, Actor
from holdfast.domain.identity.organisers import LIVE_KEYS_MAX, StoredKey, require_name
from holdfast.domain.identity.principal import Principal
from holdfast.domain.identity.refusals import ApiKeyNotFound, Forbidden, OrganiserNotFound, TooManyApiKeys
from holdfast.domain.identity.roles import KEY_ROLES, MEMBER_ROLES, Role
from holdfast.domain.refusal import InvalidValue


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """The properties of a new key."""

    name: str
    role: Role
    organiser_id: UUID | None
    """None for a key that is valid for all organisers; keys with a member's role need one."""
    expires_at: datetime | None


async def create_api_key(
    identity: Identity, actor: Actor, wish: KeyWish, *, submission: Submission | None = None
) -> tuple[StoredKey, ApiKey]:
    """Create a key; return it as stored, and with its secret, which cannot be read again later.

    If the form that asks for it arrives again, the key that it has made is returned once more. A browser shows the
    answer to the second click only, so it must contain the secret too.

    Raises:
        Unauthenticated: The policy refuses it.
        Forbidden: The key could do more than the actor may.
        OrganiserNotFound: It does not exist, or the actor may not see it.
        InvalidValue: A field is invalid; the error names it.
        TooManyApiKeys: There is no room for another one.
        Unavailable: See its `outcome`.
    """
    _require_may_make(actor.principal, wish)
    require_name(wish.name)
    if submission is None:
        key = make_api_key(uuid7(), os.urandom(SECRET_BYTES))
    else:
        key = make_api_key(submission.thing_id(CellIds()), submission.secret)

    async def write(transaction: IdentityTransaction, now: datetime) -> Performed[StoredKey]:
        made = None if submission is None else await transaction.api_key(key.id)
        if made is not None:
            return Performed(made, None)
        if wish.organiser_id is not None and await transaction.organiser(wish.organiser_id) is None:
            raise OrganiserNotFound(wish.organiser_id)
        if wish.expires_at is not None and wish.expires_at <= now:
            raise InvalidValue("expires_at", "must be in the future")
        if await transaction.count_live_api_keys(wish.organiser_id, now) >= LIVE_KEYS_MAX:
            raise TooManyApiKeys(LIVE_KEYS_MAX)
        stored = StoredKey(
            id=key.id,
            name=wish.name,
            role=wish.role,
            organiser_id=wish.organiser_id,
            digest=key.digest,
            created_at=now,
            expires_at=wish.expires_at,
            revoked_at=None,
            last_used_at=None,
        )
        await transaction.insert_api_key(stored)
        return Performed(stored, _act(Verb.CREATE_API_KEY, stored))

    return await identity.administration.perform(actor, write), key


async def revoke_api_key(identity: Identity, actor: Actor, key_id: UUID) -> None:
    """Revoke a key; if it is revoked already, do nothing.

    Every node refuses it within `rights.REVOKED_AFTER_SECONDS`.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        ApiKeyNotFound: It does not exist, or the actor may not see it.
        Unavailable: See its `outcome`.
    """
    require_unseen(actor.principal, Verb.REVOKE_API_KEY)

    async def write(transaction: IdentityTransaction, now: datetime) -> Performed[None]:
        key = await transaction.api_key(key_id)
        if key is None:
            raise ApiKeyNotFound(key_id)
        thing = Thing(organiser_id=key.organiser_id)
        require(actor.principal, Verb.REVOKE_API_KEY, thing, hidden=lambda: ApiKeyNotFound(key_id))
        if key.revoked_at is not None:
            return Performed(None, None)
        await transaction.revoke_api_key(key_id, now)
        return Performed(None, _act(Verb.REVOKE_API_KEY, key))

    await identity.administration.perform(actor, write)


async def list_api_keys(identity: Identity, principal: Principal, *, limit: int, offset: int) -> list[StoredKey]:
    """Return the keys that the caller may see, newest first, including revoked and expired ones.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
    """
    require_unseen(principal, Verb.LIST_API_KEYS)
    return await identity.reads.api_keys(reach_of(principal, Verb.LIST_API_KEYS), limit=limit, offset=offset)


def _require_may_make(principal: Principal, wish: KeyWish) -> None:
    require_unseen(principal, Verb.CREATE_API_KEY)
    organiser_id = wish.organiser_id
    if wish.role not in KEY_ROLES:
        raise InvalidValue("role", f"must be one of {', '.join(role.value for role in KEY_ROLES)}")
    if wish.role is Role.ADMIN and organiser_id is not None:
        raise InvalidValue("organiser_id", "must be left out: a key of role admin counts for all organisers")
    if organiser_id is None:
        if not may_grant(principal, Role.ADMIN, None):
            raise Forbidden("Only an admin makes keys that belong to no organiser.")
        if wish.role in MEMBER_ROLES:
            raise InvalidValue("organiser_id", f"must name the organiser in which the key is {wish.role.value}")
        return
    thing = Thing(organiser_id=organiser_id)
    require(principal, Verb.GET_ORGANISER, thing, hidden=lambda: OrganiserNotFound(organiser_id))
    require(principal, Verb.CREATE_API_KEY, thing, hidden=lambda: OrganiserNotFound(organiser_id))
    if not may_grant(principal, wish.role, organiser_id):
        raise Forbidden("A key cannot have more rights than the caller who creates it.")


def _act(verb: Verb, key: StoredKey) -> Act:
    details = {
        "name": key.name,
        "role": key.role.value,
        "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
    }
    return Act(verb=verb, kind=Kind.API_KEY, thing_id=str(key.id), organiser_id=key.organiser_id, details=details)
