"""The hall builder: sections by form, imports and exports, and what is wrong with them."""

import json

import pytest

from web.organiser.desk import field, new_event, said, with_hall

ROWS = {"kind": "rows", "name": "Balcony", "category": "standard", "rows": "3", "seats": "10", "growth": "0",
        "curve": "5", "labels": "letters", "first_label": "A", "numbering": "", "x": "0", "y": "500",
        "pitch": "20", "spacing": "26"}  # fmt: skip
AREA = {"kind": "area", "name": "Floor", "category": "standard", "capacity": "50", "x": "0", "y": "700",
        "width": "200", "depth": "80"}  # fmt: skip


async def _layout(desk, path) -> dict:
    return (await desk.get(f"{path.replace('/organise', '')}/map/layout")).json()


@pytest.mark.parametrize(("section", "seats"), [(ROWS, 264), (AREA, 284)])
async def test_a_section_is_added(desk, section, seats):
    path = await with_hall(desk)
    hall = await desk.follow(await desk.send(f"{path}/hall/sections/new", section))
    assert "The section is saved." in said(hall)
    assert f"{seats} places" in said(hall)
    assert (await _layout(desk, path))["seats"] == seats


async def test_the_first_section_brings_its_category(desk):
    path = await new_event(desk)
    page = await desk.get(f"{path}/hall/sections/new")
    hall = await desk.follow(await desk.send(f"{path}/hall/sections/new", ROWS | {"edition": field(page, "edition")}))
    assert "30 places" in said(hall)
    assert field(await desk.get(f"{path}/categories"), "price") == "0"


async def test_a_section_is_shown_as_it_was_filled_in_and_changed(desk):
    path = await with_hall(desk)
    await desk.send(f"{path}/hall/sections/new", ROWS | {"missing": "A1, B2..3"})
    page = await desk.get(f"{path}/hall/sections/balcony")
    assert [field(page, name) for name in ("rows", "seats", "curve", "y")] == ["3", "10", "5", "500"]
    assert "A-1, B-2, B-3" in page.text
    changed = ROWS | {"rows": "4", "key": "balcony", "edition": field(page, "edition")}
    assert "274 places" in said(await desk.follow(await desk.send(f"{path}/hall/sections/balcony", changed)))


WRONG_SECTIONS = [
    ({"name": ""}, "is missing"),
    ({"category": ""}, "is missing"),
    ({"rows": "0"}, "must be 1 to"),
    ({"seats": "many"}, "must be a whole number"),
    ({"curve": "90"}, "must be 0 to"),
    ({"x": "nan"}, "is out of range"),
    ({"numbering": "odd", "first_number": "2"}, "does not fit the first number"),
    ({"missing": "Z1"}, "which this section does not have"),
    ({"missing": "A99"}, "names a seat that its row does not have"),
    ({"category": "gold"}, "none of this event's categories"),
    ({"name": " \u200b"}, "invisible"),
    ({"rows": "20000", "seats": "100"}, "at most 100000"),
]


async def test_a_section_that_cannot_be_is_explained_and_nothing_typed_is_lost(desk):
    path = await with_hall(desk)
    for wrong, told in WRONG_SECTIONS:
        page = await desk.send(f"{path}/hall/sections/new", ROWS | wrong)
        assert page.status_code == 400, wrong
        assert told in said(page), wrong
        assert field(page, "y") == "500"
    assert "234 places" in said(await desk.get(f"{path}/hall"))


async def test_two_who_build_at_the_same_time_do_not_overwrite_each_other(desk):
    path = await with_hall(desk)
    edition = field(await desk.get(f"{path}/hall/sections/new"), "edition")
    await desk.send(f"{path}/hall/sections/new", ROWS | {"edition": edition})
    late = await desk.send(f"{path}/hall/sections/new", AREA | {"edition": edition})
    assert late.status_code == 400
    assert "Somebody else has changed this" in said(late)
    again = await desk.send(f"{path}/hall/sections/new", AREA | {"edition": field(late, "edition")})
    assert "314 places" in said(await desk.follow(again))


async def test_a_section_is_removed_after_being_asked_and_the_last_one_stays(desk):
    path = await with_hall(desk)
    await desk.send(f"{path}/hall/sections/new", ROWS)
    asked = said(await desk.get(f"{path}/hall/sections/balcony/remove"))
    assert "Remove “Balcony”?" in asked
    assert "30 places" in asked
    assert "234 places" in said(await desk.follow(await desk.send(f"{path}/hall/sections/balcony/remove")))
    assert "is the only section" in said(await desk.get(f"{path}/hall/sections/stalls/remove"))
    assert (await desk.send(f"{path}/hall/sections/stalls/remove")).status_code == 409


