"""The seats of an event's chart: what is added, and the rules for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.domain.legible import require_legible, same_look
from holdfast.domain.refusal import InvalidValue

SEAT_NUMBER_MAX = 50
"""Characters in a seat number, a section or a row (contract)."""


PRICE_MAX = 10**12
"""The highest price, in the currency's minor unit (contract)."""


@dataclass(slots=True)
class NewSeat:
    """A seat to be added to an event's chart; `price` in the currency's minor unit.

    A value like the others, but not frozen: a hundred thousand of them are made for one call, and that takes a third.
    """

    seat_number: str
    price: int
    section: str | None = None
    row: str | None = None


def check_new_seats(seats: Sequence[NewSeat], *, places: dict[str, int], other_forms: list[str] | None = None) -> None:
    """Hold the rules of seats that shall be added together, of all of them or slice by slice.

    Args:
        seats: The seats, or the next of them.
        places: The place of each number that was checked before, empty at first; these seats are added to it. Numbers
            that look alike are one.
        other_forms: Gets the numbers that are written in another form than NFC.

    Raises:
        InvalidValue: naming the first seat, by its place in the whole list, that breaks a rule or repeats a number.
    """
    for place, seat in enumerate(seats, start=len(places)):
        number = seat.seat_number
        if not 1 <= len(number) <= SEAT_NUMBER_MAX:
            raise InvalidValue(f"seats[{place}].seat_number", f"must have 1 to {SEAT_NUMBER_MAX} characters")
        if not 0 <= seat.price <= PRICE_MAX:
            raise InvalidValue(f"seats[{place}].price", f"must be 0 to {PRICE_MAX}")
        require_legible(f"seats[{place}].seat_number", number)
        if seat.section is not None:
            require_legible(f"seats[{place}].section", seat.section)
        if seat.row is not None:
            require_legible(f"seats[{place}].row", seat.row)
        look = same_look(number)
        if look != number and other_forms is not None:
            other_forms.append(number)
        first = places.setdefault(look, place)
        if first != place:
            raise InvalidValue(f"seats[{place}].seat_number", f"repeats that of seats[{first}]")


def numbered_seats(*, prefix: str, count: int, price: int, first: int = 1) -> list[NewSeat]:
    """Make `count` seats from `PREFIX-first` on, all at one price, in counting order."""
    return [NewSeat(seat_number=f"{prefix}-{number}", price=price) for number in range(first, first + count)]
