"""What a form says about a section."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

PITCH = 20.0
"""From one seat to the next, in the units of the document."""
SPACING = 26.0
"""From one row to the next."""
CURVE_MAX = 0.4

Labels: TypeAlias = Literal["letters", "letters-without-i-o", "numbers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRecipe:
    """Rows of seats. The first one is nearest to the stage."""

    rows: int
    seats: int
    """In the first row."""
    growth: int = 0
    """How many more seats each further row has."""
    curve: float = 0.0
    """The height of the first row's arc over its chord. All rows are about one centre."""
    labels: Labels = "letters"
    first_label: str = "A"
    numbering: str | None = None
    x: float = 0.0
    """Where the middle of the first row is."""
    y: float = 0.0
    rotation: float = 0.0
    """In degrees, clockwise about that middle."""
    pitch: float = PITCH
    spacing: float = SPACING
    front_rows: int = 0
    """So many rows at the front have another category."""
    front_category: str | None = None
    missing: tuple[str, ...] = ()
    """Places without a seat, as row and number with a hyphen: `A-3`."""
    accessible: tuple[str, ...] = ()
    restricted_view: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRecipe:
    """An area for general admission, drawn as a rectangle."""

    capacity: int
    x: float
    """The middle of its upper side."""
    y: float
    width: float
    depth: float
