"""Reads a seating plan of pretix."""

import codecs
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.event import TEXT_MAX
from holdfast.domain.catalogue.seat import SEAT_NUMBER_MAX
from holdfast.domain.hall.decoding.bounded import counting_values, decode_piece
from holdfast.domain.hall.document import (
    HALL_SEATS_MAX,
    ROW_SEATS_MAX,
    Hall,
    Point,
    PretixRow,
    PretixZone,
    Row,
    Section,
    Shape,
)
from holdfast.domain.hall.imported import Imported, Steps
from holdfast.domain.hall.keys import NamedCategories, key_from
from holdfast.domain.hall.planned import PlannedSeat, planned_row, planned_section
from holdfast.domain.hall.pretix.areas import shape_of
from holdfast.domain.hall.pretix.colors import color_from
from holdfast.domain.hall.pretix.plan import Loose, Plan, PlanRow, PlanSeat, PlanZone
from holdfast.domain.hall.pretix.values import length_of, point_of, short_text, text_of
from holdfast.domain.hall.rules import checking_hall
from holdfast.domain.legible import same_look
from holdfast.domain.refusal import InvalidValue

VALUES_MAX = 3_000_000
"""Commas and brackets in a plan; a seat has about a dozen."""
_STEP_SEATS = 500


class _Answer(Struct):
    """A plan, or what pretix' API answers for one."""

    zones: Raw | UnsetType = UNSET
    layout: Raw | UnsetType = UNSET


_plan = msgspec.json.Decoder(Plan)
_answer = msgspec.json.Decoder(_Answer)
_seats = msgspec.json.Decoder(list[PlanSeat])


def pretix_reading(raw: bytes, *, known: Sequence[CategoryDetails], prices: Mapping[str, int]) -> Steps[Imported]:
    """Read a plan, also one inside the answer of pretix' API, as its `layout`.

    Args:
        raw: The plan as JSON.
        known: The event's categories.
        prices: Prices of categories by name, because a plan has none.

    Raises:
        InvalidValue: naming the place in the plan, such as `zones[0].rows[3].seats[1].seat_guid`, or `prices`.
    """
    plan = yield from _decoding(raw)
    yield
    reading = _Reading(NamedCategories(known, prices))
    reading.name_categories(plan)
    sections, shapes = [], []
    for at, zone in enumerate(plan.zones):
        section, drawn = yield from reading.zone(zone, f"zones[{at}]")
        sections += section
        shapes += drawn
    if not sections:
        raise InvalidValue("zones", "must have seats")
    size = None
    if plan.size is not None:
        width, height = length_of("size.width", plan.size.width), length_of("size.height", plan.size.height)
        size = None if width is None or height is None else (width, height)
    name = short_text("name", plan.name, TEXT_MAX)
    hall = Hall(format="holdfast-hall/1", name=name, size=size, sections=sections, shapes=shapes)
    yield from checking_hall(hall)
    return Imported(hall, reading.categories.all_with({}))


