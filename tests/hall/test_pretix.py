"""Seating plans of pretix: both generations, what other programs make of them, and the way back."""

import copy
import json
from math import isclose
from pathlib import Path

import pytest
from hypothesis import given, settings

from hall.halls import halls
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.formats import HallFormat, document_of, hall_from
from holdfast.domain.hall.imported import Imported, at_once
from holdfast.domain.hall.pretix.colors import color_from
from holdfast.domain.hall.reading import read_hall, write_hall
from holdfast.domain.hall.seats import seats_of
from holdfast.domain.hall.sections import sections_of
from holdfast.domain.refusal import InvalidValue

PLANS = Path(__file__).parent / "plans"
OLDER, NEWER = (json.loads((PLANS / f"{name}.json").read_text()) for name in ("older", "newer"))
PRICES = {"Parkett": 3000, "Empore": 2000, "Premium": 9000, "Standard": 5000}


def imported(plan: object, prices: dict[str, int] | None = None, known=()) -> Imported:
    raw = plan if isinstance(plan, bytes) else json.dumps(plan).encode()
    if prices is None:
        named = json.dumps(plan) if not isinstance(plan, bytes) else raw.decode()
        prices = {name: price for name, price in PRICES.items() if f'"{name}"' in named}
    return at_once(hall_from(raw, HallFormat.PRETIX, known=known, prices=prices))


def exported(found: Imported) -> dict:
    return json.loads(at_once(document_of(found.hall, HallFormat.PRETIX, categories=found.categories)))


def meaning(plan: dict) -> dict:
    """Return what a plan says whichever way it says it: everything where it is on the plan."""
    seats, areas = [], []
    for zone in plan["zones"]:
        zx, zy = zone["position"]["x"], zone["position"]["y"]
        for row in zone["rows"]:
            origin = row.get("position") or {"x": 0, "y": 0}
            rest = [row["row_number"], row.get("row_label"), row.get("seat_label"), row.get("row_number_position")]
            for seat in row["seats"]:
                at = (zx + origin["x"] + seat["position"]["x"], zy + origin["y"] + seat["position"]["y"])
                own = [seat["seat_guid"], seat["seat_number"], seat["category"], seat.get("start_direction")]
                at = tuple(round(each, 2) for each in at)
                seats.append((zone.get("name") or "", *rest, *own, seat.get("radius", 10), at))
        for area in zone.get("areas", []):
            at = (zx + area["position"]["x"], zy + area["position"]["y"])
            text = area.get("text") or ""
            words = text if isinstance(text, str) else text["text"]
            kind = area.get("shape", "rectangle")
            drawn = area.get(kind, {"width": area.get("width"), "height": area.get("height")})
            areas.append((kind, at, area.get("rotation", 0), drawn if words == "" or kind != "text" else words, words))
    return {
        "name": plan["name"],
        "seats": seats,
        "areas": sorted(areas, key=repr),
        "categories": [(one["name"], color_from(one["color"])) for one in plan["categories"]],
    }


@pytest.mark.parametrize("plan", [OLDER, NEWER], ids=["older", "newer"])
def test_a_plan_is_exported_as_it_was_imported(plan):
    found = imported(plan)
    assert meaning(exported(found)) == meaning(plan)
    again = imported(exported(found), known=found.categories)
    assert again.categories == found.categories
    assert [each.seat_numbers for each in seats_of(again.hall)] == [each.seat_numbers for each in seats_of(found.hall)]


