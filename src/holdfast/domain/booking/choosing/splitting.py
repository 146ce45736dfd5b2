"""Divides a wish that cannot be met together into groups."""

from holdfast.domain.booking.choosing.areas import lowest_in_area
from holdfast.domain.booking.choosing.pool import Pool
from holdfast.domain.booking.choosing.search import Window, nearest_window, ordinary_window, window_in
from holdfast.domain.booking.choosing.seating import Place
from holdfast.domain.booking.choosing.windows import leaving_single, longest, windows


def split(pool: Pool, count: int, accessible: int) -> list[Place]:
    """Choose seats in as few groups as possible, close together. Enough seats must fit.

    No one sits alone if two groups of two or more are possible.
    """
    places = _accessible(pool, count, accessible)
    first: Window | None = None
    while len(places) < count:
        group = _next_group(pool, first, count - len(places))
        if group is None:
            break
        first = first or group
        pool.choose(group.places)
        places += group.places
    return places + _last_resort(pool, count - len(places), places)


def apart(pool: Pool, count: int, accessible: int) -> list[Place]:
    """Choose the best seats one by one. Enough seats must fit."""
    places = _accessible(pool, count, accessible)
    while len(places) < count:
        window = ordinary_window(pool, 1)
        if window is None:
            break
        pool.choose(window.places)
        places += window.places
    return places + _last_resort(pool, count - len(places), places)


def _accessible(pool: Pool, count: int, accessible: int) -> list[Place]:
    """Choose the accessible seats that are asked for, and companions of theirs for the others."""
    places = _accessible_seats(pool, accessible)
    for place in tuple(places):
        companions = pool.companions_of(place)[: count - len(places)]
        pool.choose(companions)
        places += companions
    return places


def _accessible_seats(pool: Pool, count: int) -> list[Place]:
    places: list[Place] = []
    while len(places) < count:
        window = nearest_window(pool, 1, pool.accessible)
        if window is None:
            break
        pool.choose(window.places)
        places += window.places
    return places


def _last_resort(pool: Pool, count: int, chosen: list[Place]) -> list[Place]:
    """Choose what is neither an ordinary seat in a row nor asked for: places in areas, then accessible seats."""
    places: list[Place] = []
    for area in range(len(pool.seating.areas)):
        places += lowest_in_area(pool, area, count - len(places))
    pool.choose(places)
    more = _accessible_seats(pool, count - len(places))
    places += more
    for place in (*chosen, *more):
        companions = pool.companions_of(place)[: count - len(places)]
        pool.choose(companions)
        places += companions
    assert len(places) == count, "enough seats were counted"
    return places


def _next_group(pool: Pool, first: Window | None, wanted: int) -> Window | None:
    """Return the next group of ordinary seats in rows; None if there are no more."""
    size = _longest_window(pool, wanted)
    if size == 0:
        return None
    if size == wanted - 1 and size > 2:
        smaller = _near(pool, first, size - 1)
        if _has_pair_beside(pool, smaller):
            return smaller
    return _near(pool, first, size)


def _longest_window(pool: Pool, at_most: int) -> int:
    """Return the length of the longest run of free ordinary seats in a row, up to a limit."""
    length = 0
    for block in range(pool.seating.row_blocks):
        length = max(length, longest(pool.ordinary(block), at_least=length + 1, at_most=at_most))
        if length == at_most:
            break
    return length


def _has_pair_beside(pool: Pool, window: Window) -> bool:
    """Return whether two neighbours stay free if a window is taken."""
    taken = ((1 << window.count) - 1) << window.bit
    return any(
        windows(pool.ordinary(block) & ~(taken if block == window.row.block else 0), 2)
        for block in range(pool.seating.row_blocks)
    )


def _near(pool: Pool, first: Window | None, size: int) -> Window:
    """Return a window near the first group: in its row, or in the next row of the section that has one.

    If there is none, or no group yet, return the window nearest to the focal point.
    """
    seating = pool.seating
    rows = () if first is None else seating.rows_by_section[first.row.section]
    for row in sorted(rows, key=lambda row: (abs(row.place - first.row.place) if first else 0, row.place)):
        mask = pool.ordinary(row.block)
        found = windows(mask, size)
        if found >> row.start & row.mask:
            clean = found & ~leaving_single(pool.ordinary_for_all(row.block), size)
            best = (clean >> row.start & row.mask) or (found >> row.start & row.mask)
            return window_in(row, best, size, first.offset if first else 0.0)
    window = ordinary_window(pool, size)
    assert window is not None, "a window of this size was found"
    return window
