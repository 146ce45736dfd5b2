"""The free seats that may be given to one wish."""

from collections.abc import Callable, Collection, Hashable, Iterable

from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.seating import Masks, Place, Scope
from holdfast.domain.booking.choosing.windows import shifted


class Pool:
    """The free seats of one scope, less those that the choice has already taken.

    `ordinary` seats are those that are neither accessible nor companion seats. The others are given to wishes that do
    not ask for accessible seats only if they could not be met otherwise.
    """

    def __init__(self, free: FreeSeats, scope: Scope, barred: Collection[str]) -> None:
        """Set up with nothing chosen.

        Args:
            free: Which seats are free.
            scope: Which seats fit the wish.
            barred: The channels whose seats the buyer does not reach.
        """
        self.free = free
        self.seating = free.seating
        self.name = (scope.name, tuple(sorted(barred)))
        """The same for all wishes that the same seats fit."""
        self._scope = scope
        self._barred: list[Masks] = [free.seating.by_channel[key] for key in barred if key in free.seating.by_channel]
        self._chosen: dict[int, int] = {}

    def choose(self, places: Iterable[Place]) -> None:
        """Take seats out of the pool."""
        for place in places:
            self._chosen[place.block] = self._chosen.get(place.block, 0) | 1 << place.bit

    def first_block(self, search: Hashable, found_in: Callable[[int], int], *, end: int) -> int:
        """Return the first block in which a search finds anything; `end` if there is none.

        What is learnt is kept as long as no seat is given back, because a seat that is taken adds nothing to any block.
        """
        name = (search, self.name)
        first = self.free.hint(name)
        known = first
        while first < end and not found_in(first):
            first += 1
        if first > known and not self._chosen:
            self.free.learn(name, first)
        return first

    def reachable(self, block: int) -> int:
        """Return the free seats that the buyer could have, whether or not they fit the wish."""
        mask = self.free.masks[block]
        if not mask:
            return 0
        for kept_back in self._barred:
            mask &= ~kept_back[block]
        chosen = self._chosen.get(block)
        return mask if chosen is None else mask & ~chosen

    def ordinary_for_all(self, block: int) -> int:
        """Return the free seats that are neither accessible nor companions, whether or not they fit the wish."""
        return self.reachable(block) & self.seating.ordinary[block]

    def fitting(self, block: int) -> int:
        """Return the free seats that fit the wish, companions of seats that are not free among them."""
        return self.reachable(block) & self._scope.masks[block]

    def ordinary(self, block: int) -> int:
        """Return those that are neither accessible nor companions."""
        return self.reachable(block) & self._scope.ordinary[block]

    def accessible(self, block: int) -> int:
        """Return those that are accessible."""
        return self.fitting(block) & self.seating.accessible[block] & ~self.seating.companions[block]

    def sellable(self, block: int) -> int:
        """Return all of them, and of the companions those whose accessible seat could be sold with them in a row."""
        fitting = self.fitting(block)
        ties = self.seating.ties[block]
        if not ties:
            return fitting
        companions = 0
        without = fitting & ~self.seating.companions[block]
        for offset, tied in ties.items():
            if offset is not None:
                companions |= fitting & tied & shifted(without, offset)
        return without | companions

    def companions_of(self, accessible: Place) -> list[Place]:
        """Return the companion seats of a seat that are in the pool."""
        tied = self.seating.companions_of.get(accessible, ())
        return [place for place in tied if self.fitting(place.block) >> place.bit & 1]

    def count(self) -> tuple[int, int, int]:
        """Count the ordinary seats, the accessible seats, and the companions that could be sold with one of those."""
        ordinary = accessible = companions = 0
        for block in range(len(self.seating.blocks)):
            fitting = self.fitting(block)
            if not fitting:
                continue
            special = self.seating.accessible[block] | self.seating.companions[block]
            ordinary += (fitting & ~special).bit_count()
            if fitting & special:
                accessible += self.accessible(block).bit_count()
                companions += self._pairs(block, fitting)
        return ordinary, accessible, companions

    def _pairs(self, block: int, fitting: int) -> int:
        """Count the companions of a block whose accessible seat is in the pool too."""
        pairs = 0
        without = fitting & ~self.seating.companions[block]
        for offset, tied in self.seating.ties[block].items():
            companions = fitting & tied
            if offset is not None:
                pairs += (companions & shifted(without, offset)).bit_count()
                continue
            while companions:
                bit = companions.bit_length() - 1
                companions ^= 1 << bit
                partner = self.seating.partners[Place(block, bit)]
                pairs += self.fitting(partner.block) >> partner.bit & 1
        return pairs
