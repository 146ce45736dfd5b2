#!/usr/bin/env python3
"""Measures how long it takes to choose the best available seats, in a hall of 100,000 seats. No server is needed.

    .venv/bin/python loadtest/choosing_speed.py [--seats 100000]

The hall has ten sections with rows of 50 seats each and four categories. The time of one choice is measured

* while the hall is sold out by groups of 1 to 8, each of which takes what it is given;
* in a hall where a random half of the seats is taken, and one where nine of ten are;
* in a hall where every other seat is taken, for groups that fit nowhere together.

At the end of the sell-out, no seat may be left, and nobody may have been refused before. Times are CPU times, so that
what else runs on the machine disturbs little.
"""

import argparse
import gc
import random
import sys
import time
from uuid import UUID

from holdfast.domain.booking.choosing.build import built
from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.choose import Chosen, TooFew, choose
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.seating import Category, Seating, Section
from holdfast.domain.booking.choosing.wish import BestAvailable, Together

SECTIONS = 10
ROW_SEATS = 50
CATEGORIES = {number: Category(f"category-{number}", 10_000 * number) for number in range(4)}


def hall(seats: int) -> Seating:
    """Build a hall: sections side by side in two tiers, their rows one behind the other."""
    sections = [Section(f"section-{number}", f"tier-{number // 5}", (0.0, 0.0)) for number in range(SECTIONS)]
    rows = seats // SECTIONS // ROW_SEATS
    chart = [
        ChartSeat(
            id=UUID(int=number * 1_000_000 + row * 1_000 + place),
            section=sections[number].key,
            row=str(row),
            x=(number % 5 - 2) * 60.0 + place - 25.0,
            y=(number // 5 * rows + row) * 1.5 + 10.0,
            category=min(row * 4 // rows, 3),
        )
        for number in range(SECTIONS)
        for row in range(rows)
        for place in range(ROW_SEATS)
    ]
    began = time.perf_counter()
    seating = built(chart, sections, CATEGORIES)
    sys.stdout.write(
        f"built for {seating.seats:,} seats in {time.perf_counter() - began:.2f} s, {len(seating.blocks)} blocks\n"
    )
    return seating


def wish(dice: random.Random, together: Together) -> BestAvailable:
    """Return a wish for a group; every second one is for a category."""
    category = f"category-{dice.randrange(4)}" if dice.random() < 0.5 else None
    return BestAvailable.wish(count=dice.randint(1, 8), category=category, together=together)


def measure(name: str, free: FreeSeats, together: Together, dice: random.Random, wishes: int) -> None:
    """Measure wishes in one state of the hall, none of which takes its seats."""
    taken: list[float] = []
    found = 0
    for _ in range(wishes):
        one = wish(dice, together)
        state = free.copy()
        began = time.thread_time()
        found += isinstance(choose(state, one), Chosen)
        taken.append(time.thread_time() - began)
    report(f"{name}, {together.value}: {found} of {wishes} found", taken)


def sell_out(seating: Seating, dice: random.Random) -> None:
    """Sell every seat to groups that prefer to sit together."""
    free = FreeSeats.all_of(seating)
    left = seating.seats
    taken: list[float] = []
    together = 0
    while left:
        one = BestAvailable.wish(count=dice.randint(1, 8))
        began = time.thread_time()
        choice = choose(free, one)
        taken.append(time.thread_time() - began)
        if isinstance(choice, TooFew):
            assert choice.left == left < one.count, "refused although enough seats fit"
            one = BestAvailable.wish(count=left)
            choice = choose(free, one)
        assert isinstance(choice, Chosen)
        together += choice.together
        for place in choice.places:
            assert free.is_free(seating.id_at(place))
            free.take(place)
        left -= len(choice.places)
    assert not any(free.masks)
    report(f"sell-out by {len(taken):,} groups, {together:,} of them together, none left", taken)


def report(name: str, taken: list[float]) -> None:
    """Print a line of figures in microseconds."""
    taken.sort()
    mean = sum(taken) / len(taken)
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    sys.stdout.write(
        f"{name}: mean {mean * 1e6:.0f} µs, p50 {p50 * 1e6:.0f}, p99 {p99 * 1e6:.0f}, max {taken[-1] * 1e6:.0f}\n"
    )


def fragmented(seating: Seating, taken: float, dice: random.Random) -> FreeSeats:
    """Return a state in which a random part of the seats is taken."""
    free = FreeSeats.all_of(seating)
    for number, block in enumerate(seating.blocks):
        for bit in range(block.seats.bit_length()):
            if dice.random() < taken:
                free.masks[number] &= ~(1 << bit)
    return free


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seats", type=int, default=100_000)
    parser.add_argument("--wishes", type=int, default=2_000)
    asked = parser.parse_args()
    dice = random.Random(20)  # noqa: S311 - the same wishes in every run
    seating = hall(asked.seats)
    gc.freeze()
    measure("empty", FreeSeats.all_of(seating), Together.PREFERRED, dice, asked.wishes)
    for taken in (0.5, 0.9):
        state = fragmented(seating, taken, dice)
        for together in Together:
            measure(f"{taken:.0%} taken", state, together, dice, asked.wishes)
    alternate = FreeSeats.all_of(seating)
    for number, block in enumerate(seating.blocks):
        alternate.masks[number] &= int("01" * (block.seats.bit_length() // 2 + 1), 2)
    for together in Together:
        measure("every other seat taken", alternate, together, dice, asked.wishes)
    sell_out(seating, dice)


if __name__ == "__main__":
    main()
