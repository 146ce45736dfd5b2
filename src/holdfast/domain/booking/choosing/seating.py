"""The chart of one event, arranged for choosing: rows by their distance to the focal point, seats as bits.

Rows are packed into blocks of a few thousand bits, the nearest rows first. One operation on a block's mask looks at all
of its seats, and a search that finds what it needs in the first blocks never looks at the others.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.refusal import InvalidValue

ID_BYTES = 16
SCOPES_MAX = 128
"""Parts of the hall (a category in a section, say) whose masks are kept."""


class Place(NamedTuple):
    """Where a seat is: the number of its block, and of its bit in the block's masks."""

    block: int
    bit: int


class Section(NamedTuple):
    """A section of the hall."""

    key: str
    floor: str | None
    focal: tuple[float, float] | None
    """The point that its best seats are nearest to."""


class Category(NamedTuple):
    """A price category."""

    key: str
    price: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of seats, or a part of an area for general admission."""

    block: int
    start: int
    """The bit of its first seat."""
    width: int
    """Its bits, including those between seats that are not neighbours."""
    middle: int
    """The bit of the seat that is nearest to the focal point, counted from `start`."""
    nearest: float
    """That seat's distance."""
    section: int
    """The number of its section, in chart order."""
    place: int
    """Its place among the rows of its section, in chart order."""
    mask: int
    """A mask of its `width`."""


@dataclass(slots=True)
class Block:
    """Several rows, the nearest first. Everything is by bit."""

    area: bool
    """Whether it is part of an area: its places are neighbours of nothing, and the lowest are given first."""
    rows: list[Row]
    starts: list[int]
    """The first bit of each row."""
    seats: int
    """The mask of the bits that are seats."""
    ids: bytes
    """16 bytes for each bit."""
    distances: "array[float]"
    """The sums of the distances of all seats before each bit."""
    prices: "array[int]"
    """-1 if the seat costs what its category costs."""
    category_numbers: "array[int]"

    @property
    def nearest(self) -> float:
        """The distance of its best seat."""
        return self.rows[0].nearest

    def distance(self, bit: int, count: int) -> float:
        """Return the sum of the distances of `count` neighbours from a bit on."""
        return self.distances[bit + count] - self.distances[bit]

    def row_of(self, bit: int) -> Row:
        """Return the row that a bit belongs to."""
        return self.rows[bisect_right(self.starts, bit) - 1]


Masks = Sequence[int]
"""A mask for each block."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The seats that fit a wish, free or not."""

    name: tuple[str | None, str | None, str | None]
    """Category, section and floor."""
    masks: Masks
    ordinary: Masks
    """Those that are neither accessible nor companion seats."""