def _decoding(raw: bytes) -> Steps[Plan]:
    """Decode a plan, and look for it in `layout` if it is not there."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    yield from counting_values(raw, VALUES_MAX)
    answer = decode_piece(_answer, raw, repeats=True)
    if answer.zones is UNSET and answer.layout is not UNSET:
        raw = bytes(answer.layout)
        if raw[:1] == b'"':
            raw = msgspec.json.decode(raw, type=str).encode().removeprefix(codecs.BOM_UTF8)
            yield from counting_values(raw, VALUES_MAX)  # as a text it may have had them as escapes
    return decode_piece(_plan, raw, repeats=True)


class _Reading:
    """What is known while a plan is read."""

    def __init__(self, categories: NamedCategories) -> None:
        self.categories = categories
        self._colors: dict[str, str | None] = {}
        self._keys: dict[str, str] = {}
        """Keys of the categories that seats named so far."""
        self._section_keys: set[str] = set()
        self._seats = 0
        self._looks: set[str] = set()
        """The seats' names so far, in the form that is the same for all that look the same."""

    def name_categories(self, plan: Plan) -> None:
        """Take the plan's categories in its order, so that new ones are in it too."""
        for at, category in enumerate(plan.categories or ()):
            name = text_of(category.name)
            self._colors[name] = color_from(text_of(category.color))
            self._key(f"categories[{at}].name", name)

    def zone(self, zone: PlanZone, field: str) -> Steps[tuple[list[Section], list[Shape]]]:
        """Read a zone: a section, unless it has nothing but areas, and what is drawn in it."""
        base = point_of(f"{field}.position", zone.position)
        rows: list[Row] = []
        since_pause = 0
        for at, row in enumerate(zone.rows or ()):
            made = self._row(zone, row, base, f"{field}.rows[{at}]")
            if made is not None:
                rows.append(made)
                since_pause += made.count or len(made.numbers or ())
            if since_pause >= _STEP_SEATS:
                yield
                since_pause = 0
        areas = [shape_of(area, base, f"{field}.areas[{at}]") for at, area in enumerate(zone.areas or ())]
        return self._section(zone, rows, field), [shape for shape in areas if shape is not None]

    def _section(self, zone: PlanZone, rows: list[Row], field: str) -> list[Section]:
        if not rows:
            return []
        given = text_of(zone.name)
        name = short_text(f"{field}.name", given or f"Zone {len(self._section_keys) + 1}", SEAT_NUMBER_MAX)
        key = key_from(name, self._section_keys, otherwise="zone")
        self._section_keys.add(key)
        zone_id = short_text(f"{field}.zone_id", zone.zone_id, TEXT_MAX)
        kept = PretixZone(name=None if name == given else given, zone_id=zone_id or None)
        return [planned_section(key, name, rows, pretix=None if kept == PretixZone() else kept)]

    def _row(self, zone: PlanZone, row: PlanRow, base: Point, field: str) -> Row | None:
        seats = decode_piece(_seats, bytes(row.seats), repeats=True, within=f"{field}.seats")
        if not seats:
            return None
        if len(seats) > ROW_SEATS_MAX:
            raise InvalidValue(f"{field}.seats", f"must have at most {ROW_SEATS_MAX} entries")
        self._seats += len(seats)
        if self._seats > HALL_SEATS_MAX:
            raise InvalidValue(field, f"brings the plan to {self._seats} seats: at most {HALL_SEATS_MAX} fit")
        label = short_text(f"{field}.row_number", row.row_number, SEAT_NUMBER_MAX)
        origin = point_of(f"{field}.position", row.position, base)
        stem = f"{text_of(zone.zone_id) or text_of(zone.name)}-{label}"
        kept = PretixRow(
            row_label=short_text(f"{field}.row_label", row.row_label, TEXT_MAX) or None,
            seat_label=short_text(f"{field}.seat_label", row.seat_label, TEXT_MAX) or None,
        )
        return planned_row(
            label,
            [self._seat(seat, origin, stem, f"{field}.seats[{at}]", at) for at, seat in enumerate(seats)],
            label_at=_label_at(row.row_number_position),
            pretix=None if kept == PretixRow() else kept,
        )

    def _seat(self, seat: PlanSeat, origin: Point, stem: str, field: str, at: int) -> PlannedSeat:
        # Without a number, a seat is called by its place in the row.
        number = short_text(f"{field}.seat_number", seat.seat_number, SEAT_NUMBER_MAX) or str(at + 1)
        if seat.position is None:
            raise InvalidValue(f"{field}.position", "is required")
        seat_number = short_text(f"{field}.seat_guid", text_of(seat.seat_guid) or f"{stem}-{number}", SEAT_NUMBER_MAX)
        look = same_look(seat_number)
        if look in self._looks:
            raise InvalidValue(f"{field}.seat_guid", "repeats that of another seat")
        self._looks.add(look)
        category = text_of(seat.category)
        return PlannedSeat(
            number=number,
            seat_number=seat_number,
            worth=(self._keys.get(category) or self._key(f"{field}.category", category), None),
            at=point_of(f"{field}.position", seat.position, origin),
            accessible=text_of(seat.wheelchair).lower() in {"true", "1", "yes"},
            radius=length_of(f"{field}.radius", seat.radius),
            start_direction=_start_direction(seat.start_direction),
        )

    def _key(self, field: str, name: str) -> str:
        key = self._keys[name] = self.categories.key_of(field, name, self._colors.get(name))
        return key


def _label_at(given: Loose) -> Literal["start", "end", "both", "none"]:
    """Return where a row's label is; some programs write left and right."""
    match text_of(given).lower():
        case "start" | "left":
            return "start"
        case "end" | "right":
            return "end"
        case "both":
            return "both"
    return "none"


def _start_direction(given: Loose) -> Literal["<", ">", "<>"] | None:
    match given:
        case "<":
            return "<"
        case ">":
            return ">"
        case "<>":
            return "<>"
    return None
