"""Checks tickets where there may be no connection: at the door, with the public keys in a file."""

from collections.abc import Mapping
from uuid import UUID

from holdfast.application.tickets.ports import Signatures
from holdfast.domain.tickets.code import read_code
from holdfast.domain.tickets.faults import BadTicket, Fault
from holdfast.domain.tickets.ticket import Ticket


class Door:
    """Checks one code after another, and remembers whose seats it has seen."""

    def __init__(
        self, signatures: Signatures, public_keys: Mapping[bytes, bytes], *, event_id: UUID | None = None
    ) -> None:
        """Set what is checked against.

        Args:
            signatures: Checks signatures.
            public_keys: The keys whose tickets count, by id.
            event_id: The only event whose tickets count; None for any.
        """
        self._signatures = signatures
        self._public_keys = public_keys
        self._event_id = event_id
        # By seat, not by code: after a rotation the same ticket has another code. It grows by one for each ticket that
        # is genuine, so it is never larger than the hall.
        self._seen: set[tuple[UUID, UUID]] = set()

    def check(self, code: str) -> Ticket:
        """Return the ticket, and remember that it was seen.

        Raises:
            UnreadableCode: It is not the code of a ticket.
            BadTicket: It is, but does not let its bearer in.
        """
        signed = read_code(code)
        public = self._public_keys.get(signed.key_id)
        if public is None:
            raise BadTicket(Fault.UNKNOWN_KEY)
        if not self._signatures.is_right(public, signed.message, signed.signature):
            raise BadTicket(Fault.FORGED)
        ticket = signed.ticket
        if self._event_id not in (None, ticket.event_id):
            raise BadTicket(Fault.OTHER_EVENT, ticket)
        place = (ticket.event_id, ticket.seat_id)
        if place in self._seen:
            raise BadTicket(Fault.SEEN_BEFORE, ticket)
        self._seen.add(place)
        return ticket
