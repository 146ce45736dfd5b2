"""What the use cases of tickets share within a process."""

from dataclasses import dataclass

from holdfast.application.tickets.key_ring import KeyRing
from holdfast.application.tickets.ports import KeyStore, Signatures, TicketSeats


@dataclass(frozen=True, slots=True)
class Tickets:
    """The parts that the use cases of tickets work with. There is one per process."""

    seats: TicketSeats
    key_store: KeyStore
    signatures: Signatures
    key_ring: KeyRing
