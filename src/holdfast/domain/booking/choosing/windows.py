"""Finding neighbouring seats in bit masks.

A row of seats is an integer with a bit for each seat, set while the seat is free. Where two seats are not neighbours
(an aisle, a missing seat, the end of a row) there is a bit between them that is never set. So `mask & mask >> 1` has a
bit for each pair of free neighbours, at the first of the two, and one operation looks at thousands of seats.
"""

from collections.abc import Iterable


def windows(mask: int, count: int) -> int:
    """Return the first bits of all places where `count` bits in a row are set."""
    covered = 1
    while covered < count and mask:
        step = min(covered, count - covered)
        mask &= mask >> step
        covered += step
    return mask


def longest(mask: int, *, at_least: int, at_most: int) -> int:
    """Return the length of the longest run of set bits, up to `at_most`. Below `at_least` only 0 is returned."""
    length = max(at_least, 1)
    found = windows(mask, length)
    if not found:
        return 0
    while length < at_most:
        found &= mask >> length
        if not found:
            break
        length += 1
    return length


def leaving_single(free: int, count: int) -> int:
    """Return the first bits of the windows that would leave a free seat alone beside them, if they were taken."""
    before = free << 1 & ~(free << 2)
    after = free >> count & ~(free >> count + 1)
    return before | after


def holding(starts: int, marked: int, count: int, wanted: int, *, exactly: bool) -> int:
    """Return those of the windows of `count` bits that hold `wanted` marked bits, or more if not `exactly`.

    The marks are counted for all windows at once: `sums[p]` has a bit for each window whose count has the bit `p`.
    """
    sums = [0] * count.bit_length()
    for place in range(count):
        carry = marked >> place & starts
        for power, total in enumerate(sums):
            if not carry:
                break
            sums[power], carry = total ^ carry, total & carry
    more, equal = 0, starts
    for power in reversed(range(len(sums))):
        if wanted >> power & 1:
            equal &= sums[power]
        else:
            more |= equal & sums[power]
            equal &= ~sums[power]
    return equal if exactly else equal | more


def separating(bound: int, offset: int | None, count: int) -> int:
    """Return the first bits of windows that contain a bound bit but not its partner, which is `offset` bits after it.

    Args:
        bound: The bits that have a partner there.
        offset: Where the partner is; None if it is in another row.
        count: The length of the windows.
    """
    places: Iterable[int]
    if offset is None or abs(offset) >= count:
        places = range(count)
    elif offset > 0:
        places = range(count - offset, count)
    else:
        places = range(-offset)
    starts = 0
    for place in places:
        starts |= bound >> place
    return starts


def shifted(mask: int, bits: int) -> int:
    """Shift to the right, or to the left if `bits` is negative."""
    return mask >> bits if bits >= 0 else mask << -bits


def lowest_bit(mask: int) -> int:
    """Return the number of the lowest bit that is set."""
    return (mask & -mask).bit_length() - 1


def beside(mask: int, ideal: int) -> tuple[int, ...]:
    """Return the set bits nearest to `ideal`, below it and not below it, as far as there are any."""
    above = mask >> ideal
    below = (mask & (1 << ideal) - 1).bit_length() - 1
    if not above:
        return (below,) if below >= 0 else ()
    first = ideal + (above & -above).bit_length() - 1
    return (below, first) if below >= 0 else (first,)
