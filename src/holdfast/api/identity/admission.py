"""Who asks is proved before anything else of a request is looked at, and the policy decides what it can say already."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from holdfast.application.identity.owners import Owners
from holdfast.application.identity.policy import (
    Thing,
    Verdict,
    decide,
    decide_unseen,
    reach_of,
    require,
    require_unseen,
)
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.errors import OrganiserNotFound
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.principal import Principal, Proof
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.call import Call


class Prover(Protocol):
    """Finds out who a call is by, in one of the modes of `AUTH_MODE`."""

    async def principal(self, call: Call, verb: Verb) -> Principal:
        """Prove who asks; nobody is a principal too.

        Raises:
            Unauthenticated, MissingUserId: a credential is needed, or one is there and proves nothing.
            ConflictingCredentials: two of them name two callers.
            InvalidValue: X-User-ID is none.
            Unavailable, ConnectionLost, Contended: it cannot be found out now.
        """
        ...


class Caller:
    """Who was let in, and for whom they act."""

    __slots__ = ("_owners", "acts_for", "principal")

    def __init__(self, principal: Principal, owners: Owners) -> None:
        self.principal = principal
        self.acts_for = principal.user_id
        """The buyer whose reservation it is that something is done to."""
        self._owners = owners

    async def look_at_event(self, verb: Verb, event_id: UUID) -> None:
        """Go on where the policy allows to do something to an event, or there is none.

        Raises:
            Unauthenticated, Forbidden, EventNotFound: as the policy says.
        """
        organiser_id = await self._owners.of_event(event_id)
        if organiser_id is not None:
            thing = Thing(organiser_id=organiser_id, user_id=self.principal.user_id)
            require(self.principal, verb, thing, hidden=lambda: EventNotFound(event_id))

    async def may(self, verb: Verb, event_id: UUID) -> bool:
        """Tell whether the policy allows something that is part of an operation on an event."""
        if decide_unseen(self.principal, verb) is Verdict.ALLOWED:
            return True
        if not self.principal.roles:
            return False
        organiser_id = await self._owners.of_event(event_id)
        return decide(self.principal, verb, Thing(organiser_id=organiser_id)) is Verdict.ALLOWED

    async def organiser_for(self, verb: Verb, organiser_id: UUID | None) -> UUID:
        """Find the organiser for whom something new is made.

        Args:
            verb: What is done.
            organiser_id: Who was named.

        Raises:
            Forbidden: the policy does not allow it for that organiser.
            OrganiserNotFound: there is none.
            InvalidValue: nobody was named, and it could be several.
        """
        if organiser_id is not None:
            missing = OrganiserNotFound(organiser_id)
            require(self.principal, verb, Thing(organiser_id=organiser_id), hidden=lambda: missing)
            if not await self._owners.has_organiser(organiser_id):
                raise missing
            return organiser_id
        reach = reach_of(self.principal, verb)
        if reach.everything:
            return DEFAULT_ORGANISER_ID
        if len(reach.organiser_ids) != 1:
            raise InvalidValue("organiser_id", "must say for which of your organisers")
        return next(iter(reach.organiser_ids))

    async def look_at_reservation(self, verb: Verb, reservation_id: UUID) -> None:
        """Go on where the policy allows to do something to somebody's reservation, and act for them.

        Raises:
            Unauthenticated, Forbidden, ReservationNotFound: as the policy says.
        """
        owner = await self._owners.of_reservation(reservation_id)
        if owner is None:
            raise ReservationNotFound(reservation_id)
        thing = Thing(organiser_id=owner.organiser_id, user_id=owner.user_id)
        require(self.principal, verb, thing, hidden=lambda: ReservationNotFound(reservation_id))
        self.acts_for = owner.user_id


class Admission:
    """Lets calls in, each by the verb that its operation is called by."""

    def __init__(self, prover: Prover, owners: Owners) -> None:
        self._prover = prover
        self._owners = owners

    def to(self, operation_name: str) -> Callable[[Call], Awaitable[None]] | None:
        """Make what lets calls in to an operation; None where nobody is asked who they are.

        Raises:
            ValueError: The policy has no rule for an operation of this name.
        """
        verb = Verb(operation_name)
        rule = RULES[verb]
        if rule.kind is Kind.SERVICE:
            return None

        async def admit(call: Call) -> None:
            principal = await self._prover.principal(call, verb)
            caller = call.caller = Caller(principal, self._owners)
            decided = require_unseen(principal, verb)
            if rule.kind is Kind.RESERVATION and _acts_for_others(principal):
                await caller.look_at_reservation(verb, call.path_id("id"))
            elif rule.kind is Kind.EVENT and not decided and not rule.public and call.scope["path_params"]:
                await caller.look_at_event(verb, call.path_id(next(iter(call.scope["path_params"]))))

        return admit


def _acts_for_others(principal: Principal) -> bool:
    """Whether there may be reservations of others that are theirs to act on; a buyer is spared the look-up."""
    return principal.proof is not Proof.OPEN and (principal.admin or bool(principal.roles))


def caller_of(call: Call) -> Caller:
    """Tell who was let in."""
    assert isinstance(call.caller, Caller)
    return call.caller


def principal_of(call: Call) -> Principal:
    """Tell who was let in, as the policy knows them."""
    return caller_of(call).principal


def actor_of(call: Call) -> Actor:
    """Tell who acts, for the audit."""
    return Actor(principal=principal_of(call), request_id=call.request_id)


def buyer_of(call: Call) -> str:
    """Tell the buyer whose reservation is asked for or acted on.

    Raises:
        InvalidValue: A key that acts for buyers does not say for whom.
    """
    caller = caller_of(call)
    buyer = caller.acts_for or caller.principal.buyer_id
    if buyer is None:
        raise InvalidValue("X-User-ID", "must name the buyer for whom this key acts")
    return buyer
