"""A concert hall of about 2,000 places to try Holdfast with, and a stadium of any size for benchmarks."""

from dataclasses import dataclass
from math import atan, cos, pi, sin, tan
from typing import Literal, TypeAlias

from msgspec.structs import replace

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import (
    Floor,
    Hall,
    Label,
    Point,
    Rectangle,
    Row,
    SeatException,
    Section,
)
from holdfast.domain.hall.geometry import row_positions

SAMPLE_CATEGORIES = (
    CategoryDetails(key="premium", name="Premium", color="#b3261e", price=12_000),
    CategoryDetails(key="standard", name="Standard", color="#1f6feb", price=8_000),
    CategoryDetails(key="economy", name="Economy", color="#1a7f37", price=5_000),
)
_CENTER: Point = (0.0, -300.0)
"""The rows of the concert hall are arcs about this point, behind the middle of its stage."""
_PITCH = 20.0
"""From one seat to the next."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Rows have no I and O, which read like digits."""


def sample_hall() -> Hall:
    """Return the concert hall, whose categories are `SAMPLE_CATEGORIES`."""
    return Hall(
        format="holdfast-hall/1",
        name="Aoyama Concert Hall",
        floors=[
            Floor(key="ground", name="Ground floor", sections=[*_stalls(), _standing()]),
            Floor(
                key="balcony-1",
                name="First balcony",
                sections=_balcony("balcony", "Balcony", radius=960, rows=6, category="standard"),
            ),
            Floor(
                key="balcony-2",
                name="Second balcony",
                sections=_balcony("gallery", "Gallery", radius=1160, rows=5, category="economy"),
            ),
        ],
        shapes=[
            Rectangle(at=(-220, -150), size=(440, 150), role="stage", text="Stage", color="#d0d7de"),
            Rectangle(at=(-45, 412), size=(90, 40), text="Sound desk", color="#eaeef2"),
            Label(at=(0, 622), text="First balcony", size=18, color="#57606a"),
            Label(at=(0, 822), text="Second balcony", size=18, color="#57606a"),
        ],
    )


def _standing() -> Section:
    # Its places come last, in the chart and by seat number: somebody who tries the API takes the first seat of a list,
    # and places of an area cannot be reserved by their ids.
    inner = [_on_arc(375, angle) for angle in (-30, -15, 0, 15, 30)]
    outer = [_on_arc(475, angle) for angle in (30, 15, 0, -15, -30)]
    return Section(key="standing", name="Standing", category="economy", outline=[*inner, *outer], capacity=400)


def _stalls() -> list[Section]:
    left, middle, right = [], [], []
    for at in range(16):
        radius, label = 510 + 26 * at, _LETTERS[at]
        left.append(_arc(label, radius, (-41.6, -16.6), numbering="odd from right", label_at="start"))
        middle.append(
            _arc(
                label,
                radius,
                (-13.5, 13.5),
                numbering="101..",
                category="premium" if at < 8 else None,
                label_at="none",
                exceptions=_EXCEPTIONS.get(label),
            )
        )
        right.append(_arc(label, radius, (16.6, 41.6), numbering="even", label_at="end"))
    return [
        Section(key="stalls-left", name="Stalls left", category="standard", rows=left),
        Section(key="stalls", name="Stalls centre", category="standard", rows=middle),
        Section(key="stalls-right", name="Stalls right", category="standard", rows=right),
    ]


_SOUND_DESK = [SeatException(seats=[str(number) for number in range(107, 112)], missing=True)]
_EXCEPTIONS = {
    _LETTERS[8]: _SOUND_DESK,
    _LETTERS[9]: _SOUND_DESK,
    # Places for wheelchairs, each with a seat for who comes along.
    _LETTERS[15]: [
        SeatException(seats=["101", "104", "117", "120"], accessible=True),
        SeatException(seats=["102"], companion_of="101"),
        SeatException(seats=["103"], companion_of="104"),
        SeatException(seats=["118"], companion_of="117"),
        SeatException(seats=["119"], companion_of="120"),
    ],
}


def _balcony(key: str, name: str, *, radius: int, rows: int, category: str) -> list[Section]:
    sides: list[_Side] = [
        (-40.0, -14.5, f"{key}-left", f"{name} left", "start"),
        (-13.0, 13.0, key, f"{name} centre", "none"),
        (14.5, 40.0, f"{key}-right", f"{name} right", "end"),
    ]
    sections = []
    for first, last, section_key, section_name, label_at in sides:
        made = [_arc(_LETTERS[at], radius + 26 * at, (first, last), label_at=label_at) for at in range(rows)]
        if section_key != key:
            # A railing is in the way of the outermost seat of the first row.
            outermost = "1" if first < 0 else str(made[0].count)
            made[0] = replace(made[0], exceptions=[SeatException(seats=[outermost], restricted_view=True)])
        sections.append(Section(key=section_key, name=section_name, category=category, rows=made))
    return sections


_Side: TypeAlias = tuple[float, float, str, str, Literal["start", "none", "end"]]


