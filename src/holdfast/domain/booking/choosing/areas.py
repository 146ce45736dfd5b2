"""Places in areas for general admission: the lowest free ones."""

from holdfast.domain.booking.choosing.pool import Pool
from holdfast.domain.booking.choosing.seating import Place
from holdfast.domain.booking.choosing.windows import lowest_bit


def lowest_in_one_area(pool: Pool, count: int) -> list[Place] | None:
    """Return the lowest free places of the nearest area that has enough of them."""
    for area in range(len(pool.seating.areas)):
        places = lowest_in_area(pool, area, count)
        if len(places) == count:
            return places
    return None


def lowest_in_area(pool: Pool, area: int, count: int) -> list[Place]:
    """Return the lowest free places of an area: `count` of them, or all if there are fewer."""
    blocks = pool.seating.areas[area]
    first = pool.first_block(("area", area), lambda part: pool.ordinary(blocks[part]), end=len(blocks))
    places: list[Place] = []
    for block in blocks[first:]:
        mask = pool.ordinary(block)
        while mask and len(places) < count:
            bit = lowest_bit(mask)
            places.append(Place(block, bit))
            mask ^= 1 << bit
        if len(places) == count:
            break
    return places
