"""The curve of a sale as the numbers of an SVG path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log10

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 26
"""The margins, which have the numbers of the axes in them."""
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """A number or a time at an axis."""

    at: float
    value: int


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A time at the lower axis."""

    at: float
    when: datetime
    anchor: str
    """`start`, `middle` or `end`: where its text is, from there."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve that only rises, in the coordinates of the picture."""

    line: str
    area: str
    ticks: Sequence[Tick]
    times: Sequence[TimeTick]
    total: int


def curve_of(edges: Sequence[datetime], sold: Sequence[int]) -> Curve | None:
    """Return the curve of all that was sold up to each edge; None if nothing was.

    Args:
        edges: The ends of the buckets; one more than there are buckets.
        sold: Seats sold in each bucket.
    """
    total = sum(sold)
    if not total or len(edges) < 2:
        return None
    top = _round_up(total)
    span = (edges[-1] - edges[0]).total_seconds()
    high, wide = HEIGHT - TOP - BOTTOM, WIDTH - LEFT - RIGHT

    def x_of(when: datetime) -> float:
        return round(LEFT + (when - edges[0]).total_seconds() / span * wide, 1)

    def y_of(value: int) -> float:
        return round(TOP + (1 - value / top) * high, 1)

    points, sum_so_far = [(x_of(edges[0]), y_of(0))], 0
    for edge, more in zip(edges[1:], sold, strict=True):
        sum_so_far += more
        points.append((x_of(edge), y_of(sum_so_far)))
    line = "M" + " L".join(f"{x:g} {y:g}" for x, y in _corners(points))
    base = y_of(0)
    middle = edges[len(edges) // 2]
    times = [TimeTick(LEFT, edges[0], "start"), TimeTick(WIDTH - RIGHT, edges[-1], "end")]
    if len(edges) > 4:
        times.insert(1, TimeTick(x_of(middle), middle, "middle"))
    return Curve(
        line=line,
        area=f"{line} L{points[-1][0]:g} {base:g} L{points[0][0]:g} {base:g} Z",
        ticks=[Tick(y_of(value), value) for value in sorted({0, top // 2, top})],
        times=times,
        total=total,
    )


def _corners(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out points on a level line between two others: most buckets of a long sale are empty."""
    kept = [points[0]]
    for before, one, after in zip(points, points[1:], points[2:], strict=False):
        if not before[1] == one[1] == after[1]:
            kept.append(one)
    return [*kept, points[-1]]


def _round_up(total: int) -> int:
    """Return a round number that is no smaller, and even, so that half of it is whole."""
    power: int = 10 ** max(0, ceil(log10(total)) - 1)
    for step in _STEPS:
        if step * power >= total:
            return max(2, step * power)
    return max(2, 10 * power)
