"""Draws a hall as an SVG picture: for documents, and to look at a hall before it is put.

A seat is a dot in the colour of its category. One for a wheelchair has a white square in it, and a line to its
companion's; one with a restricted view is a ring.
"""

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import (
    Ellipse,
    Hall,
    Label,
    Point,
    Rectangle,
    Row,
    Section,
    Shape,
    sections_in,
    shapes_in,
)
from holdfast.domain.hall.geometry import middle_of
from holdfast.domain.hall.outlines import box_of, outlines_of, pitch_of
from holdfast.domain.hall.seats import SeatColumns, seats_of_row
from holdfast.domain.hall.shapes import corners_of

_NO_CATEGORY = "#57606a"
_INK = "#24292f"
_TEXT_SIZE = 16.0
_MARGIN = 0.03
"""Of the larger side, around everything."""
_RADIUS = 0.4
"""Of a seat without a radius of its own, in parts of the distance to its neighbour."""


def picture_of(
    hall: Hall, categories: Sequence[CategoryDetails], *, width: int = 800, numbered: bool = False
) -> Iterator[str]:
    """Draw a hall, in pieces that belong together.

    Args:
        hall: A hall whose seats keep all rules.
        categories: Their colours are the seats'.
        width: Of the picture, in pixels.
        numbered: Whether to print the seats' numbers, for pictures of a few seats.
    """
    outlines = outlines_of(hall)
    left, top, right, bottom = box_of(hall, outlines)
    pitches = [pitch_of(section.rows) for section, _, _ in sections_in(hall) if section.rows]
    margin = max([max(right - left, bottom - top, 1.0) * _MARGIN, *pitches])
    left, top, right, bottom = left - margin, top - margin, right + margin, bottom + margin
    box = " ".join(_short(value) for value in (left, top, right - left, bottom - top))
    height = round(width * (bottom - top) / (right - left))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" text-anchor="middle" dominant-baseline="central">\n'
        f"<title>{escape(hall.name or 'Hall')}</title>\n"
        f'<rect x="{_short(left)}" y="{_short(top)}" width="100%" height="100%" fill="#fff"/>\n'
    )
    colors: dict[str | None, str] = {category.key: category.color for category in categories}
    for section, _, _ in sections_in(hall):
        yield _outline(section, outlines[section.key], colors)
    for _, shape in shapes_in(hall):
        yield _shape(shape)
    for section, _, path in sections_in(hall):
        pitch = pitch_of(section.rows) if section.rows else 0.0
        for at, row in enumerate(section.rows or ()):
            yield _row(row, seats_of_row(section, row, f"{path}.rows[{at}]"), pitch, colors, numbered=numbered)
    yield "</svg>\n"


def _outline(section: Section, outline: list[Point], colors: Mapping[str | None, str]) -> str:
    if section.capacity is None:
        return f'<polygon points="{_points(outline)}" fill="#f6f8fa" stroke="#d0d7de"/>\n'
    color = colors.get(section.category, _NO_CATEGORY)
    x, y = middle_of(outline)
    return (
        f'<polygon points="{_points(outline)}" fill="{color}" fill-opacity="0.2" stroke="{color}"/>\n'
        + _text((x, y - 0.7 * _TEXT_SIZE), section.name, _TEXT_SIZE, _INK)
        + _text((x, y + 0.7 * _TEXT_SIZE), f"{section.capacity} places", _TEXT_SIZE * 0.75, _INK)
    )


