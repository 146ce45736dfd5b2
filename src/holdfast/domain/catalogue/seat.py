"""New seats for an event's chart, and the rules for them."""

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
    """A seat to be added to an event's chart; `price` is in the currency's minor unit.

    It is not frozen, unlike most values: one call may create a hundred thousand of them, and unfrozen they take a third
    of the time.
    """

    seat_number: str
    price: int
    section: str | None = None
    row: str | None = None


def check_new_seats(seats: Sequence[NewSeat], *, places: dict[str, int], other_forms: list[str] | None = None) -> None:
    """Check the rules for seats that are added together, either all at once or slice by slice.

    Args:
        seats: The seats, or the next slice of them.
        places: The position of each number checked so far; empty for the first slice. This slice's numbers are added.
            Numbers that look alike count as the same.
        other_forms: Receives the numbers that are not in Unicode's normal form NFC.

    Raises:
        InvalidValue: naming, by its position in the whole list, the first seat that breaks a rule or repeats a number.
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
    """Make `count` seats numbered from `PREFIX-first` upwards, all at one price."""
    return [NewSeat(seat_number=f"{prefix}-{number}", price=price) for number in range(first, first + count)]
