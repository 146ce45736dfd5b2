"""A signed ticket as bytes, and exactly which of them are signed.

    version | key id | event id | reservation id | seat id | seat number | signature
       1    |    8   |    16    |       16       |   16    |   1 to 200  |    64

The seat number is in UTF-8. Everything else has a fixed length, so it needs no length of its own.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from holdfast.domain.catalogue.seat import SEAT_NUMBER_MAX
from holdfast.domain.tickets.faults import Fault, UnreadableCode
from holdfast.domain.tickets.ticket import Ticket

VERSION = 1
KEY_ID_BYTES = 8
SIGNATURE_BYTES = 64

_CONTEXT = b"holdfast ticket\x00"
"""Signed in front of every ticket, so that a signature made for anything else is never one of a ticket."""
_IDS_AT = 1 + KEY_ID_BYTES
_NUMBER_AT = _IDS_AT + 3 * 16
PAYLOAD_BYTES_MIN = _NUMBER_AT + 1 + SIGNATURE_BYTES
PAYLOAD_BYTES_MAX = _NUMBER_AT + 4 * SEAT_NUMBER_MAX + SIGNATURE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTicket:
    """A ticket as it is handed out. Whether the signature is right is not known before it has been checked."""

    ticket: Ticket
    key_id: bytes
    signature: bytes = field(repr=False)

    @property
    def message(self) -> bytes:
        """What the signature is of."""
        return message_of(self.ticket, self.key_id)

    @property
    def payload(self) -> bytes:
        """The bytes that a code carries."""
        return _body(self.ticket, self.key_id) + self.signature


def key_id_of(public_key: bytes) -> bytes:
    """Return the id of a key: it follows from the key, so that no two keys share one and none can be renamed."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


def message_of(ticket: Ticket, key_id: bytes) -> bytes:
    """Return what has to be signed, the version and the id of the key included."""
    return _CONTEXT + _body(ticket, key_id)


def ticket_of(payload: bytes) -> SignedTicket:
    """Read the bytes that a code carries.

    Raises:
        UnreadableCode: They are no ticket of this version.
    """
    if payload[:1] != bytes([VERSION]):
        raise UnreadableCode(Fault.OTHER_VERSION)
    if not PAYLOAD_BYTES_MIN <= len(payload) <= PAYLOAD_BYTES_MAX:
        raise UnreadableCode(Fault.TOO_SHORT if len(payload) < PAYLOAD_BYTES_MIN else Fault.TOO_LONG)
    event_id, reservation_id, seat_id = (
        UUID(bytes=payload[start : start + 16]) for start in range(_IDS_AT, _NUMBER_AT, 16)
    )
    try:
        seat_number = payload[_NUMBER_AT:-SIGNATURE_BYTES].decode()
    except UnicodeDecodeError:
        raise UnreadableCode(Fault.SEAT_NUMBER) from None
    if len(seat_number) > SEAT_NUMBER_MAX:
        raise UnreadableCode(Fault.SEAT_NUMBER)
    return SignedTicket(
        ticket=Ticket(event_id=event_id, reservation_id=reservation_id, seat_id=seat_id, seat_number=seat_number),
        key_id=payload[1:_IDS_AT],
        signature=payload[-SIGNATURE_BYTES:],
    )


def _body(ticket: Ticket, key_id: bytes) -> bytes:
    number = ticket.seat_number.encode()
    if not 1 <= len(ticket.seat_number) <= SEAT_NUMBER_MAX or len(key_id) != KEY_ID_BYTES:
        raise ValueError("no ticket of this version has such a seat number or key id")
    ids = (ticket.event_id, ticket.reservation_id, ticket.seat_id)
    return b"".join([bytes([VERSION]), key_id, *(one.bytes for one in ids), number])