def _row(row: Row, seats: SeatColumns, pitch: float, colors: Mapping[str | None, str], *, numbered: bool) -> str:
    """Draw the seats of a row: a line of no length with round ends is a dot, which takes a third of a circle's text."""
    places = [(x or 0.0, y or 0.0) for x, y in zip(seats.xs, seats.ys, strict=True)]
    if not places:
        return ""
    radius = row.radius or pitch * _RADIUS
    at_of = dict(zip(seats.seat_numbers, places, strict=True))
    drawn = [
        f'<path d="{_step(at)}L{_step(at_of[other])[1:]}" stroke="{_INK}" stroke-width="{_short(radius / 3)}"/>\n'
        for at, other in zip(places, seats.companions_of, strict=True)
        if other in at_of
    ]
    dots: dict[str, list[Point]] = {}
    for at, category in zip(places, seats.categories, strict=True):
        dots.setdefault(colors.get(category, _NO_CATEGORY), []).append(at)
    drawn += [_dots(points, color, 2 * radius) for color, points in dots.items()]
    restricted = [at for at, flag in zip(places, seats.restricted_views, strict=True) if flag]
    drawn.append(_dots(restricted, "#fff", radius * 1.2))
    accessible = [at for at, flag in zip(places, seats.accessible, strict=True) if flag]
    drawn.append(_dots(accessible, "#fff", radius * 0.7, cap="square"))
    if numbered:
        on_white = {*restricted, *accessible}
        drawn += [
            _text(at, number, radius, _INK if at in on_white else "#fff")
            for at, number in zip(places, seats.numbers, strict=True)
        ]
    drawn += _labels(row, places, radius)
    return "".join(drawn)


def _labels(row: Row, places: list[Point], radius: float) -> list[str]:
    """Print the row's label beyond its first and its last seat, in the direction of the row there."""
    if not row.label or len(places) < 2:
        return []
    ends = {"start": [(0, 1)], "end": [(-1, -2)], "both": [(0, 1), (-1, -2)], "none": []}[row.label_at]
    labels = []
    for last, before in ends:
        (x, y), (inner_x, inner_y) = places[last], places[before]
        length = max(((x - inner_x) ** 2 + (y - inner_y) ** 2) ** 0.5, 1e-9)
        reach = 2.4 * radius / length
        labels.append(_text((x + (x - inner_x) * reach, y + (y - inner_y) * reach), row.label, radius * 1.1, _INK))
    return labels


def _shape(shape: Shape) -> str:
    if isinstance(shape, Label):
        turn = _turn(shape.at, shape.rotation)
        return _text(shape.at, shape.text, shape.size or _TEXT_SIZE, shape.color or _INK, more=turn)
    x, y = shape.at
    paint = f'fill="{shape.color or "#eaeef2"}" stroke="{shape.border_color or "#8c959f"}"' + _turn(
        shape.at, shape.rotation
    )
    match shape:
        case Rectangle(size=(width, height)):
            drawn = (
                f'<rect x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}" {paint}/>\n'
            )
        case Ellipse(radii=(a, b)):
            drawn = f'<ellipse cx="{_short(x)}" cy="{_short(y)}" rx="{_short(a)}" ry="{_short(b)}" {paint}/>\n'
        case _:
            drawn = f'<polygon points="{_points([(x + dx, y + dy) for dx, dy in shape.points])}" {paint}/>\n'
    if shape.text:
        at = (x + shape.text_at[0], y + shape.text_at[1]) if shape.text_at else middle_of(corners_of(shape))
        drawn += _text(at, shape.text, shape.text_size or _TEXT_SIZE, shape.text_color or _INK)
    return drawn


def _dots(points: list[Point], color: str, width: float, *, cap: str = "round") -> str:
    if not points:
        return ""
    steps = "".join(f"{_step(point)}h0" for point in points)
    return f'<path d="{steps}" stroke="{color}" stroke-width="{_short(width)}" stroke-linecap="{cap}"/>\n'


def _text(at: Point, text: str, size: float, color: str, *, more: str = "") -> str:
    x, y = _short(at[0]), _short(at[1])
    return f'<text x="{x}" y="{y}" font-size="{_short(size)}" fill="{color}"{more}>{escape(text)}</text>\n'


def _turn(at: Point, degrees: float) -> str:
    return f' transform="rotate({_short(degrees)} {_short(at[0])} {_short(at[1])})"' if degrees else ""


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _step(point: Point) -> str:
    return f"M{_short(point[0])} {_short(point[1])}"


def _short(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
