"""What this room needs from outside, as Protocols; infrastructure implements them without inheriting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from uuid import UUID

from holdfast.domain.identity.audit import AuditEntry
from holdfast.domain.tickets.keys import KeyPair, StoredTicketKey

Sign: TypeAlias = Callable[[bytes], bytes]
"""Signs a message with one private key."""


class Signatures(Protocol):
    """Ed25519."""

    def new_pair(self) -> KeyPair:
        """Make a key from random bits."""
        ...

    def signer(self, private: bytes) -> Sign:
        """Return what signs with a private key. Loading the key costs about as much as a signature."""
        ...

    def is_right(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Return whether a signature is of a message, and was made with the private half of a key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """The key that signs."""

    id: bytes
    private: bytes = field(repr=False)


class KeyStore(Protocol):
    """Where the keys are. All calls raise `ConnectionLost` and `Contended`."""

    async def signing(self) -> PrivateKey | None:
        """Return the key that signs; None if there is none yet."""
        ...

    async def make_first(self, pair: KeyPair) -> PrivateKey:
        """Store a key to sign with, unless another node has stored one in the meantime; return the one that signs."""
        ...

    async def rotate(self, pair: KeyPair, entry: AuditEntry) -> None:
        """Store a new key to sign with, and retire the one that signed so far. Repeated with the same, it does nothing.

        Args:
            pair: The new key.
            entry: For the audit, in the same transaction.
        """
        ...

    async def revoke(self, key_id: bytes, entry: AuditEntry) -> bool:
        """Revoke a key; return False if there is none. A key that is revoked already stays as it is.

        Args:
            key_id: Which key.
            entry: For the audit, in the same transaction.
        """
        ...

    async def keys(self) -> Sequence[StoredTicketKey]:
        """Return all keys, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class SeatOfTicket:
    """A seat as its ticket names it."""

    id: UUID
    number: str
    section: str | None
    row: str | None


class TicketSeats(Protocol):
    """Where seats are looked up."""

    async def seats(self, event_id: UUID, seat_ids: Sequence[UUID]) -> Sequence[SeatOfTicket]:
        """Return seats of an event, in any order."""
        ...