def test_seats_keep_their_guid_place_and_category():
    found = imported(NEWER)
    (seats,) = seats_of(found.hall)
    assert seats.seat_numbers[:4] == ["gf-1-7", "gf-1-5", "gf-1-3", "gf-1-1"]
    assert seats.numbers[:4] == ["7", "5", "3", "1"]
    assert (seats.xs[1], seats.ys[1]) == (50.5 + 24.25, 80.5)
    assert seats.rows == ["1"] * 4 + ["2"] * 6
    assert set(seats.sections) == {"Ground floor"}
    assert seats.categories == ["premium"] * 4 + ["standard"] * 2 + ["premium"] * 2 + ["standard"] * 2
    assert found.categories == [
        CategoryDetails("premium", "Premium", "#cc0000", 9000),
        CategoryDetails("standard", "Standard", "#005ac8", 5000),
    ]


def test_a_stage_is_known_by_its_text():
    (section,) = sections_of(imported(NEWER).hall)
    assert section.focal is not None
    assert section.focal[1] < 80
    assert sections_of(imported(OLDER).hall)[0].focal == (110, 30)


def test_a_category_that_the_event_has_is_taken_by_its_name_and_keeps_its_price():
    known = [CategoryDetails("p", "Premium", "#000000", 1), CategoryDetails("other", "Other", "#111111", 2)]
    found = imported(NEWER, {"Standard": 5}, known)
    assert [(one.key, one.price) for one in found.categories] == [("p", 1), ("other", 2), ("standard", 5)]


def without(plan: dict, *path) -> dict:
    plan = copy.deepcopy(plan)
    part = plan
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return plan


def changed(plan: dict, value: object, *path) -> dict:
    plan = copy.deepcopy(plan)
    part = plan
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return plan


ROW = ("zones", 0, "rows", 0)
SEAT = (*ROW, "seats", 0)


@pytest.mark.parametrize(
    ("plan", "seat_number"),
    [
        (without(NEWER, "size"), "gf-1-7"),
        (without(NEWER, "zones", 0, "areas"), "gf-1-7"),
        (without(NEWER, "zones", 0, "position"), "gf-1-7"),
        (without(NEWER, *ROW, "position"), "gf-1-7"),
        (changed(NEWER, None, "zones", 0, "areas"), "gf-1-7"),
        (changed(NEWER, 1, *ROW, "row_number"), "gf-1-7"),
        (changed(NEWER, "left", *ROW, "row_number_position"), "gf-1-7"),
        (changed(NEWER, "right", *ROW, "row_number_position"), "gf-1-7"),
        (changed(NEWER, 7, *SEAT, "seat_number"), "gf-1-7"),
        (changed(NEWER, 42, *SEAT, "seat_guid"), "42"),
        (changed(NEWER, 42.0, *SEAT, "seat_guid"), "42"),
        (without(NEWER, *SEAT, "seat_guid"), "gf-1-7"),
        (changed(NEWER, "", *SEAT, "seat_guid"), "gf-1-7"),
        (changed(NEWER, {"x": "3.5", "y": ""}, *SEAT, "position"), "gf-1-7"),
        (changed(NEWER, "10", *SEAT, "radius"), "gf-1-7"),
        (changed(NEWER, 10.5, *SEAT, "radius"), "gf-1-7"),
        (changed(NEWER, True, *SEAT, "wheelchair"), "gf-1-7"),
        (changed(NEWER, {"anything": [1, {"else": None}]}, *SEAT, "x_units"), "gf-1-7"),
        (changed(NEWER, [], *ROW, "seats"), NEWER["zones"][0]["rows"][1]["seats"][0]["seat_guid"]),
        ({"id": 3, "name": "Opera", "layout": NEWER}, "gf-1-7"),
        ({"id": 3, "name": "Opera", "layout": json.dumps(NEWER)}, "gf-1-7"),
        (b"\xef\xbb\xbf" + json.dumps(NEWER).encode(), "gf-1-7"),
    ],
)
def test_what_other_programs_write_is_read(plan, seat_number):
    (seats,) = seats_of(imported(plan, {"Premium": 1, "Standard": 2}).hall)
    assert seats.seat_numbers[0] == seat_number