async def test_a_hall_in_use_only_grows(desk, api):
    path = await with_hall(desk)
    await desk.send(f"{path}/publish", {"published": "yes"})
    await desk.send(f"{path}/hall/sections/new", ROWS)
    event_id = path.rsplit("/", 1)[1]
    seats = (await api.get(f"/events/{event_id}/seats")).json()
    await api.reserve(event_id, [seats[0]["id"]], user="ann")
    removed = await desk.send(f"{path}/hall/sections/balcony/remove")
    assert removed.status_code == 409
    assert "This would remove 30 seats" in said(removed)
    assert "314 places" in said(await desk.follow(await desk.send(f"{path}/hall/sections/new", AREA)))


async def test_what_a_form_would_store_is_shown_before(desk):
    path = await with_hall(desk)
    shown = (await desk.send(f"{path}/hall/preview", ROWS | {"name": ""})).json()
    assert shown["seats"] == 264
    assert shown["layout"]["format"] == "holdfast-layout/1"
    assert [section["name"] for section in shown["layout"]["sections"]] == ["Stalls", "?"]
    wrong = (await desk.send(f"{path}/hall/preview", ROWS | {"rows": "0"})).json()
    assert wrong == {"faults": {"rows": "Number of rows: must be 1 to 20000"}}
    assert (await _layout(desk, path))["seats"] == 234


CSV = "section,row,number,category,price\nStalls,A,1,Gold,9000\nStalls,A,2,Gold,9000\n"
PRETIX = {
    "name": "Small",
    "categories": [{"name": "Gold", "color": "#aa8800"}],
    "size": {"width": 200, "height": 100},
    "zones": [
        {
            "name": "Stalls",
            "position": {"x": 0, "y": 0},
            "rows": [
                {
                    "row_number": "A",
                    "position": {"x": 10, "y": 10},
                    "seats": [
                        {"seat_guid": f"A-{n}", "seat_number": str(n), "category": "Gold",
                         "position": {"x": 20 * n, "y": 0}}
                        for n in (1, 2, 3)
                    ],
                }
            ],
            "areas": [],
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "document", "prices", "places"),
    [("csv", CSV, "", 2), ("pretix", json.dumps(PRETIX), "Gold = 9,000", 3)],
)
async def test_a_hall_is_imported(desk, kind, document, prices, places):
    path = await new_event(desk)
    fields = {"format": kind, "document": document, "prices": prices}
    hall = await desk.follow(await desk.send(f"{path}/hall/import", fields))
    assert f"{places} places" in said(hall)
    assert field(await desk.get(f"{path}/categories"), "price") == "9000"


async def test_a_hall_is_imported_as_a_file_and_exported_again(desk):
    path = await with_hall(desk, "concert-hall")
    exported = await desk.get(f"{path}/hall/file?format=holdfast")
    assert 'filename="holdfast-hall.json"' in exported.headers["content-disposition"]
    files = {"file": ("hall.json", exported.content, "application/json")}
    imported = await desk.send(f"{path}/hall/import", {"format": "holdfast"}, files=files)
    assert "the hall was the same already" in said(await desk.follow(imported))
    assert (await desk.get(f"{path}/hall/file?format=holdfast")).content == exported.content


WRONG_FILES = [
    ({"format": "csv", "document": ""}, "is missing"),
    ({"format": "csv", "document": "section,row\nA,1\n"}, "number"),
    ({"format": "csv", "document": CSV.replace("9000", "much", 1)}, "line 2, column price"),
    ({"format": "pretix", "document": "{"}, "body"),
    ({"format": "pretix", "document": json.dumps(PRETIX)}, "must say what the category 'Gold' costs"),
    ({"format": "pretix", "document": json.dumps(PRETIX), "prices": "Gold 9000"}, "line 1: must be a category"),
    ({"format": "pretix", "document": json.dumps(PRETIX), "prices": "Gold = x"}, "line 1: must be a price"),
    ({"format": "holdfast", "document": '{"format": "holdfast-hall/1"}'}, "sections"),
    ({"format": "seats.io", "document": "x"}, "must be holdfast, pretix or csv"),
]


async def test_an_import_that_fails_names_the_place_and_keeps_what_was_pasted(desk):
    path = await with_hall(desk)
    for fields, told in WRONG_FILES:
        page = await desk.send(f"{path}/hall/import", fields)
        assert page.status_code == 400, fields
        assert told in said(page), fields
        files = {"file": ("plan", fields["document"].encode() or b" ", "text/plain")}
        uploaded = await desk.send(f"{path}/hall/import", {**fields, "document": ""}, files=files)
        assert uploaded.status_code == 400, fields
        if fields["document"]:
            assert fields["document"].splitlines()[0] in said(page)
            assert fields["document"].splitlines()[0] in said(uploaded)
    assert "234 places" in said(await desk.get(f"{path}/hall"))
