"""The authenticated caller of a request, of the API or of the pages, and what the policy permits them."""

from uuid import UUID

from holdfast.application.identity.owner_directory import OwnerDirectory
from holdfast.application.identity.policy import Thing, Verdict, decide, decide_unseen, reach_of, require
from holdfast.application.identity.verbs import Verb
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.principal import Principal
from holdfast.domain.identity.refusals import OrganiserNotFound
from holdfast.domain.refusal import InvalidValue


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
            EventArchived: The policy permits it, but the reservation is in an archive.
        """
        owner = await self._owners.of_reservation(reservation_id)
        if owner is None:
            await self._look_at_archived(verb, reservation_id)
            owner = await self._owners.of_reservation(reservation_id)  # it may have been restored since the first look
        if owner is None:
            raise ReservationNotFound(reservation_id)
        thing = Thing(organiser_id=owner.organiser_id, user_id=owner.user_id)
        require(self.principal, verb, thing, hidden=lambda: ReservationNotFound(reservation_id))
        self.acts_for = owner.user_id
        self._reservation = thing

    async def _look_at_archived(self, verb: Verb, reservation_id: UUID) -> None:
        """Refuse a verb on a reservation that is in an archive; return if there is none.

        Its buyer's name is not kept, so it can only be compared with the caller's.
        """
        owner = await self._owners.of_archived(reservation_id)
        if owner is None:
            return
        me = self.principal.user_id
        thing = Thing(
            organiser_id=owner.organiser_id,
            user_id=me if me is not None and owner.reservation.is_of(me) else None,
        )
        require(self.principal, verb, thing, hidden=lambda: ReservationNotFound(reservation_id))
        raise EventArchived(owner.reservation.event_id)

    def may_as_seller(self, verb: Verb) -> bool:
        """Return whether the policy permits a part of an operation on the reservation that the request is about.

        Buyers without any role never may; their reservations have not been looked up.
        """
        thing = self._reservation
        return thing is not None and decide(self.principal, verb, thing) is Verdict.ALLOWED
