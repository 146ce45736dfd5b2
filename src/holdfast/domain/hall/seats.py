"""Makes the seats of a hall from its document, in chart order and slice by slice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from holdfast.domain.catalogue.seat import SEAT_NUMBER_MAX
from holdfast.domain.complaint import printable
from holdfast.domain.hall.document import Hall, Row, SeatException, Section, sections_in
from holdfast.domain.hall.geometry import middle_of, row_positions
from holdfast.domain.hall.numbering import numbers_of
from holdfast.domain.legible import require_legible, same_look
from holdfast.domain.refusal import InvalidValue

SLICE_SEATS = 2_000
"""Seats in a slice, about 3 ms of work. A row is never divided, so one with more makes a larger slice."""


@dataclass(slots=True)
class SeatColumns:
    """A slice of a hall's seats in chart order: a list for each of their values, all of the same length."""

    seat_numbers: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    """What is printed on the seat: its number in the row, or in the area."""
    sections: list[str] = field(default_factory=list)
    """Names."""
    section_keys: list[str] = field(default_factory=list)
    rows: list[str | None] = field(default_factory=list)
    categories: list[str | None] = field(default_factory=list)
    """Keys; None if the seat has a price of its own and no category."""
    prices: list[int | None] = field(default_factory=list)
    """A price of the seat's own, which goes before its category's; None for most."""
    xs: list[float | None] = field(default_factory=list)
    ys: list[float | None] = field(default_factory=list)
    """Those of an area's places are in its middle; None if it has no outline."""
    areas: list[bool] = field(default_factory=list)
    """Whether this is a place in an area for general admission."""
    accessible: list[bool] = field(default_factory=list)
    companions_of: list[str | None] = field(default_factory=list)
    """The seat number of the accessible seat that this one is sold together with."""
    restricted_views: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of seats."""
        return len(self.seat_numbers)


def seats_of(hall: Hall, *, slice_seats: int = SLICE_SEATS) -> Iterator[SeatColumns]:
    """Make the seats, checking the rules about single seats meanwhile. Nothing is valid before the last slice is made.

    Raises:
        InvalidValue: naming the place in the document.
    """
    yield from _Making(slice_seats).slices(hall)


def seats_of_row(section: Section, row: Row, path: str) -> SeatColumns:
    """Make the seats of one row.

    Raises:
        InvalidValue: naming the place in the document, which begins with `path`.
    """
    return _Making(1).one_row(section, row, path)


class _Making:
    """The state of making: the slice that is being filled, and what must be unlike or named later."""

    def __init__(self, slice_seats: int) -> None:
        self._slice_seats = slice_seats
        self._made = SeatColumns()
        self._looks: set[str] = set()
        """The seat numbers so far, in the form that is the same for all that look the same."""
        self._accessible: set[str] = set()
        self._companions: list[tuple[str, str]] = []
        """The accessible seat that is named, and where it is named."""

    def slices(self, hall: Hall) -> Iterator[SeatColumns]:
        for section, _, path in sections_in(hall):
            if section.capacity is not None:
                yield from self._area(section, section.capacity, path)
            for at, row in enumerate(section.rows or ()):
                self._row(section, row, f"{path}.rows[{at}]")
                if len(self._made) >= self._slice_seats:
                    yield self._full_slice()
        for companion_of, path in self._companions:
            if companion_of not in self._accessible:
                raise InvalidValue(path, f"must name an accessible seat, and {printable(companion_of)} is none")
        if len(self._made):
            yield self._full_slice()

    def one_row(self, section: Section, row: Row, path: str) -> SeatColumns:
        self._row(section, row, path)
        return self._full_slice()

    def _full_slice(self) -> SeatColumns:
        made, self._made = self._made, SeatColumns()
        return made

    def _area(self, section: Section, capacity: int, path: str) -> Iterator[SeatColumns]:
        x, y = middle_of(section.outline) if section.outline else (None, None)
        for first in range(1, capacity + 1, self._slice_seats):
            numbers = [str(number) for number in range(first, min(first + self._slice_seats, capacity + 1))]
            count = len(numbers)
            self._add(section, None, numbers, [f"{section.key}-{number}" for number in numbers], path)
            self._add_worth(section.category, section.price, count)
            self._made.xs += [x] * count
            self._made.ys += [y] * count
            self._made.areas += [True] * count
            if len(self._made) >= self._slice_seats:
                yield self._full_slice()

    def _row(self, section: Section, row: Row, path: str) -> None:
        first = len(self._made)
        numbers = numbers_of(row, path)
        prefix = f"{section.key}-{row.label}-" if row.label else f"{section.key}-"
        for name, listed in (("numbers", row.numbers), ("seat_numbers", row.seat_numbers)):
            _require_legible(f"{path}.{name}", listed or ())
        self._add(section, row.label or None, numbers, row.seat_numbers or [prefix + each for each in numbers], path)
        if row.category is not None or row.price is not None:
            self._add_worth(row.category or section.category, row.price, len(numbers))
        else:
            self._add_worth(section.category, section.price, len(numbers))
        if row.positions is not None:
            self._made.xs += [x for x, _ in row.positions]
            self._made.ys += [y for _, y in row.positions]
        elif row.start is not None and row.end is not None:
            xs, ys = row_positions(row.start, row.end, row.bend, len(numbers))
            self._made.xs += xs
            self._made.ys += ys
        self._made.areas += [False] * len(numbers)
        if row.exceptions:
            self._except(row, first, path)

    def _add(self, section: Section, label: str | None, numbers: list[str], seat_numbers: list[str], path: str) -> None:
        """Add seats with all that they have by default."""
        made, count = self._made, len(numbers)
        self._require_new(seat_numbers, path)
        made.seat_numbers += seat_numbers
        made.numbers += numbers
        made.sections += [section.name] * count
        made.section_keys += [section.key] * count
        made.rows += [label] * count
        made.accessible += [False] * count
        made.companions_of += [None] * count
        made.restricted_views += [False] * count

    def _add_worth(self, category: str | None, price: int | None, count: int) -> None:
        self._made.categories += [category] * count
        self._made.prices += [price] * count

    def _require_new(self, seat_numbers: list[str], path: str) -> None:
        """Refuse seat numbers that are too long or there already."""
        if max(map(len, seat_numbers)) > SEAT_NUMBER_MAX:
            long = max(seat_numbers, key=len)
            raise InvalidValue(path, f"makes the seat number {printable(long)}, over {SEAT_NUMBER_MAX} characters")
        looks = seat_numbers if "".join(seat_numbers).isascii() else [same_look(number) for number in seat_numbers]
        if len(set(looks)) < len(looks) or not self._looks.isdisjoint(looks):
            taken = set(self._looks)
            for number, look in zip(seat_numbers, looks, strict=True):
                if look in taken:
                    raise InvalidValue(path, f"makes the seat number {printable(number)} a second time")
                taken.add(look)
        self._looks.update(looks)

    def _except(self, row: Row, first: int, path: str) -> None:
        """Apply a row's exceptions to its seats, which are the last ones of the slice, from `first` on."""
        made = self._made
        names = made.numbers[first:] if row.seat_numbers is None else row.seat_numbers
        places = {name: first + at for at, name in enumerate(names)}
        missing: set[int] = set()
        for at, exception in enumerate(row.exceptions):
            here = f"{path}.exceptions[{at}]"
            for position, name in enumerate(exception.seats):
                place = places.get(name)
                if place is None:
                    raise InvalidValue(f"{here}.seats[{position}]", "is no seat of this row")
                self._except_one(exception, place)
                if exception.missing:
                    missing.add(place)
            if exception.companion_of is not None:
                named = places.get(exception.companion_of)
                whole = exception.companion_of if named is None else made.seat_numbers[named]
                if exception.companion_of in exception.seats:
                    raise InvalidValue(f"{here}.companion_of", "must be another seat")
                self._companions.append((whole, f"{here}.companion_of"))
                for name in exception.seats:
                    made.companions_of[places[name]] = whole
        self._accessible.update(
            made.seat_numbers[place] for place in places.values() if made.accessible[place] and place not in missing
        )
        if missing:
            self._leave_out(missing, first)

    def _except_one(self, exception: SeatException, place: int) -> None:
        made = self._made
        if exception.category is not None:
            made.categories[place], made.prices[place] = exception.category, exception.price
        elif exception.price is not None:
            made.prices[place] = exception.price
        made.accessible[place] |= exception.accessible
        made.restricted_views[place] |= exception.restricted_view

    def _leave_out(self, missing: set[int], first: int) -> None:
        """Remove the places without a seat from the last row. Nobody else gets their seat numbers."""
        kept = [place for place in range(first, len(self._made)) if place not in missing]
        for column in fields(self._made):
            values = getattr(self._made, column.name)
            values[first:] = [values[place] for place in kept]


def _require_legible(field: str, texts: Sequence[str]) -> None:
    whole = "".join(texts)
    if not whole.isascii() or not whole.isprintable() or " " in whole:
        for at, text in enumerate(texts):
            require_legible(f"{field}[{at}]", text)