def test_seats_without_a_category_get_one_and_lose_it_on_the_way_back():
    plan = changed(NEWER, "", *SEAT, "category")
    plan["zones"][0]["rows"][1]["seats"][0]["category"] = None
    found = imported(plan, {"Premium": 1, "Standard": 2, "Uncategorised": 3})
    assert [one.name for one in found.categories] == ["Premium", "Standard", "Uncategorised"]
    back = exported(found)["zones"]
    assert [zone["rows"][0]["seats"][0]["category"] for zone in back if zone["rows"]] == [""]


def test_a_category_that_the_plan_does_not_list_is_made():
    found = imported(changed(NEWER, "Loge", *SEAT, "category"), {"Premium": 1, "Standard": 2, "Loge": 3})
    assert [(one.key, one.price) for one in found.categories] == [("premium", 1), ("standard", 2), ("loge", 3)]


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        ({"name": "x"}, "zones"),
        ({"zones": []}, "zones"),
        (changed(NEWER, "x", "zones"), "zones"),
        (without(NEWER, *SEAT, "position"), "zones[0].rows[0].seats[0].position"),
        (changed(NEWER, {"x": "left", "y": 0}, *SEAT, "position"), "zones[0].rows[0].seats[0].position.x"),
        (changed(NEWER, {"x": 1e300, "y": 0}, *SEAT, "position"), "zones[0].rows[0].seats[0].position.x"),
        (changed(NEWER, [], *SEAT, "position"), "zones[0].rows[0].seats[0].position"),
        (changed(NEWER, "gf-1-5", *SEAT, "seat_guid"), "zones[0].rows[0].seats[1].seat_guid"),
        (changed(NEWER, "x" * 51, *SEAT, "seat_guid"), "zones[0].rows[0].seats[0].seat_guid"),
        (changed(NEWER, "a\u200bb", *SEAT, "seat_guid"), "zones[0].rows[0].seats[0].seat_guid"),
        (changed(NEWER, "x" * 101, *SEAT, "category"), "zones[0].rows[0].seats[0].category"),
        (changed(NEWER, "x" * 51, "zones", 0, "name"), "zones[0].name"),
        (changed(NEWER, -1, *SEAT, "radius"), "zones[0].rows[0].seats[0].radius"),
        (changed(NEWER, "steep", "zones", 0, "areas", 0, "rotation"), "zones[0].areas[0].rotation"),
    ],
)
def test_an_error_names_the_place_in_the_plan(plan, field):
    with pytest.raises(InvalidValue) as refused:
        imported(plan, {"Premium": 1, "Standard": 2, "x" * 101: 3})
    assert refused.value.data["field"] == field


@pytest.mark.parametrize("prices", [{}, {"Premium": 1}, {"Premium": 1, "Standard": 2, "Premum": 3}])
def test_prices_must_be_those_of_the_plan(prices):
    with pytest.raises(InvalidValue) as refused:
        imported(NEWER, prices)
    assert refused.value.data["field"] == "prices"


@settings(max_examples=40)
@given(halls())
def test_any_hall_becomes_a_plan_that_is_read_alike(hall):
    """What a plan cannot express is lost the first time, and nothing is the second time."""
    known = [CategoryDetails(key, key.title(), "#123456", 100) for key in ("std", "low", "vip")]
    first = json.loads(at_once(document_of(hall, HallFormat.PRETIX, categories=known)))
    found = imported(first, {}, known)
    assert read_hall(write_hall(found.hall)) == found.hall
    assert meaning(exported(found)) == meaning(first)
    before, after = (next(seats_of(each, slice_seats=10**6)) for each in (hall, found.hall))
    placed = [at for at in range(len(before)) if not before.areas[at]]
    assert after.seat_numbers == [before.seat_numbers[at] for at in placed]
    assert after.categories == [before.categories[at] or "uncategorised" for at in placed]
    assert all(isclose(after.xs[to], before.xs[at], abs_tol=0.01) for to, at in enumerate(placed))
