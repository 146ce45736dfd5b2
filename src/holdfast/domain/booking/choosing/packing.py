"""Packs arranged rows into blocks of bits."""

from array import array
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.seating import (
    ID_BYTES,
    Block,
    Category,
    Masks,
    Place,
    PlacesById,
    Row,
    Seating,
    Section,
)

BLOCK_BITS = 4_096
"""Bits of a block, as far as whole rows allow. An operation on a block takes about a fifth of a microsecond."""


@dataclass(slots=True)
class ArrangedRow:
    """A row with its seats in order, before it has a place in a block."""

    area: bool
    section: int
    place: int
    seats: Sequence[ChartSeat | None]
    """None where the next seat is not a neighbour."""
    distances: Sequence[float]
    """0 where there is no seat."""

    @property
    def nearest(self) -> float:
        """The distance of the nearest seat."""
        return min(distance for seat, distance in zip(self.seats, self.distances, strict=True) if seat is not None)


class Packing:
    """The blocks and masks of a seating that is being built."""

    def __init__(self, sections: Sequence[Section], categories: Mapping[int, Category], *, seats: int) -> None:
        self._sections = sections
        self._categories = categories
        self._seats = seats
        self._blocks: list[Block] = []
        self._rows_by_section: list[list[Row]] = [[] for _ in sections]
        self._areas: dict[int, list[int]] = {}
        self._places = PlacesById(seats)
        self._by_category: dict[int, dict[int, int]] = {}
        self._by_section: list[dict[int, int]] = [{} for _ in sections]
        self._by_channel: dict[str, dict[int, int]] = {}
        self._accessible: dict[int, int] = {}
        self._partners: dict[Place, UUID] = {}

    def steps_of(self, arranged: Sequence[ArrangedRow]) -> Generator[None, None, Seating]:
        """Pack rows, and return the seating. Yields between rows."""
        rows = sorted((row for row in arranged if not row.area), key=lambda row: (row.nearest, row.section, row.place))
        areas = sorted((row for row in arranged if row.area), key=lambda row: (row.nearest, row.section, row.place))
        taken: list[ArrangedRow] = []
        bits = 0
        for row in rows:
            if taken and bits + len(row.seats) > BLOCK_BITS:
                yield from self._pack(taken)
                taken, bits = [], 0
            taken.append(row)
            bits += len(row.seats) + 1
        if taken:
            yield from self._pack(taken)
        for area in areas:
            self._areas.setdefault(area.section, []).append(len(self._blocks))
            yield from self._pack([area])
        return self._seating()

    def _pack(self, rows: Sequence[ArrangedRow]) -> Generator[None, None, None]:
        number = len(self._blocks)
        bits = sum(len(row.seats) + 1 for row in rows)
        ids = bytearray(ID_BYTES * bits)
        block = Block(
            area=rows[0].area,
            rows=[],
            starts=[],
            seats=0,
            ids=b"",
            distances=array("d", [0.0]),
            prices=array("q", bytes(8 * bits)),
            category_numbers=array("h", bytes(2 * bits)),
        )
        self._blocks.append(block)
        start = 0
        for arranged in rows:
            block.rows.append(self._row(arranged, number, start))
            block.starts.append(start)
            for bit, (seat, distance) in enumerate(zip(arranged.seats, arranged.distances, strict=True), start=start):
                block.distances.append(block.distances[-1] + distance)
                if seat is not None:
                    ids[ID_BYTES * bit : ID_BYTES * (bit + 1)] = seat.id.bytes
                    block.prices[bit] = -1 if seat.price is None else seat.price
                    block.category_numbers[bit] = seat.category or 0
                    block.seats |= 1 << bit
                    self._mark(seat, Place(number, bit), arranged.section)
            block.distances.append(block.distances[-1])
            start += len(arranged.seats) + 1
            yield
        block.ids = bytes(ids)

    def _row(self, arranged: ArrangedRow, block: int, start: int) -> Row:
        nearest = arranged.nearest
        middle = next(
            place
            for place, (seat, distance) in enumerate(zip(arranged.seats, arranged.distances, strict=True))
            if seat is not None and distance == nearest
        )
        width = len(arranged.seats)
        row = Row(block, start, width, middle, nearest, arranged.section, arranged.place, (1 << width) - 1)
        if not arranged.area:
            self._rows_by_section[arranged.section].append(row)
        return row

    def _mark(self, seat: ChartSeat, place: Place, section: int) -> None:
        self._places.add(seat.id, place)
        marked = [self._by_section[section]]
        if seat.category is not None:
            marked.append(self._by_category.setdefault(seat.category, {}))
        if seat.channel is not None:
            marked.append(self._by_channel.setdefault(seat.channel, {}))
        if seat.accessible and not seat.area:
            marked.append(self._accessible)
        if seat.companion_of is not None and not seat.area:
            self._partners[place] = seat.companion_of
        for masks in marked:
            masks[place.block] = masks.get(place.block, 0) | 1 << place.bit

    def _seating(self) -> Seating:
        for rows in self._rows_by_section:
            rows.sort(key=lambda row: row.place)
        seating = Seating(
            blocks=self._blocks,
            sections=self._sections,
            categories=self._categories,
            rows_by_section=self._rows_by_section,
            row_blocks=len(self._blocks) - sum(map(len, self._areas.values())),
            areas=list(self._areas.values()),
            by_category={number: self._masks(marked) for number, marked in self._by_category.items()},
            by_section=[self._masks(marked) for marked in self._by_section],
            by_channel={key: self._masks(marked) for key, marked in self._by_channel.items()},
            ordinary=[],
            accessible=self._masks(self._accessible),
            companions=[],
            ties=[],
            partners={},
            companions_of={},
            places=self._places,
            seats=self._seats,
        )
        self._tie(seating)
        return seating

    def _tie(self, seating: Seating) -> None:
        """Find the accessible seat of each companion seat. Without one it is an ordinary seat."""
        companions: dict[int, int] = {}
        ties: list[dict[int | None, int]] = [{} for _ in self._blocks]
        partners: dict[Place, Place] = {}
        companions_of: dict[Place, list[Place]] = {}
        for place, seat_id in self._partners.items():
            partner = seating.place_of(seat_id)
            if partner is None or partner in self._partners:
                continue
            row = self._blocks[place.block].row_of(place.bit)
            near = partner.block == place.block and self._blocks[partner.block].row_of(partner.bit) is row
            offset = partner.bit - place.bit if near else None
            ties[place.block][offset] = ties[place.block].get(offset, 0) | 1 << place.bit
            companions[place.block] = companions.get(place.block, 0) | 1 << place.bit
            partners[place] = partner
            companions_of.setdefault(partner, []).append(place)
        seating.companions = self._masks(companions)
        seating.ordinary = [
            block.seats & ~accessible & ~tied
            for block, accessible, tied in zip(self._blocks, seating.accessible, seating.companions, strict=True)
        ]
        seating.ties = ties
        seating.partners = partners
        seating.companions_of = companions_of

    def _masks(self, marked: Mapping[int, int]) -> Masks:
        return [marked.get(number, 0) for number in range(len(self._blocks))]
