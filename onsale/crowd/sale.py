"""The events of a simulated sale: how many of their seats are free, and how many were when a buyer looked."""

import math
from collections.abc import Sequence

LOOK_STEP_SECONDS = 0.25


class Sale:
    """Counts the free seats of each event. A seat is only a number here: which one it is decides nothing."""

    def __init__(self, events: int, seats_of_event: int) -> None:
        self.free = [seats_of_event] * events
        self._seen: list[Sequence[int]] = [tuple(self.free)]
        self.sold_orders = 0

    def look(self) -> None:
        """Note what everybody sees at this moment. Called every `LOOK_STEP_SECONDS`."""
        self._seen.append(tuple(self.free))

    def still_free(self, event: int, seats: int, seconds_ago: float) -> float:
        """Return how likely seats that were free some time ago are all still free.

        Buyers choose evenly among the free seats. Each seat that was taken since was as likely to be one of theirs as
        any other.
        """
        back = max(1, math.ceil(seconds_ago / LOOK_STEP_SECONDS))
        before = self._seen[max(0, len(self._seen) - back)][event]
        return (self.free[event] / before) ** seats if before else 0.0

    def take(self, event: int, seats: int) -> bool:
        """Take seats; return False if too few are left."""
        if self.free[event] < seats:
            return False
        self.free[event] -= seats
        self.sold_orders += 1
        return True

    def give_back(self, event: int, seats: int) -> None:
        """Free seats that were held."""
        self.free[event] += seats
