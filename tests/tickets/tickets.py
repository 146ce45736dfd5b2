"""Tickets signed with keys of the test's own."""

from uuid import UUID

from hypothesis import strategies as st

from holdfast.domain.catalogue.seat import SEAT_NUMBER_MAX
from holdfast.domain.tickets.code import code_of
from holdfast.domain.tickets.keys import KeyPair
from holdfast.domain.tickets.signed import SignedTicket, message_of
from holdfast.domain.tickets.ticket import Ticket
from holdfast.infrastructure.ticket_signatures import Ed25519Signatures

SIGNATURES = Ed25519Signatures()
PAIR = KeyPair(
    private=b"\x07" * 32,
    public=bytes.fromhex("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"),
)
"""Always the same, so that the names of tests are."""
KEYS = {PAIR.id: PAIR.public}


def a_ticket(**wanted) -> Ticket:
    return Ticket(
        **{"event_id": UUID(int=1), "reservation_id": UUID(int=2), "seat_id": UUID(int=3), "seat_number": "A-12"}
        | wanted
    )


def signed(ticket: Ticket, pair=PAIR) -> SignedTicket:
    signature = SIGNATURES.signer(pair.private)(message_of(ticket, pair.id))
    return SignedTicket(ticket=ticket, key_id=pair.id, signature=signature)


def a_code(pair=PAIR, **wanted) -> str:
    return code_of(signed(a_ticket(**wanted), pair))


ids = st.uuids()
seat_numbers = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=SEAT_NUMBER_MAX)
tickets = st.builds(Ticket, event_id=ids, reservation_id=ids, seat_id=ids, seat_number=seat_numbers)
