"""Who works for an organiser, and in which role."""

from datetime import datetime
from uuid import UUID

from holdfast.application.identity.administration import Performed
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.organisers import require_in_organiser
from holdfast.application.identity.policy import may_grant
from holdfast.application.identity.ports import IdentityTransaction
from holdfast.application.identity.rules import Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.audit import Act, Actor
from holdfast.domain.identity.organisers import MEMBERS_MAX, Member
from holdfast.domain.identity.principal import Principal, require_user_id
from holdfast.domain.identity.refusals import Forbidden, MemberNotFound, OrganiserNotFound, TooManyMembers
from holdfast.domain.identity.roles import MEMBER_ROLES, Role
from holdfast.domain.refusal import InvalidValue


async def put_member(identity: Identity, actor: Actor, *, organiser_id: UUID, user_id: str, role: Role) -> Member:
    """Make a user a member of an organiser, or change their role.

    The user need not have called before: anybody who proves this user id has the role.

    Raises:
        Unauthenticated, Forbidden, OrganiserNotFound: The policy refuses it.
        InvalidValue: The user id is invalid, or members cannot have this role.
        TooManyMembers: There is no room for another one.
        Unavailable: See its `outcome`.
    """
    require_in_organiser(actor.principal, Verb.PUT_MEMBER, organiser_id)
    require_user_id("user_id", user_id)
    if role not in MEMBER_ROLES:
        raise InvalidValue("role", f"must be one of {', '.join(role.value for role in MEMBER_ROLES)}")
    if not may_grant(actor.principal, role, organiser_id):
        raise Forbidden("Nobody can give a role that is above their own.")

    async def write(transaction: IdentityTransaction, now: datetime) -> Performed[Member]:
        if await transaction.organiser(organiser_id) is None:
            raise OrganiserNotFound(organiser_id)
        before = await transaction.member(organiser_id, user_id)
        if before is not None and before.role is role:
            return Performed(before, None)
        if before is None and await transaction.count_members(organiser_id) >= MEMBERS_MAX:
            raise TooManyMembers(MEMBERS_MAX)
        member = Member(organiser_id=organiser_id, user_id=user_id, role=role, since=now)
        await transaction.put_member(member)
        return Performed(member, _act(Verb.PUT_MEMBER, organiser_id, user_id, before=before, role=role))

    return await identity.administration.perform(actor, write)


async def delete_member(identity: Identity, actor: Actor, *, organiser_id: UUID, user_id: str) -> None:
    """Remove a member from an organiser.

    Raises:
        Unauthenticated, Forbidden, OrganiserNotFound: The policy refuses it.
        MemberNotFound: The user is not a member.
        Unavailable: See its `outcome`.
    """
    require_in_organiser(actor.principal, Verb.DELETE_MEMBER, organiser_id)
    require_user_id("user_id", user_id)

    async def write(transaction: IdentityTransaction, _: datetime) -> Performed[None]:
        if await transaction.organiser(organiser_id) is None:
            raise OrganiserNotFound(organiser_id)
        before = await transaction.member(organiser_id, user_id)
        if before is None:
            raise MemberNotFound(user_id)
        await transaction.delete_member(organiser_id, user_id)
        return Performed(None, _act(Verb.DELETE_MEMBER, organiser_id, user_id, before=before, role=None))

    await identity.administration.perform(actor, write)


async def list_members(
    identity: Identity, principal: Principal, organiser_id: UUID, *, limit: int, offset: int
) -> list[Member]:
    """Return an organiser's members by user id.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        OrganiserNotFound: It does not exist, or the caller may not see it.
    """
    require_in_organiser(principal, Verb.LIST_MEMBERS, organiser_id)
    if await identity.reads.organiser(organiser_id) is None:
        raise OrganiserNotFound(organiser_id)
    return await identity.reads.members(organiser_id, limit=limit, offset=offset)


def _act(verb: Verb, organiser_id: UUID, user_id: str, *, before: Member | None, role: Role | None) -> Act:
    details = {
        "role_before": None if before is None else before.role.value,
        "role": None if role is None else role.value,
    }
    return Act(verb=verb, kind=Kind.MEMBER, thing_id=user_id, organiser_id=organiser_id, details=details)
