"""Reads a hall from CSV."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.seat import PRICE_MAX, SEAT_NUMBER_MAX
from holdfast.domain.hall.document import COORDINATE_MAX, HALL_SEATS_MAX, ROW_SEATS_MAX, Hall, Point, Row, Section
from holdfast.domain.hall.imported import Imported, Steps
from holdfast.domain.hall.keys import NamedCategories, key_from
from holdfast.domain.hall.planned import PlannedSeat, planned_row, planned_section
from holdfast.domain.hall.rules import checking_hall
from holdfast.domain.hall.seat_list.lines import lines_of, place
from holdfast.domain.legible import require_legible, same_look
from holdfast.domain.refusal import InvalidValue

_STEP_LINES = 500
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"", "no", "n", "false", "0", "-"}
_SEAT_APART = 20.0
_ROW_APART = 26.0
_SECTION_APART = 60.0


@dataclass(slots=True)
class _Line:
    """A seat before it is known what its category costs and where it is."""

    at: Point | None
    number: str
    category: str | None
    price: int | None
    accessible: bool
    line: int


@dataclass(slots=True)
class _ListedSection:
    name: str
    key: str
    rows: dict[str, list[_Line]] = field(default_factory=dict)


def csv_reading(raw: bytes, *, known: Sequence[CategoryDetails], prices: Mapping[str, int]) -> Steps[Imported]:
    """Read a list of seats with the columns section, row, number, category, price, x, y and accessible.

    Seats of one section and row belong together wherever their lines are, in the order of the file. Without positions,
    rows are drawn one under the other. In a file that has some, a section with neither rows nor positions is an area.

    A new category costs what most of its seats cost. A seat that costs something else, or has no category, gets a
    price of its own.

    Args:
        raw: The file.
        known: The event's categories.
        prices: Prices of categories by name, which go before the file's.

    Raises:
        InvalidValue: naming the line and column, such as `line 4, column price`; or `prices`.
    """
    reading = _Reading(NamedCategories(known, prices))
    for count, (line, values) in enumerate(lines_of(raw), start=1):
        if count > HALL_SEATS_MAX:
            raise InvalidValue(f"line {line}", f"is one seat more than the {HALL_SEATS_MAX} that fit")
        reading.add(line, values)
        if count % _STEP_LINES == 0:
            yield
    hall, categories = yield from reading.whole()
    return Imported(hall, categories)


class _Reading:
    def __init__(self, categories: NamedCategories) -> None:
        self._categories = categories
        self._sections: dict[str, _ListedSection] = {}
        self._keys: set[str] = set()
        self._category_keys: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        """The line of each seat number, in the form that is the same for all that look the same."""
        self._costs: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """What the seats of each category cost."""

    def add(self, line: int, values: dict[str, str]) -> None:
        name = _text(line, "section", values, required=True)
        row = _text(line, "row", values)
        number = _text(line, "number", values, required=True)
        section = self._sections.get(name)
        if section is None:
            key = key_from(name, self._keys, otherwise="section")
            self._keys.add(key)
            section = self._sections[name] = _ListedSection(name, key)
        seat_number = "-".join(part for part in (section.key, row, number) if part)
        if len(seat_number) > SEAT_NUMBER_MAX:
            raise InvalidValue(place(line, "number"), f"makes a seat number of over {SEAT_NUMBER_MAX} characters")
        first = self._lines.setdefault(same_look(seat_number), line)
        if first != line:
            raise InvalidValue(place(line, "number"), f"repeats the seat of line {first}")
        category, price = self._worth(line, values)
        at = _position(line, values)
        section.rows.setdefault(row, []).append(
            _Line(at, number, category, price, _flag(line, values.get("accessible", "")), line)
        )

    def whole(self) -> Steps[tuple[Hall, list[CategoryDetails]]]:
        """Make the hall of all lines."""
        if not self._sections:
            raise InvalidValue("line 2", "must be a seat")
        found = {key: costs.most_common(1)[0][0] for key, costs in self._costs.items()}
        categories = self._categories.all_with(found)
        price_of = {category.key: category.price for category in categories}
        placed = any(
            line.at for section in self._sections.values() for lines in section.rows.values() for line in lines
        )
        sections: list[Section] = []
        bottom = 0.0
        for listed in self._sections.values():
            area = _area(listed, price_of) if placed else None
            if area is not None:
                sections.append(area)
                continue
            rows: list[Row] = []
            for label, lines in _parts(listed.rows):
                if bottom > COORDINATE_MAX:
                    raise InvalidValue(place(lines[0].line, "x"), "is required: there are too many rows to place")
                positions = _given(lines) if placed else _in_line(len(lines), bottom)
                bottom += _ROW_APART
                rows.append(planned_row(label, _planned(lines, positions, price_of)))
                yield
            bottom += _SECTION_APART
            sections.append(planned_section(listed.key, listed.name, rows))
        hall = Hall(format="holdfast-hall/1", sections=sections)
        yield from checking_hall(hall)
        return hall, categories

    def _worth(self, line: int, values: dict[str, str]) -> tuple[str | None, int | None]:
        price = _whole(line, "price", values.get("price", ""))
        name = values.get("category", "")
        if not name:
            if price is None:
                raise InvalidValue(place(line, "category"), "is required, or a price")
            return None, price
        category = self._category_keys.get(name)
        if category is None:
            category = self._category_keys[name] = self._categories.key_of(place(line, "category"), name)
        if price is not None:
            self._costs[category][price] += 1
        return category, price


def _parts(rows: dict[str, list[_Line]]) -> Iterator[tuple[str, list[_Line]]]:
    """Return the rows; one that is too long for a document as several with the same label."""
    for label, lines in rows.items():
        for first in range(0, len(lines), ROW_SEATS_MAX):
            yield label, lines[first : first + ROW_SEATS_MAX]


def _area(listed: _ListedSection, price_of: Mapping[str, int]) -> Section | None:
    """Return a section as an area if its seats are nothing but numbers from 1 on that are worth the same."""
    lines = listed.rows.get("", [])
    first = lines[0] if lines else None
    if first is None or len(listed.rows) > 1 or any(line.at or line.accessible for line in lines):
        return None
    if [line.number for line in lines] != [str(number) for number in range(1, len(lines) + 1)]:
        return None
    if any((line.category, line.price) != (first.category, first.price) for line in lines):
        return None
    category, price = _worth_of(first, price_of)
    return Section(key=listed.key, name=listed.name, category=category, price=price, capacity=len(lines))


def _worth_of(line: _Line, price_of: Mapping[str, int]) -> tuple[str | None, int | None]:
    own = line.category is None or line.price != price_of[line.category]
    return line.category, line.price if own else None


def _planned(lines: list[_Line], positions: list[Point], price_of: Mapping[str, int]) -> list[PlannedSeat]:
    return [
        PlannedSeat(number=line.number, worth=_worth_of(line, price_of), at=at, accessible=line.accessible)
        for line, at in zip(lines, positions, strict=True)
    ]


def _given(lines: list[_Line]) -> list[Point]:
    for line in lines:
        if line.at is None:
            raise InvalidValue(place(line.line, "x"), "is required, because other seats have a position")
    return [line.at for line in lines if line.at is not None]


def _in_line(count: int, y: float) -> list[Point]:
    """Return the positions of a row that is drawn for a file without any, with its middle at 0."""
    left = -_SEAT_APART * (count - 1) / 2
    return [(left + _SEAT_APART * at, y) for at in range(count)]


def _text(line: int, column: str, values: dict[str, str], *, required: bool = False) -> str:
    text = values.get(column, "")
    if required and not text:
        raise InvalidValue(place(line, column), "is required")
    if text.isascii() and text.isprintable() and len(text) <= SEAT_NUMBER_MAX:
        return text
    if len(text) > SEAT_NUMBER_MAX:
        raise InvalidValue(place(line, column), f"must have at most {SEAT_NUMBER_MAX} characters")
    require_legible(place(line, column), text)
    return text


def _whole(line: int, column: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(PRICE_MAX)) and int(text) <= PRICE_MAX):
        raise InvalidValue(place(line, column), f"must be a whole number from 0 to {PRICE_MAX}")
    return int(text)


def _position(line: int, values: dict[str, str]) -> Point | None:
    x, y = values.get("x", ""), values.get("y", "")
    if not x and not y:
        return None
    return (_coordinate(line, "x", x), _coordinate(line, "y", y))


def _coordinate(line: int, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= COORDINATE_MAX:
        raise InvalidValue(place(line, column), f"must be a number from {-COORDINATE_MAX} to {COORDINATE_MAX}")
    return number


def _flag(line: int, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise InvalidValue(place(line, "accessible"), "must be yes, no or empty")
