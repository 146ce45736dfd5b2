"""Reads lists of seats as people write them."""

import re

from holdfast.domain.hall.document import ROW_SEATS_MAX
from holdfast.domain.refusal import InvalidValue

_SEAT = re.compile(
    r"(?P<row>.*?[^0-9-]|.+(?=-))?-?(?P<first>[0-9]{1,6})(?:(?:\.\.|[\u2013~\u301c])(?P<last>[0-9]{1,6}))?"
)


def seats_named(field: str, text: str) -> tuple[str, ...]:
    """Read a list of seats as people write it: `A3, A5..8, B-1`.

    Raises:
        InvalidValue: naming `field`.
    """
    found: list[str] = []
    for token in text.replace(";", ",").replace("、", ",").replace("\n", ",").split(","):
        word = token.strip()
        if not word:
            continue
        seat = _SEAT.fullmatch(word)
        row = (seat["row"] or "").strip().removesuffix("-") if seat else ""
        if seat is None or not row:
            raise InvalidValue(field, f"has {word[:30]!a}, which is no seat; write row and number, such as A3 or A5..8")
        first, last = int(seat["first"]), int(seat["last"] or seat["first"])
        if not first <= last < first + ROW_SEATS_MAX:
            raise InvalidValue(field, f"has {word[:30]!a}, which counts down or too far")
        found += [f"{row}-{number}" for number in range(first, last + 1)]
        if len(found) > ROW_SEATS_MAX:
            raise InvalidValue(field, f"names more than {ROW_SEATS_MAX} seats")
    return tuple(found)
