"""What is left of a reservation whose event is archived: enough to tell its buyer from everybody else."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

DIGEST_BYTES = 8
"""Short, because it is kept for every reservation ever archived. A stranger who guesses would need 10^19 tries, and
would learn only that the reservation existed."""


def buyer_digest(reservation_id: UUID, user_id: str) -> bytes:
    """Return what is kept of a reservation's buyer: the first bytes of the SHA-256 of its id and theirs."""
    return sha256(reservation_id.bytes + user_id.encode()).digest()[:DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class ArchivedReservation:
    """A reservation that is in the archive of its event."""

    id: UUID
    event_id: UUID
    buyer: bytes
    """`buyer_digest` of it."""

    def is_of(self, user_id: str) -> bool:
        """Return whether this user made it."""
        return compare_digest(self.buyer, buyer_digest(self.id, user_id))
