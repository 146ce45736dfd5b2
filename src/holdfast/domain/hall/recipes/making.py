"""Makes the rows of a section from its recipe."""

from collections.abc import Iterator, Sequence
from itertools import count, islice
from math import atan, cos, pi, radians, sin, tan

from msgspec import structs

from holdfast.domain.hall.document import ROW_SEATS_MAX, ROWS_MAX, Point, Row, SeatException, Section
from holdfast.domain.hall.recipes.recipe import CURVE_MAX, AreaRecipe, RowsRecipe
from holdfast.domain.refusal import InvalidValue

_ROUND = 1.9 * pi
"""A row that goes further round than this would meet itself."""
_ALPHABETS = {"letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "letters-without-i-o": "ABCDEFGHJKLMNPQRSTUVWXYZ"}


def rows_of(recipe: RowsRecipe) -> list[Row]:
    """Make the rows.

    Raises:
        InvalidValue: naming the field.
    """
    _require(recipe)
    labels = list(islice(_labels(recipe), recipe.rows))
    special = _special_seats(recipe, labels)
    angle = 4 * atan(2 * recipe.curve) if recipe.seats > 1 else 0.0
    radius = recipe.pitch * (recipe.seats - 1) / angle if angle else 0.0
    rows = []
    for at, label in enumerate(labels):
        seats = recipe.seats + recipe.growth * at
        length, away = recipe.pitch * (seats - 1), recipe.spacing * at
        if angle:
            half = length / (radius + away) / 2
            if 2 * half > _ROUND:
                raise InvalidValue("curve", "bends the rows so far that they meet themselves")
            right, down, bend = (radius + away) * sin(half), (radius + away) * cos(half) - radius, tan(half / 2) / 2
        else:
            right, down, bend = length / 2, away, 0.0
        rows.append(
            Row(
                label=label,
                count=seats,
                numbering=recipe.numbering,
                start=_placed(recipe, (-right, down)),
                end=_placed(recipe, (right, down)),
                bend=round(bend, 5),
                category=recipe.front_category if at < recipe.front_rows else None,
                exceptions=special.get(label, []),
            )
        )
    return rows


def outline_of(recipe: AreaRecipe) -> list[Point]:
    """Return the corners of an area."""
    left, right = recipe.x - recipe.width / 2, recipe.x + recipe.width / 2
    top, bottom = recipe.y, recipe.y + recipe.depth
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def moved(section: Section, dx: float, dy: float) -> Section:
    """Return a section in another place."""

    def there(point: Point) -> Point:
        return (round(point[0] + dx, 1), round(point[1] + dy, 1))

    def move_row(row: Row) -> Row:
        return structs.replace(
            row,
            start=None if row.start is None else there(row.start),
            end=None if row.end is None else there(row.end),
            positions=None if row.positions is None else [there(point) for point in row.positions],
        )

    return structs.replace(
        section,
        outline=None if section.outline is None else [there(point) for point in section.outline],
        focal=None if section.focal is None else there(section.focal),
        rows=None if section.rows is None else [move_row(row) for row in section.rows],
    )


def _require(recipe: RowsRecipe) -> None:
    for field, value, most in (("rows", recipe.rows, ROWS_MAX), ("seats", recipe.seats, ROW_SEATS_MAX)):
        if not 1 <= value <= most:
            raise InvalidValue(field, f"must be 1 to {most}")
    last = recipe.seats + recipe.growth * (recipe.rows - 1)
    if not 1 <= last <= ROW_SEATS_MAX:
        raise InvalidValue("growth", f"gives the last row {last} seats: 1 to {ROW_SEATS_MAX} are possible")
    if not 0 <= recipe.curve <= CURVE_MAX:
        raise InvalidValue("curve", f"must be 0 to {CURVE_MAX}")
    if not 0 <= recipe.front_rows <= recipe.rows:
        raise InvalidValue("front_rows", f"must be 0 to {recipe.rows}")


def _labels(recipe: RowsRecipe) -> Iterator[str]:
    first = recipe.first_label.strip()
    if recipe.labels == "numbers":
        if not (first.isascii() and first.isdecimal() and len(first) <= 6):
            raise InvalidValue("first_label", "must be a number")
        yield from map(str, count(int(first)))
        return
    alphabet = _ALPHABETS[recipe.labels]
    if not first or len(first) > 3 or any(letter not in alphabet for letter in first.upper()):
        raise InvalidValue("first_label", f"must be one of the letters {alphabet[0]} to {alphabet[-1]}")
    place = 0
    for letter in first.upper():
        place = place * len(alphabet) + alphabet.index(letter) + 1
    for number in count(place):
        label, rest = "", number
        while rest:
            rest, letter_at = divmod(rest - 1, len(alphabet))
            label = alphabet[letter_at] + label
        yield label


def _special_seats(recipe: RowsRecipe, labels: Sequence[str]) -> dict[str, list[SeatException]]:
    """Return the exceptions of each row. That a row has such a seat is checked with the seats."""
    found: dict[str, list[SeatException]] = {}
    for field in ("missing", "accessible", "restricted_view"):
        of_rows: dict[str, list[str]] = {}
        for name in getattr(recipe, field):
            row, _, number = name.rpartition("-")
            if row not in labels:
                raise InvalidValue(field, f"names row {row[:30]!a}, which this section does not have")
            of_rows.setdefault(row, []).append(number)
        for row, numbers in of_rows.items():
            unlike = list(dict.fromkeys(numbers))
            found.setdefault(row, []).append(structs.replace(SeatException(seats=unlike), **{field: True}))
    return found


def _placed(recipe: RowsRecipe, point: Point) -> Point:
    turned = radians(recipe.rotation)
    x, y = point
    return (
        round(recipe.x + x * cos(turned) - y * sin(turned), 2),
        round(recipe.y + x * sin(turned) + y * cos(turned), 2),
    )
