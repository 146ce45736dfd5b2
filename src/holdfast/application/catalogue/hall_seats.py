"""The seats that a hall's document makes, with their ids."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from holdfast.application.giving_way import give_way
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.seats import SeatColumns, seats_of
from holdfast.domain.legible import same_look

SLICE_SEATS = 500
"""Seats made between two turns of the event loop, in less than a millisecond."""


class SeatValues(NamedTuple):
    """What a document says of a seat, in the form in which it is stored, for comparing the two."""

    section: str | None
    row: str | None
    section_key: str | None
    category: int | None
    """Its number."""
    price: int | None
    x: float | None
    """In single precision, as `y` too."""
    y: float | None
    area: bool
    accessible: bool
    restricted_view: bool
    companion_of: UUID | None


@dataclass(frozen=True, slots=True)
class StoredSeat:
    """A seat of an event's chart."""

    id: UUID
    values: SeatValues


@dataclass(frozen=True, slots=True)
class HallSlice:
    """Seats that follow each other in the chart, each with its id; None for those that are not to be stored."""

    seats: SeatColumns
    ids: Sequence[UUID | None]

    def new_numbers(self) -> list[str]:
        """Return the numbers of the seats that are to be stored."""
        return [
            number for number, seat_id in zip(self.seats.seat_numbers, self.ids, strict=True) if seat_id is not None
        ]

    def other_forms(self) -> list[str]:
        """Return those of these numbers that are not in Unicode's normal form NFC."""
        if "".join(self.seats.seat_numbers).isascii():
            return []
        return [number for number in self.new_numbers() if same_look(number) != number]


@dataclass(frozen=True, slots=True)
class HallSeats:
    """All seats of a document, in chart order."""

    slices: list[SeatColumns]
    count: int

    @classmethod
    async def of(cls, hall: Hall) -> "HallSeats":
        """Make them slice by slice, letting other requests run in between.

        Raises:
            InvalidValue: naming the place in the document.
        """
        slices, count = [], 0
        for seats in seats_of(hall, slice_seats=SLICE_SEATS):
            slices.append(seats)
            count += len(seats)
            await give_way()
        return cls(slices, count)

    async def with_ids(self, kept: Mapping[str, UUID], new_ids: Iterator[UUID]) -> list[HallSlice]:
        """Give each seat an id: the one that is kept for its number, or else a new one."""
        slices = []
        for seats in self.slices:
            numbers = seats.seat_numbers
            ids = [kept.get(number) or next(new_ids) for number in numbers] if kept else _some(new_ids, len(numbers))
            slices.append(HallSlice(seats, ids))
            await give_way()
        return slices


def accessible_ids(slices: Sequence[HallSlice]) -> dict[str, UUID]:
    """Return the ids of accessible seats by their numbers."""
    found: dict[str, UUID] = {}
    for one in slices:
        for place, accessible in enumerate(one.seats.accessible):
            seat_id = one.ids[place]
            if accessible and seat_id is not None:
                found[one.seats.seat_numbers[place]] = seat_id
    return found


def values_of(
    seats: SeatColumns, *, category_numbers: Mapping[str, int], companion_ids: Mapping[str, UUID]
) -> list[SeatValues]:
    """Return what a slice says of its seats, as it would be stored.

    Args:
        seats: The slice.
        category_numbers: The numbers of the event's categories by their keys.
        companion_ids: The ids of accessible seats by their numbers.
    """
    return [
        SeatValues(section, row, section_key, number, price, x, y, area, accessible, restricted_view, companion_of)
        for section, row, section_key, number, price, x, y, area, accessible, restricted_view, companion_of in zip(
            seats.sections,
            seats.rows,
            seats.section_keys,
            [None if key is None else category_numbers[key] for key in seats.categories],
            seats.prices,
            _single(seats.xs),
            _single(seats.ys),
            seats.areas,
            seats.accessible,
            seats.restricted_views,
            [None if number is None else companion_ids.get(number) for number in seats.companions_of],
            strict=True,
        )
    ]


def _single(values: Sequence[float | None]) -> list[float | None]:
    """Round to single precision, as PostgreSQL's real does."""
    rounded = array("f", [0.0 if value is None else value for value in values])
    return [None if value is None else single for value, single in zip(values, rounded, strict=True)]


def _some(ids: Iterator[UUID], count: int) -> list[UUID]:
    return [next(ids) for _ in range(count)]
