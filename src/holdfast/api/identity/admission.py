"""Authenticates callers before the rest of a request is processed, and refuses what the policy can refuse by then."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from holdfast.application.identity.owner_directory import OwnerDirectory
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
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.principal import Principal, Proof
from holdfast.domain.identity.refusals import OrganiserNotFound
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.call import Call

_OF_EVENTS = (Kind.EVENT, Kind.SALES_OF_EVENT)


class Prover(Protocol):
    """Authenticates the caller in one of the modes of `AUTH_MODE`."""

    async def principal(self, call: Call, verb: Verb) -> Principal:
        """Authenticate the caller; without a credential return `NOBODY` where the mode and the verb permit it.

        Raises:
            Unauthenticated, MissingUserId: A credential is missing, or there is one that is not valid.
            ConflictingCredentials: Two credentials name two callers.
            InvalidValue: X-User-ID is not a user id.
            Unavailable, ConnectionLost, Contended: It cannot be checked now.
        """
        ...


class Caller:
    """The authenticated caller, and the buyer they act for."""

    __slots__ = ("_owners", "_reservation", "acts_for", "principal")

    def __init__(self, principal: Principal, owners: OwnerDirectory) -> None:
        self.principal = principal
        self.acts_for = principal.user_id
        """The buyer whose reservation the request is about."""
        self._owners = owners
        self._reservation: Thing | None = None

    async def look_at_event(self, verb: Verb, event_id: UUID) -> None:
        """Return if the policy permits the verb on an event.

        An event that does not exist is refused here too, and not later by the handler: it would first refuse a body or
        a condition that is wrong, and the difference would tell a draft from no event.

        Raises:
            Unauthenticated, Forbidden: The policy refuses it.
            EventNotFound: There is no such event, or the caller may not see it.
        """
        if decide_unseen(self.principal, verb) is Verdict.ALLOWED:
            return
        published = await self._owners.is_published(event_id)
        organiser_id = None if published is None else await self._owners.of_event(event_id)
        if organiser_id is None:
            raise EventNotFound(event_id)
        thing = Thing(organiser_id=organiser_id, user_id=self.principal.user_id, draft=not published)
        require(self.principal, verb, thing, hidden=lambda: EventNotFound(event_id))

    async def may(self, verb: Verb, event_id: UUID) -> bool:
        """Return whether the policy permits a part of an operation on an event."""
        if decide_unseen(self.principal, verb) is Verdict.ALLOWED:
            return True
        if not self.principal.roles:
            return False
        organiser_id = await self._owners.of_event(event_id)
        return decide(self.principal, verb, Thing(organiser_id=organiser_id)) is Verdict.ALLOWED

    async def organiser_of(self, event_id: UUID) -> UUID | None:
        """Return the organiser of an event; None if there is no such event."""
        return await self._owners.of_event(event_id)

    async def organiser_for(self, verb: Verb, organiser_id: UUID | None) -> UUID:
        """Return the organiser for which something new is created.

        Args:
            verb: The action.
            organiser_id: The organiser named in the request, if any.

        Raises:
            Forbidden: The policy refuses it for that organiser.
            OrganiserNotFound: It does not exist.
            InvalidValue: No organiser was named, and there are several it could be.
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
        """Return if the policy permits the verb on a reservation, and set its buyer as the one to act for.

        Raises:
            Unauthenticated, Forbidden, ReservationNotFound: The policy refuses it.
        """
        owner = await self._owners.of_reservation(reservation_id)
        if owner is None:
            raise ReservationNotFound(reservation_id)
        thing = Thing(organiser_id=owner.organiser_id, user_id=owner.user_id)
        require(self.principal, verb, thing, hidden=lambda: ReservationNotFound(reservation_id))
        self.acts_for = owner.user_id
        self._reservation = thing

    def may_as_seller(self, verb: Verb) -> bool:
        """Return whether the policy permits a part of an operation on the reservation that the request is about.

        Buyers without any role never may; their reservations have not been looked up.
        """
        thing = self._reservation
        return thing is not None and decide(self.principal, verb, thing) is Verdict.ALLOWED


class Admission:
    """Admits calls, each by the verb of its operation."""

    def __init__(self, prover: Prover, owners: OwnerDirectory) -> None:
        self._prover = prover
        self._owners = owners

    def to(self, operation_name: str) -> Callable[[Call], Awaitable[None]] | None:
        """Return the function that admits calls to an operation; None if the operation needs no authentication.

        Raises:
            ValueError: The policy has no rule for an operation of this name.
        """
        verb = Verb(operation_name)
        if RULES[verb].kind is Kind.SERVICE:
            return None
        if verb is not Verb.LIST_CHANNEL_SEATS:
            return self._by(verb)
        otherwise, by_code = self._by(verb), self._by(Verb.NAME_ACCESS_CODE)

        async def admit(call: Call) -> None:
            await (by_code if call.headers.get(b"x-access-code") else otherwise)(call)

        return admit

    def _by(self, verb: Verb) -> Callable[[Call], Awaitable[None]]:
        rule = RULES[verb]

        async def admit(call: Call) -> None:
            principal = await self._prover.principal(call, verb)
            caller = call.caller = Caller(principal, self._owners)
            decided = require_unseen(principal, verb)
            if rule.kind is Kind.RESERVATION and _acts_for_others(principal):
                await caller.look_at_reservation(verb, call.path_id("id"))
            elif rule.kind in _OF_EVENTS and not decided and verb is not Verb.GET_SEAT and call.scope["path_params"]:
                await caller.look_at_event(verb, call.path_id(next(iter(call.scope["path_params"]))))

        return admit


def _acts_for_others(principal: Principal) -> bool:
    """Return whether the caller may act on reservations of other buyers; a plain buyer needs no look-up."""
    return principal.proof is not Proof.OPEN and (principal.admin or bool(principal.roles))


def caller_of(call: Call) -> Caller:
    """Return the admitted caller."""
    assert isinstance(call.caller, Caller)
    return call.caller


def principal_of(call: Call) -> Principal:
    """Return the admitted caller's principal."""
    return caller_of(call).principal


def actor_of(call: Call) -> Actor:
    """Return the caller as recorded in the audit."""
    return Actor(principal=principal_of(call), request_id=call.request_id)


def buyer_of(call: Call) -> str:
    """Return the buyer whose reservation is read or changed.

    Raises:
        InvalidValue: The key acts for buyers, and the request does not name one.
    """
    caller = caller_of(call)
    buyer = caller.acts_for or caller.principal.buyer_id
    if buyer is None:
        raise InvalidValue("X-User-ID", "must name the buyer for whom this key acts")
    return buyer
