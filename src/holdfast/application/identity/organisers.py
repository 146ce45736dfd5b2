"""Organisers: created by admins, read by their members."""

from datetime import datetime
from uuid import UUID

from holdfast.application.identifiers import CellIds, uuid7
from holdfast.application.identity.administration import Performed
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.policy import Thing, reach_of, require, require_unseen
from holdfast.application.identity.ports import IdentityTransaction
from holdfast.application.identity.rules import Kind
from holdfast.application.identity.verbs import Verb
from holdfast.application.submission import Submission
from holdfast.domain.identity.audit import Act, Actor
from holdfast.domain.identity.organisers import Organiser, require_name
from holdfast.domain.identity.principal import Principal
from holdfast.domain.identity.refusals import OrganiserNotFound


async def create_organiser(
    identity: Identity, actor: Actor, *, name: str, submission: Submission | None = None
) -> Organiser:
    """Create an organiser without members. If the form that asks for it arrives again, return the one that it has made.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        InvalidValue: The name is not allowed.
        Unavailable: See its `outcome`.
    """
    require_unseen(actor.principal, Verb.CREATE_ORGANISER)
    require_name(name)
    organiser_id = uuid7() if submission is None else submission.thing_id(CellIds())

    async def write(transaction: IdentityTransaction, now: datetime) -> Performed[Organiser]:
        made = None if submission is None else await transaction.organiser(organiser_id)
        if made is not None:
            return Performed(made, None)
        organiser = Organiser(id=organiser_id, name=name, created_at=now)
        await transaction.insert_organiser(organiser)
        act = Act(
            verb=Verb.CREATE_ORGANISER,
            kind=Kind.ORGANISER,
            thing_id=str(organiser_id),
            organiser_id=organiser_id,
            details={"name": name},
        )
        return Performed(organiser, act)

    return await identity.administration.perform(actor, write)


async def list_organisers(identity: Identity, principal: Principal, *, limit: int, offset: int) -> list[Organiser]:
    """Return the organisers that the caller may see, newest first.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
    """
    require_unseen(principal, Verb.LIST_ORGANISERS)
    return await identity.reads.organisers(reach_of(principal, Verb.LIST_ORGANISERS), limit=limit, offset=offset)


async def get_organiser(identity: Identity, principal: Principal, organiser_id: UUID) -> Organiser:
    """Return an organiser.

    Raises:
        Unauthenticated: The policy refuses it.
        OrganiserNotFound: It does not exist, or the caller may not see it.
    """
    require_in_organiser(principal, Verb.GET_ORGANISER, organiser_id)
    organiser = await identity.reads.organiser(organiser_id)
    if organiser is None:
        raise OrganiserNotFound(organiser_id)
    return organiser


def require_in_organiser(principal: Principal, verb: Verb, organiser_id: UUID) -> None:
    """Check that the policy permits a verb on an organiser.

    The organiser need not exist: only admins have a role in one that does not.
    """
    thing = Thing(organiser_id=organiser_id)
    require(principal, verb, thing, hidden=lambda: OrganiserNotFound(organiser_id))
