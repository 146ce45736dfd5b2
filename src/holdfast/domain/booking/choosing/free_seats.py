"""Which seats of an event are free, as masks over its seating."""

from collections.abc import Hashable
from uuid import UUID

from holdfast.domain.booking.choosing.seating import Place, Seating

HINTS_MAX = 256


class FreeSeats:
    """The free seats. `copy` is cheap: masks are shared until one of them changes."""

    __slots__ = ("_hints", "masks", "seating")

    def __init__(self, seating: Seating, masks: list[int]) -> None:
        self.seating = seating
        self.masks = masks
        """A mask for each block."""
        self._hints: dict[Hashable, int] = {}

    @classmethod
    def all_of(cls, seating: Seating) -> "FreeSeats":
        """Return a state in which every seat is free."""
        return cls(seating, [block.seats for block in seating.blocks])

    def copy(self) -> "FreeSeats":
        """Return a copy that can be changed by itself."""
        copy = FreeSeats(self.seating, self.masks.copy())
        copy._hints = self._hints.copy()
        return copy

    def count(self) -> int:
        """Count the free seats."""
        return sum(mask.bit_count() for mask in self.masks)

    def take(self, place: Place) -> None:
        """Record that a seat is no longer free."""
        self.masks[place.block] &= ~(1 << place.bit)

    def give_back(self, place: Place) -> None:
        """Record that a seat is free again."""
        self.masks[place.block] |= 1 << place.bit
        if self._hints:
            self._hints.clear()

    def change(self, seat_id: UUID, *, free: bool) -> bool:
        """Record that a seat is taken or free again; return False if it is not in the chart."""
        place = self.seating.place_of(seat_id)
        if place is None:
            return False
        if free:
            self.give_back(place)
        else:
            self.take(place)
        return True

    def hint(self, search: Hashable) -> int:
        """Return the first block in which such a search can find anything.

        As long as no seat is given back, what found nothing in a block finds nothing there later.
        """
        return self._hints.get(search, 0)

    def learn(self, search: Hashable, first_block: int) -> None:
        """Record that such a search finds nothing before a block."""
        if len(self._hints) >= HINTS_MAX:
            self._hints.clear()
        self._hints[search] = first_block
