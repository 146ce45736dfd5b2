"""Makes rows and sections of a document from seats that are listed one by one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from msgspec.structs import replace

from holdfast.domain.hall.document import Point, PretixRow, PretixZone, Row, SeatException, Section

Worth: TypeAlias = tuple[str | None, int | None]
"""A category's key, and a price of the seat's own."""


@dataclass(slots=True)
class PlannedSeat:
    """A seat as a list of seats describes it."""

    number: str
    worth: Worth
    at: Point
    seat_number: str | None = None
    """Where it is not made from section, row and number."""
    accessible: bool = False
    radius: float | None = None
    start_direction: Literal["<", ">", "<>"] | None = None


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a seat has that its row does not say."""

    worth: Worth | None
    accessible: bool
    radius: float | None
    start_direction: Literal["<", ">", "<>"] | None


def planned_row(
    label: str,
    seats: Sequence[PlannedSeat],
    *,
    label_at: Literal["start", "end", "both", "none"] = "both",
    pretix: PretixRow | None = None,
) -> Row:
    """Return a row with these seats in their order. Its category and price are those of most of them."""
    numbers = [seat.number for seat in seats]
    counted = numbers == [str(number) for number in range(1, len(seats) + 1)]
    # An exception can give a seat a category, and cannot take one away.
    without = [seat.worth for seat in seats if seat.worth[0] is None]
    worth = Counter(without or [seat.worth for seat in seats]).most_common(1)[0][0]
    radius = Counter(seat.radius for seat in seats).most_common(1)[0][0]
    return Row(
        label=label,
        count=len(seats) if counted else None,
        numbers=None if counted else numbers,
        positions=[seat.at for seat in seats],
        seat_numbers=[seat.seat_number or seat.number for seat in seats] if seats[0].seat_number is not None else None,
        category=worth[0],
        price=worth[1],
        radius=radius,
        label_at=label_at,
        exceptions=_exceptions(seats, worth, radius),
        pretix=pretix,
    )


def planned_section(
    key: str, name: str, rows: Sequence[Row], *, outline: list[Point] | None = None, pretix: PretixZone | None = None
) -> Section:
    """Return a section with these rows. What most of them are worth is said once, for the section."""
    worths = Counter((row.category, row.price) for row in rows)
    common: Worth = (None, None)
    if all(category is not None for category, _ in worths):
        common = worths.most_common(1)[0][0]
    return Section(
        key=key,
        name=name,
        category=common[0],
        price=common[1],
        outline=outline,
        rows=[replace(row, category=None, price=None) if (row.category, row.price) == common else row for row in rows],
        pretix=pretix,
    )


def _exceptions(seats: Sequence[PlannedSeat], worth: Worth, radius: float | None) -> list[SeatException]:
    alike: dict[_Difference, list[str]] = {}
    for seat in seats:
        if seat.worth != worth or seat.radius != radius or seat.accessible or seat.start_direction:
            difference = _Difference(
                worth=None if seat.worth == worth else seat.worth,
                accessible=seat.accessible,
                radius=None if seat.radius == radius else seat.radius,
                start_direction=seat.start_direction,
            )
            alike.setdefault(difference, []).append(seat.seat_number or seat.number)
    return [
        SeatException(
            seats=names,
            category=None if difference.worth is None else difference.worth[0],
            price=None if difference.worth is None else difference.worth[1],
            accessible=difference.accessible,
            radius=difference.radius,
            start_direction=difference.start_direction,
        )
        for difference, names in alike.items()
    ]
