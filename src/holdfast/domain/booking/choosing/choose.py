"""Chooses the best seats for a wish.

In this order, the first that is possible:

1. Neighbours that leave no single seat alone, the nearest to the focal point.
2. Neighbours, the nearest.
3. All in one area for general admission.
4. Unless they have to be together: as few groups as possible, the first as near as possible and the others near it.

Accessible and companion seats take part only if the wish asks for accessible seats, or cannot be met without them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.domain.booking.choosing.areas import lowest_in_one_area
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.pool import Pool
from holdfast.domain.booking.choosing.search import mixed_window, ordinary_window
from holdfast.domain.booking.choosing.seating import Place
from holdfast.domain.booking.choosing.splitting import apart, split
from holdfast.domain.booking.choosing.wish import BestAvailable, Together


@dataclass(frozen=True, slots=True)
class Chosen:
    """The seats, in the order of the hall: group by group."""

    places: list[Place]
    together: bool
    """Whether they are neighbours, or places in one area."""


@dataclass(frozen=True, slots=True)
class TooFew:
    """Fewer seats fit the wish than it asks for."""

    left: int


@dataclass(frozen=True, slots=True)
class NotTogether:
    """Enough seats fit the wish, but nowhere together."""


Choice: TypeAlias = Chosen | TooFew | NotTogether


def choose(free: FreeSeats, wish: BestAvailable, *, barred: Collection[str] = ()) -> Choice:
    """Choose seats for a wish. The same arguments always lead to the same seats.

    Args:
        free: Which seats are free. It is not changed.
        wish: The wish.
        barred: The channels that keep their seats back from this buyer.

    Raises:
        InvalidValue: if the hall has no such category, section or floor.
    """
    pool = Pool(free, free.seating.scope_of(wish), barred)
    if wish.together is not Together.ANY or wish.count == 1:
        places = _together(pool, wish)
        if places is not None:
            return Chosen(places, together=True)
    left = _left(pool, wish)
    if left < wish.count:
        return TooFew(left)
    if wish.together is Together.REQUIRED:
        return NotTogether()
    if wish.together is Together.ANY:
        return Chosen(apart(pool, wish.count, wish.accessible), together=False)
    return Chosen(split(pool, wish.count, wish.accessible), together=False)


def _together(pool: Pool, wish: BestAvailable) -> list[Place] | None:
    if wish.accessible:
        window = mixed_window(pool, wish.count, wish.accessible)
        return None if window is None else window.places
    window = ordinary_window(pool, wish.count)
    if window is not None:
        return window.places
    places = lowest_in_one_area(pool, wish.count)
    if places is not None:
        return places
    if wish.together is Together.PREFERRED and wish.count > 1 and _has_ordinary(pool, wish.count):
        return None
    window = mixed_window(pool, wish.count, 0)
    return None if window is None else window.places


def _has_ordinary(pool: Pool, count: int) -> bool:
    """Return whether there are enough ordinary seats, wherever they are."""
    for block in range(len(pool.seating.blocks)):
        count -= pool.ordinary(block).bit_count()
        if count <= 0:
            return True
    return False


def _left(pool: Pool, wish: BestAvailable) -> int:
    """Count the seats that fit a wish. If accessible seats are lacking, no more of the others count than it names."""
    ordinary, accessible, companions = pool.count()
    if accessible < wish.accessible:
        return accessible + min(ordinary + companions, wish.count - wish.accessible)
    return ordinary + accessible + companions