def _arc(
    label: str,
    radius: float,
    degrees: tuple[float, float],
    *,
    center: Point = _CENTER,
    pitch: float = _PITCH,
    numbering: str | None = None,
    category: str | None = None,
    label_at: Literal["start", "end", "both", "none"] = "both",
    exceptions: list[SeatException] | None = None,
) -> Row:
    """Make a row on a circle, with as many seats as fit between two angles."""
    first, last = degrees
    angle = abs(last - first) * pi / 180
    return Row(
        label=label,
        count=int(radius * angle / pitch + 1e-9) + 1,
        start=_on_arc(radius, first, center),
        end=_on_arc(radius, last, center),
        bend=round(tan(angle / 4) / 2, 5),
        numbering=numbering,
        category=category,
        label_at=label_at,
        exceptions=exceptions or [],
    )


def _on_arc(radius: float, degrees: float, center: Point = _CENTER) -> Point:
    """Return the point at an angle from straight down, to the right if positive."""
    angle = degrees * pi / 180
    return (round(center[0] + radius * sin(angle), 1), round(center[1] + radius * cos(angle), 1))


STADIUM_CATEGORIES = (
    CategoryDetails(key="lower", name="Lower tier", color="#b3261e", price=9_000),
    CategoryDetails(key="upper", name="Upper tier", color="#1f6feb", price=6_000),
    CategoryDetails(key="top", name="Top rows", color="#1a7f37", price=4_000),
)
_STRAIGHT = 600.0
"""Half the length of the stands along the pitch; units are decimetres."""
_BLOCK = 100.0
"""The length of one section of them."""
_WEDGES = 10
"""Sections of each of the two ends, which are half circles."""
_SEAT = 5.0
_AISLE = 8.0
_STEP = 8.0
"""From one row to the next."""


@dataclass(frozen=True, slots=True)
class _Tier:
    key: str
    name: str
    radius: float
    rows: int


def stadium(seats: int) -> Hall:
    """Return a stadium of exactly so many seats, from 5,000 to 100,000; `STADIUM_CATEGORIES` are its categories."""
    lower = _Tier("lower", "Lower tier", 480, 40)
    upper = _Tier("upper", "Upper tier", 840, 34)
    left = seats
    floors = []
    for tier in (lower, upper):
        rows_of: dict[str, list[Row]] = {}
        for at in range(tier.rows):
            for key, row in _ring(tier, at):
                count = min(row.count or 0, left)
                if count > 1 or count == row.count == left:
                    rows_of.setdefault(key, []).append(row if count == row.count else _shorter(row, count))
                    left -= count
        sections = [
            Section(key=f"{tier.key}-{key}", name=f"{tier.name} {key}", category=tier.key, rows=rows)
            for key, rows in rows_of.items()
        ]
        if sections:
            floors.append(Floor(key=tier.key, name=tier.name, sections=sections))
    pitch = Rectangle(at=(-525, -340), size=(1050, 680), role="stage", text="Pitch", color="#cfe8cf")
    return Hall(format="holdfast-hall/1", name="Stadium", floors=floors, shapes=[pitch])


def _ring(tier: _Tier, at: int) -> list[tuple[str, Row]]:
    """Make row `at` of each section around the pitch, clockwise from the upper left, with the section's number."""
    radius = tier.radius + at * _STEP
    label = str(at + 1)
    category = "top" if tier.key == "upper" and at >= tier.rows * 2 // 3 else None
    blocks = int(2 * _STRAIGHT / _BLOCK)
    wedge = 180 / _WEDGES
    gap = _AISLE / 2 / radius * 180 / pi
    made = []
    for block in range(blocks):
        x = -_STRAIGHT + block * _BLOCK + _AISLE / 2
        made.append(_straight(label, (x, -radius), (x + _BLOCK - _AISLE, -radius), category))
    for end in range(_WEDGES):
        degrees = (180 - end * wedge - gap, 180 - (end + 1) * wedge + gap)
        made.append(_turned(_arc(label, radius, degrees, center=(_STRAIGHT, 0), pitch=_SEAT, category=category)))
    for block in range(blocks):
        x = _STRAIGHT - block * _BLOCK - _AISLE / 2
        made.append(_straight(label, (x, radius), (x - _BLOCK + _AISLE, radius), category))
    for end in range(_WEDGES):
        degrees = (-end * wedge - gap, -(end + 1) * wedge + gap)
        made.append(_turned(_arc(label, radius, degrees, center=(-_STRAIGHT, 0), pitch=_SEAT, category=category)))
    return [(str(100 + place + 1), row) for place, row in enumerate(made)]


def _straight(label: str, start: Point, end: Point, category: str | None) -> Row:
    count = int((_BLOCK - _AISLE) / _SEAT) + 1
    return Row(label=label, count=count, start=start, end=end, category=category)


def _turned(row: Row) -> Row:
    """Bend a row the other way: it is walked with the pitch on the right."""
    return replace(row, bend=-row.bend)


def _shorter(row: Row, count: int) -> Row:
    """Return the first seats of a row, as the last one of a stadium of a certain size."""
    if row.count is None or row.start is None:
        return row
    xs, ys = row_positions(row.start, row.end or row.start, row.bend, row.count)
    angle = 4 * atan(2 * row.bend) * (count - 1) / (row.count - 1)
    return replace(row, count=count, end=(xs[count - 1], ys[count - 1]), bend=tan(angle / 4) / 2)
