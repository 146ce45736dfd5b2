"""A seat as choosing needs it."""

from typing import NamedTuple
from uuid import UUID


class ChartSeat(NamedTuple):
    """A seat of the chart, free or not."""

    id: UUID
    section: str | None
    """The section's key; of seats without a hall, the section's name."""
    row: str | None
    x: float | None = None
    y: float | None = None
    price: int | None = None
    """None if it costs what its category costs."""
    category: int | None = None
    """The category's number."""
    area: bool = False
    """Whether it is a place in an area for general admission."""
    accessible: bool = False
    restricted_view: bool = False
    companion_of: UUID | None = None
    """The accessible seat that it has to be sold with."""
    channel: str | None = None
    """The channel that keeps it back."""
