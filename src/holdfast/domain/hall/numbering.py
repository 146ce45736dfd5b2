"""The numbers of a row's places, as its `numbering` says."""

import re

from holdfast.domain.hall.document import Row
from holdfast.domain.refusal import InvalidValue

_NUMBERING = re.compile(r"(?:(?P<first>[0-9]+)\.\.)? ?(?P<parity>odd|even)? ?(?P<right>from right)?")


def numbers_of(row: Row, path: str) -> list[str]:
    """Return the number of each place of a row, from its start to its end, those without a seat included.

    Raises:
        InvalidValue: the first number is even where odd ones are wanted, or the other way round.
    """
    if row.numbers is not None:
        return row.numbers
    count = row.count or 0
    if row.numbering is None:
        return [str(number) for number in range(1, count + 1)]
    parts = _NUMBERING.fullmatch(row.numbering)
    if parts is None:
        raise InvalidValue(f"{path}.numbering", "must be such as 21.. or odd from right")
    parity = parts["parity"]
    first = int(parts["first"]) if parts["first"] else 2 if parity == "even" else 1
    if parity and first % 2 != (parity == "odd"):
        raise InvalidValue(f"{path}.numbering", f"must begin with an {parity} number")
    step = 2 if parity else 1
    numbers = [str(number) for number in range(first, first + count * step, step)]
    return numbers[::-1] if parts["right"] else numbers