@dataclass(slots=True)
class Seating:
    """An event's seats. It never changes; `FreeSeats` says which of them are free."""

    blocks: list[Block]
    sections: Sequence[Section]
    """In chart order."""
    categories: Mapping[int, Category]
    rows_by_section: Sequence[Sequence[Row]]
    """The rows of each section in chart order, without areas."""
    row_blocks: int
    """How many blocks contain rows. Those of areas come after them."""
    areas: Sequence[Sequence[int]]
    """The blocks of each area, lowest places first; the nearest area first."""
    by_category: Mapping[int, Masks]
    by_section: Sequence[Masks]
    ordinary: Masks
    """The seats that are neither accessible nor companion seats."""
    accessible: Masks
    companions: Masks
    """The seats that are only sold together with an accessible seat."""
    ties: Sequence[Mapping[int | None, int]]
    """For each block, the companion seats by the number of bits from each to its accessible seat; None if that is in
    another row."""
    partners: Mapping[Place, Place]
    """The accessible seat of each companion seat."""
    companions_of: Mapping[Place, Sequence[Place]]
    """The companion seats of each accessible seat that has any."""
    by_channel: Mapping[str, Masks]
    """The seats that a channel keeps back from buyers who do not reach it."""
    places: "PlacesById"
    seats: int
    _scopes: "OrderedDict[tuple[str | None, str | None, str | None], Scope]" = field(default_factory=OrderedDict)

    def place_of(self, seat_id: UUID) -> Place | None:
        """Return the place of a seat; None if it is not in the chart."""
        wanted = seat_id.bytes
        for place in self.places.find(seat_id):
            start = ID_BYTES * place.bit
            if self.blocks[place.block].ids[start : start + ID_BYTES] == wanted:
                return place
        return None

    def id_at(self, place: Place) -> UUID:
        """Return the id of the seat at a place."""
        start = ID_BYTES * place.bit
        return UUID(bytes=self.blocks[place.block].ids[start : start + ID_BYTES])

    def price_at(self, place: Place) -> int:
        """Return what the seat at a place costs, in the currency's minor unit."""
        block = self.blocks[place.block]
        own = block.prices[place.bit]
        return own if own >= 0 else self.categories[block.category_numbers[place.bit]].price

    def channel_at(self, place: Place) -> str | None:
        """Return the channel that the seat at a place is in."""
        for key, masks in self.by_channel.items():
            if masks[place.block] >> place.bit & 1:
                return key
        return None

    def scope_of(self, wish: BestAvailable) -> Scope:
        """Return the seats that fit a wish.

        Raises:
            InvalidValue: if the hall has no such category, section or floor.
        """
        name = (wish.category, wish.section, wish.floor)
        scope = self._scopes.get(name)
        if scope is None:
            masks = self._masks_of(wish)
            scope = self._scopes[name] = Scope(name, masks, _both(masks, self.ordinary))
            if len(self._scopes) > SCOPES_MAX:
                self._scopes.popitem(last=False)
        return scope

    def _masks_of(self, wish: BestAvailable) -> Masks:
        masks = [block.seats for block in self.blocks]
        if wish.category is not None:
            numbers = [number for number, category in self.categories.items() if category.key == wish.category]
            if not numbers:
                raise InvalidValue("best_available.category", "is not a category of this event")
            masks = _both(masks, _any([self.by_category[number] for number in numbers if number in self.by_category]))
        for text, what, index in ((wish.section, "section", 0), (wish.floor, "floor", 1)):
            if text is not None:
                found = [
                    self.by_section[number] for number, section in enumerate(self.sections) if section[index] == text
                ]
                if not found:
                    raise InvalidValue(f"best_available.{what}", f"is not a {what} of this event")
                masks = _both(masks, _any(found))
        return masks


class PlacesById:
    """Finds seats by id. A seat takes 16 bytes: the lower half of its id, and its place."""

    def __init__(self, seats: int) -> None:
        self._choice = (1 << max(seats // 256, 1).bit_length()) - 1
        """The lowest bits of an id choose one of many short lists."""
        self._keys: list[array[int]] = [array("Q") for _ in range(self._choice + 1)]
        self._places: list[array[int]] = [array("Q") for _ in range(self._choice + 1)]

    def add(self, seat_id: UUID, place: Place) -> None:
        """Add a seat."""
        low = seat_id.int & 0xFFFFFFFFFFFFFFFF
        keys = self._keys[low & self._choice]
        at = len(keys) if not keys or keys[-1] < low else bisect_left(keys, low)
        keys.insert(at, low)
        self._places[low & self._choice].insert(at, place.block << 32 | place.bit)

    def find(self, seat_id: UUID) -> list[Place]:
        """Return where the seats are whose ids end like this one: almost always one seat, or none."""
        low = seat_id.int & 0xFFFFFFFFFFFFFFFF
        keys = self._keys[low & self._choice]
        at = bisect_left(keys, low)
        found = []
        while at < len(keys) and keys[at] == low:
            place = self._places[low & self._choice][at]
            found.append(Place(place >> 32, place & 0xFFFFFFFF))
            at += 1
        return found


def _both(some: Masks, others: Masks) -> list[int]:
    return [one & other for one, other in zip(some, others, strict=True)] if others else [0] * len(some)


def _any(several: Sequence[Masks]) -> list[int]:
    together: list[int] = []
    for masks in several:
        together = [one | other for one, other in zip(together, masks, strict=True)] if together else list(masks)
    return together
