"""The outlines of sections: as the document gives them, else around the section's rows."""

from collections.abc import Sequence
from itertools import groupby
from math import hypot, sqrt
from typing import TypeVar

from holdfast.domain.hall.document import Hall, Point, Row, Section, sections_in, shapes_in
from holdfast.domain.hall.geometry import row_positions
from holdfast.domain.hall.imported import Steps, at_once
from holdfast.domain.hall.shapes import corners_of

T = TypeVar("T")
_SAMPLES, _SAMPLES_OF_ROUND_ROW = 5, 17
"""Points that stand for a bent row, and for one that is bent as far as a quarter of a circle."""
_ROUND = 0.2
_PITCH_DEFAULT = 20.0
_STANDING = 0.3
"""The room that somebody standing takes, in parts of what a seat does."""
_LINES_MAX = 100
"""Rows that are looked at; of more, evenly spread ones are."""
_PARTS_MAX = 200
"""Parts of one line that are looked at."""
_PITCHES_MAX = 500
_POINTS_MAX = 100
"""Points of a line that the outline follows. A row of many parts, or many rows with one label, may have more."""
_CORNERS_MAX = 40
"""Corners of an outline that follows the rows. More are a sign of rows in no order, and take long to check."""
_MITER_MAX = 2.0
"""How far a sharp corner may move away, in units of the padding."""


def outlines_of(hall: Hall) -> dict[str, list[Point]]:
    """Do all steps of `drawing_outlines`."""
    return at_once(drawing_outlines(hall))


