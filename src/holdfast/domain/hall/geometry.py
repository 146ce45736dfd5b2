"""Positions on rows and shapes. Angles are in radians; y points down."""

from collections.abc import Sequence
from math import atan, cos, hypot, sin

from holdfast.domain.hall.document import Point

_FLAT = 1e-9


def row_positions(start: Point, end: Point, bend: float, count: int) -> tuple[list[float], list[float]]:
    """Return the x and y of seats that are evenly spread over an arc from `start` to `end`, both included.

    The arc is part of a circle, so the seats are spread by its angle, and rows about one centre stay parallel. A single
    seat is put in the middle.

    Args:
        start: The first seat.
        end: The last seat.
        count: How many seats there are.
        bend: The arc's height over its chord. If positive, its middle lies to the right of who walks from start to end.
    """
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    chord = hypot(dx, dy)
    places = [0.5] if count == 1 else [at / (count - 1) for at in range(count)]
    if abs(bend) < _FLAT or chord < _FLAT:
        return [x0 + dx * place for place in places], [y0 + dy * place for place in places]
    # Unit vectors along the chord and to its right.
    ux, uy = dx / chord, dy / chord
    height = bend * chord
    # Signed: positive if the centre lies to the left of the chord, as it does for a positive bend below a half circle.
    radius = (chord * chord / 4 + height * height) / (2 * height)
    center_x = x0 + dx / 2 - uy * (height - radius)
    center_y = y0 + dy / 2 + ux * (height - radius)
    half = 2 * atan(2 * height / chord)
    angles = [half * (2 * place - 1) for place in places]
    along = [radius * sin(angle) for angle in angles]
    across = [radius * cos(angle) for angle in angles]
    return (
        [center_x + ux * a - uy * b for a, b in zip(along, across, strict=True)],
        [center_y + uy * a + ux * b for a, b in zip(along, across, strict=True)],
    )


def middle_of(points: Sequence[Point]) -> Point:
    """Return the middle of the smallest upright rectangle around some points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
