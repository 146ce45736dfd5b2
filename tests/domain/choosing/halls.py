"""Small halls on a grid, and the slow twin of the chooser: every answer by trying everything."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot
from uuid import UUID

from hypothesis import strategies as st

from holdfast.domain.booking.choosing.build import built
from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.seating import Category, Section
from holdfast.domain.booking.choosing.wish import BestAvailable, Together

CATEGORIES = {1: Category("best", 9_000), 2: Category("good", 5_000)}
SECTIONS = (
    Section("left", "ground", (9.3, -3.0)),
    Section("right", "balcony", (39.6, -3.0)),
    Section("pit", None, None),
)


@dataclass
class Hall:
    """A chart, and which of its seats are free."""

    seats: list[ChartSeat]
    free: set[UUID] = field(default_factory=set)

    def state(self) -> FreeSeats:
        state = FreeSeats.all_of(built(self.seats, SECTIONS, CATEGORIES))
        for seat in self.seats:
            if seat.id not in self.free:
                assert state.change(seat.id, free=False)
        return state


@st.composite
def halls(draw, *, special=True, areas=True, channels=True):
    """Draw a hall of up to two sections with rows on a grid; there may be an area, and any seats may be taken."""
    seats: list[ChartSeat] = []
    for number in range(draw(st.integers(1, 2))):
        draw_section(draw, seats, number)
    if special:
        draw_special(draw, seats)
    if areas:
        seats += [
            ChartSeat(UUID(int=1_000 + place), "pit", None, category=2, area=True)
            for place in range(draw(st.integers(0, 6)))
        ]
    if channels:
        for place in draw(st.sets(st.integers(0, len(seats) - 1), max_size=6)):
            seats[place] = seats[place]._replace(channel=draw(st.sampled_from(["house", "partner"])))
    taken_of_ten = draw(st.integers(0, 9))
    dice = draw(st.lists(st.integers(0, 9), min_size=len(seats), max_size=len(seats)))
    return Hall(seats, {seat.id for seat, die in zip(seats, dice, strict=True) if die >= taken_of_ten})


def draw_section(draw, seats: list[ChartSeat], number: int) -> None:
    """Add a section: a full row, and up to two shorter ones in which seats are missing."""
    key = ("left", "right")[number]
    categories = draw(st.sampled_from([(1, 1), (2, 2), (1, 2)]))
    for row in range(draw(st.integers(1, 3))):
        missing = draw(st.sets(st.integers(0, 8), max_size=3)) if row else set()
        for place in range(draw(st.integers(1, 9)) if row else 9):
            if place not in missing:
                seat_id = UUID(int=len(seats) + 1)
                x = float(30 * number + 5 + place)
                seats.append(ChartSeat(seat_id, key, f"row {row}", x, float(row), category=categories[place % 3 == 0]))


def draw_special(draw, seats: list[ChartSeat]) -> None:
    """Make some seats accessible, some of them with a companion seat beside them or elsewhere."""
    for place in draw(st.sets(st.integers(0, len(seats) - 1), max_size=4)):
        if seats[place].companion_of is not None:
            continue
        seats[place] = seats[place]._replace(accessible=True)
        at = place + draw(st.sampled_from([0, 0, 1, -1, 2, 7]))
        if at != place and 0 <= at < len(seats) and not seats[at].accessible and seats[at].companion_of is None:
            seats[at] = seats[at]._replace(companion_of=seats[place].id)


wishes = st.builds(
    lambda accessible, count, **rest: BestAvailable.wish(count=count, accessible=min(accessible, count), **rest),
    count=st.integers(1, 7),
    category=st.sampled_from([None, None, "best", "good"]),
    section=st.sampled_from([None, None, None, "left"]),
    floor=st.sampled_from([None, None, None, "ground"]),
    together=st.sampled_from(Together),
    accessible=st.sampled_from([0, 0, 0, 1, 2]),
)


@dataclass
class Twin:
    """Finds out by trying everything which choices are right."""

    hall: Hall
    wish: BestAvailable
    barred: frozenset[str]

    def __post_init__(self) -> None:
        self.by_id = {seat.id: seat for seat in self.hall.seats}
        self.reachable = [
            seat for seat in self.hall.seats if seat.id in self.hall.free and seat.channel not in self.barred
        ]
        self.fitting = [seat for seat in self.reachable if self.fits(seat)]
        self.ordinary = [seat for seat in self.fitting if not seat.accessible and seat.companion_of is None]

    def fits(self, seat: ChartSeat) -> bool:
        wish = self.wish
        floors = {section.key: section.floor for section in SECTIONS}
        return (
            (wish.category is None or CATEGORIES[seat.category].key == wish.category)
            and (wish.section is None or seat.section == wish.section)
            and (wish.floor is None or floors[seat.section] == wish.floor)
        )

    def left(self) -> int:
        ids = {seat.id for seat in self.fitting}
        accessible = sum(seat.accessible for seat in self.fitting)
        paired = sum(seat.companion_of in ids for seat in self.fitting if seat.companion_of is not None)
        if accessible < self.wish.accessible:
            return accessible + min(len(self.ordinary) + paired, self.wish.count - self.wish.accessible)
        return len(self.ordinary) + accessible + paired

    def runs(self, seats: list[ChartSeat]) -> list[list[ChartSeat]]:
        """Divide seats into runs of neighbours."""
        runs: list[list[ChartSeat]] = []
        for seat in seats:
            if seat.area:
                continue
            if runs and neighbours(runs[-1][-1], seat):
                runs[-1].append(seat)
            else:
                runs.append([seat])
        return runs

    def windows(self, seats: list[ChartSeat]) -> Iterator[list[ChartSeat]]:
        count = self.wish.count
        for run in self.runs(seats):
            for start in range(len(run) - count + 1):
                yield run[start : start + count]

    def clean(self, window: list[ChartSeat]) -> bool:
        """Return whether no ordinary seat is left alone beside a window."""
        taken = {seat.id for seat in window}
        around = [s for s in self.reachable if not s.accessible and s.companion_of is None and s.id not in taken]
        beside = [
            run for run in self.runs(around) if any(neighbours(a, b) or neighbours(b, a) for a in run for b in window)
        ]
        return all(len(run) > 1 for run in beside)

    def sold_with_partners(self, seats: list[ChartSeat]) -> bool:
        ids = {seat.id for seat in seats}
        return all(seat.companion_of is None or seat.companion_of in ids for seat in seats)

    def mixed_windows(self) -> list[list[ChartSeat]]:
        return [
            window
            for window in self.windows(self.fitting)
            if self.sold_with_partners(window) and sum(seat.accessible for seat in window) >= self.wish.accessible
        ]

    def fewest_groups(self) -> int:
        """Return in how many groups of ordinary neighbours the wish can be met."""
        sizes = sorted((len(run) for run in self.runs(self.ordinary)), reverse=True)
        groups, seats = 0, 0
        while seats < self.wish.count:
            seats += sizes[groups]
            groups += 1
        return groups


def neighbours(one: ChartSeat, other: ChartSeat) -> bool:
    """Return whether a seat is the next in the row after another."""
    return (one.section, one.row) == (other.section, other.row) and not one.area and other.x == one.x + 1


def adjacent(seats: list[ChartSeat]) -> bool:
    in_one_area = all(seat.area for seat in seats) and len({seat.section for seat in seats}) == 1
    return in_one_area or all(neighbours(one, other) for one, other in pairwise(seats))


def distance(seats: list[ChartSeat]) -> float:
    focal = {section.key: section.focal for section in SECTIONS}
    return sum(hypot(seat.x - focal[seat.section][0], seat.y - focal[seat.section][1]) for seat in seats)
