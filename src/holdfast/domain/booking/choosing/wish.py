"""What a buyer asks for who leaves the choice of seats to us."""

from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from holdfast.domain.booking.reservation import SEATS_MAX
from holdfast.domain.refusal import InvalidValue
from holdfast.domain.value import value


class Together(StrEnum):
    """Whether the seats have to be next to each other."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    """Next to each other if that is possible, otherwise in as few groups as possible."""
    ANY = "any"
    """The best seats, wherever they are."""


@value(frozen=True, slots=True, kw_only=True)
class BestAvailable:
    """How many seats, and where. What is None does not matter to the buyer."""

    count: int
    category: str | None = None
    """A category's key."""
    section: str | None = None
    """A section's key; of seats without a hall, the section's name."""
    floor: str | None = None
    """A floor's key."""
    together: Together = Together.PREFERRED
    accessible: int = 0
    """How many of the seats have to be accessible."""

    @classmethod
    def wish(
        cls,
        *,
        count: int,
        category: str | None = None,
        section: str | None = None,
        floor: str | None = None,
        together: Together = Together.PREFERRED,
        accessible: int = 0,
    ) -> "BestAvailable":
        """Build a wish from a buyer's request.

        Raises:
            InvalidValue: if there are too few or too many seats, or more accessible ones than seats.
        """
        if not 1 <= count <= SEATS_MAX:
            raise InvalidValue("best_available.count", f"must be 1 to {SEATS_MAX}")
        if not 0 <= accessible <= count:
            raise InvalidValue("best_available.accessible", "must be 0 to count")
        return cls(
            count=count, category=category, section=section, floor=floor, together=together, accessible=accessible
        )

    def fingerprint(self, event_id: UUID) -> bytes:
        """Hash the event and the wish (SHA-256), with every default written out.

        The word at the front keeps it apart from the fingerprint of named seats. Lengths are hashed with the texts, so
        that no text can pass for the end of one and the beginning of another.
        """
        told = [b"best_available", event_id.bytes, b"%d %d" % (self.count, self.accessible), self.together.encode()]
        told += [
            b"-" if text is None else b"%d:%b" % (len(text.encode()), text.encode())
            for text in (self.category, self.section, self.floor)
        ]
        return sha256(b" ".join(told)).digest()