def drawing_outlines(hall: Hall) -> Steps[dict[str, list[Point]]]:
    """Return the outline of every section by its key.

    An area without an outline gets a rectangle below everything else, as large as its capacity needs.
    """
    outlines: dict[str, list[Point]] = {}
    unplaced: list[Section] = []
    pitches = []
    for section, _, _ in sections_in(hall):
        if section.rows:
            pitches.append(pitch_of(section.rows))
        if section.outline:
            outlines[section.key] = section.outline
        elif section.rows:
            outlines[section.key] = _around(section.rows, pitches[-1] * 0.6)
            yield
        else:
            unplaced.append(section)
    if unplaced:
        left, _, right, bottom = box_of(hall, outlines)
        pitch = sorted(pitches)[len(pitches) // 2] if pitches else _PITCH_DEFAULT
        for section in unplaced:
            bottom += 2 * pitch
            width = max(right - left, pitch * sqrt(_STANDING * (section.capacity or 1)))
            height = max(2 * pitch, _STANDING * pitch * pitch * (section.capacity or 1) / width)
            outlines[section.key] = [
                (left, bottom),
                (left + width, bottom),
                (left + width, bottom + height),
                (left, bottom + height),
            ]
            bottom += height
    return outlines


def box_of(hall: Hall, outlines: dict[str, list[Point]]) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom of everything that a hall shows."""
    points = [point for outline in outlines.values() for point in outline]
    for _, shape in shapes_in(hall):
        points += corners_of(shape)
    for section, _, _ in sections_in(hall):
        for row in section.rows or ():
            # An outline that is made here goes around the bends of the rows, but may leave out a single seat.
            points += (row.positions or _ends_of(row)) if section.outline is None else samples_of(row)
    return _box(points) if points else (0.0, 0.0, 0.0, 0.0)


def pitch_of(rows: Sequence[Row]) -> float:
    """Return how far neighbours in a section are apart: the median over its rows, or evenly spread ones of them."""
    pitches = []
    for row in _thinned(rows, _PITCHES_MAX):
        points = samples_of(row, 2)
        length = hypot(points[-1][0] - points[0][0], points[-1][1] - points[0][1])
        places = row.count or len(row.numbers or ())
        if places > 1 and length > 0:
            pitches.append(length / (places - 1))
    return sorted(pitches)[len(pitches) // 2] if pitches else _PITCH_DEFAULT


def samples_of(row: Row, count: int | None = None) -> list[Point]:
    """Return a few points along a row, its ends included."""
    count = count or (_SAMPLES_OF_ROUND_ROW if abs(row.bend) > _ROUND or row.positions else _SAMPLES)
    if row.positions is not None:
        last = len(row.positions) - 1
        if last < count:
            return row.positions
        return [row.positions[round(last * at / (count - 1))] for at in range(count)]
    if row.start is None or row.end is None or not row.bend:
        return _ends_of(row)
    return list(zip(*row_positions(row.start, row.end, row.bend, count), strict=True))


def _ends_of(row: Row) -> list[Point]:
    return [(0.0, 0.0)] if row.start is None or row.end is None else [row.start, row.end]


def _around(rows: Sequence[Row], padding: float) -> list[Point]:
    """Return an outline along the first row, the ends, the last row and the starts.

    If that crosses itself, or leaves out seats of rows in between, it is the hull.
    """
    # Parts of one row, with an aisle between them, count as one row.
    labels = _thinned([list(same) for _, same in groupby(rows, key=_label)], _LINES_MAX)
    lines = [[point for row in _thinned(same, _PARTS_MAX) for point in samples_of(row)] for same in labels]
    points = [point for line in lines for point in line]
    lines = [_thinned(line, _POINTS_MAX) for line in lines]
    if len(lines) == 1:
        lines = _sides(lines[0], padding / 10)
    ring = [*lines[0], *(line[-1] for line in lines[1:-1])]
    if len(lines) > 1:
        ring += [*lines[-1][::-1], *(line[0] for line in lines[-2:0:-1])]
    corners = _simplified([*ring, ring[0]], padding / 8)[:-1]
    if not 3 <= len(corners) <= _CORNERS_MAX or _crosses_itself(corners) or _leaves_out(corners, points, padding):
        corners = _hull(points)
    return [(round(x, 2), round(y, 2)) for x, y in _padded(corners, padding)]


def _leaves_out(corners: list[Point], points: list[Point], tolerance: float) -> bool:
    inner, outer = _box(corners), _box(points)
    return (
        outer[0] < inner[0] - tolerance
        or outer[1] < inner[1] - tolerance
        or outer[2] > inner[2] + tolerance
        or outer[3] > inner[3] + tolerance
    )


def _box(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom of some points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def _thinned(entries: Sequence[T], most: int) -> list[T]:
    """Return a list, or if it is too long, evenly spread entries with the first and the last."""
    if len(entries) <= most:
        return list(entries)
    return [entries[round(at * (len(entries) - 1) / (most - 1))] for at in range(most)]


def _sides(line: list[Point], apart: float) -> list[list[Point]]:
    """Return two lines a little to the sides of one."""
    sides: list[list[Point]] = [[], []]
    for at, (x, y) in enumerate(line):
        (x0, y0), (x1, y1) = line[max(0, at - 1)], line[min(len(line) - 1, at + 1)]
        length = hypot(x1 - x0, y1 - y0) or 1.0
        dx, dy = apart * (y1 - y0) / length, apart * (x1 - x0) / length
        sides[0].append((x + dx, y - dy))
        sides[1].append((x - dx, y + dy))
    return sides


def _label(row: Row) -> str:
    return row.label


def _simplified(points: list[Point], tolerance: float) -> list[Point]:
    """Leave out the points of a line that it would hardly change without (Douglas and Peucker).

    Ends early when more points stay than an outline may have. To find them all in a spiral takes quadratic time.
    """
    kept = {0, len(points) - 1}
    parts = [(0, len(points) - 1)]
    while parts and len(kept) <= _CORNERS_MAX + 1:
        first, last = parts.pop()
        farthest, distance = first, tolerance
        for at in range(first + 1, last):
            apart = _distance(points[at], points[first], points[last])
            if apart > distance:
                farthest, distance = at, apart
        if farthest != first:
            kept.add(farthest)
            parts += [(first, farthest), (farthest, last)]
    return [points[at] for at in sorted(kept)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """Return how far a point is from the line between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    length = hypot(dx, dy)
    if length == 0:
        return hypot(x, y)
    along = max(0.0, min(1.0, (x * dx + y * dy) / (length * length)))
    return hypot(x - along * dx, y - along * dy)


def _crosses_itself(ring: list[Point]) -> bool:
    edges = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    count = len(edges)
    return any(
        _cross(*edges[first], *edges[second])
        for first in range(count)
        for second in range(first + 2, count)
        if (second + 1) % count != first
    )


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _turn(a: Point, b: Point, c: Point) -> float:
    """Positive if the way from a by b to c turns to one side, negative if to the other."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _hull(points: list[Point]) -> list[Point]:
    """Return the smallest convex polygon around some points (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    chains = []
    for way in (ordered, ordered[::-1]):
        chain: list[Point] = []
        for point in way:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    return [*chains[0], *chains[1]]


def _padded(corners: list[Point], padding: float) -> list[Point]:
    """Move the sides of a polygon outwards. A single point, or two, become a rectangle."""
    if len(corners) < 3:
        (x0, y0), (x1, y1) = corners[0], corners[-1]
        dx, dy = x1 - x0, y1 - y0
        length = hypot(dx, dy)
        ux, uy = (dx / length * padding, dy / length * padding) if length else (padding, 0.0)
        return [
            (x0 - ux + uy, y0 - uy - ux),
            (x1 + ux + uy, y1 + uy - ux),
            (x1 + ux - uy, y1 + uy + ux),
            (x0 - ux - uy, y0 - uy + ux),
        ]
    following = [*corners[1:], corners[0]]
    doubled_area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, following, strict=True))
    outwards = 1.0 if doubled_area > 0 else -1.0
    normals = []
    for (x0, y0), (x1, y1) in zip(corners, following, strict=True):
        length = hypot(x1 - x0, y1 - y0) or 1.0
        normals.append((outwards * (y1 - y0) / length, outwards * (x0 - x1) / length))
    moved = []
    for (x, y), (ax, ay), (bx, by) in zip(corners, [normals[-1], *normals[:-1]], normals, strict=True):
        sharpness = min(_MITER_MAX, 2 / max(1e-6, (ax + bx) ** 2 + (ay + by) ** 2))
        moved.append((x + (ax + bx) * sharpness * padding, y + (ay + by) * sharpness * padding))
    return moved
