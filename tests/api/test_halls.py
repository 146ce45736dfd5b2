"""Halls over HTTP: put, grown section by section, read, and refused."""

import asyncio
import json

import pytest

from api.serving import refused
from box_office import assert_promises_hold, sql
from builders import a_category, a_hall, a_row, a_section, an_area

CATEGORIES = [a_category("std", price=9000), a_category("low", price=6000)]
WHEELS = [
    {"seats": ["1"], "accessible": True},
    {"seats": ["2"], "companion_of": "1"},
    {"seats": ["3"], "restricted_view": True, "category": "low"},
    {"seats": ["4"], "missing": True},
]


@pytest.fixture
async def event_id(api):
    event_id, _ = await api.event_on_sale(seats=0)
    await api.put(f"/events/{event_id}/categories", CATEGORIES)
    return event_id


async def seats_of(api, event_id) -> dict[str, dict]:
    return {seat["seat_number"]: seat for seat in (await api.get(f"/events/{event_id}/seats")).json()}


async def put(api, event_id, hall, **query) -> dict:
    stored = await api.call("PUT", f"/events/{event_id}/hall", hall, params=query)
    assert stored.status_code == 200, stored.text
    return stored.json()


async def test_a_hall_makes_its_seats(api, event_id, database_url):
    hall = a_hall(a_section("stalls", a_row(count=5, exceptions=WHEELS)), an_area(capacity=3, category="low"))
    stored = await put(api, event_id, hall)
    assert stored == {"event_id": event_id, "seats": 7, "added": 7, "removed": 0, "chart_version": 9}
    seats = await seats_of(api, event_id)
    assert [
        (number, seat["section"], seat.get("row"), seat["category"], seat["price"]) for number, seat in seats.items()
    ] == [
        ("floor-1", "Floor", None, "low", 6000),
        ("floor-2", "Floor", None, "low", 6000),
        ("floor-3", "Floor", None, "low", 6000),
        ("stalls-A-1", "Stalls", "A", "std", 9000),
        ("stalls-A-2", "Stalls", "A", "std", 9000),
        ("stalls-A-3", "Stalls", "A", "low", 6000),
        ("stalls-A-5", "Stalls", "A", "std", 9000),
    ]
    chart = (await api.get(f"/events/{event_id}/seat-map")).json()
    assert chart["seat_numbers"] == [
        "stalls-A-1",
        "stalls-A-2",
        "stalls-A-3",
        "stalls-A-5",
        *(f"floor-{n}" for n in (1, 2, 3)),
    ]
    rows = await sql(database_url, "SELECT * FROM seats ORDER BY position")
    assert [row["position"] for row in rows] == list(range(7))
    assert [row["area"] for row in rows] == [False] * 4 + [True] * 3
    assert [row["accessible"] for row in rows] == [True] + [False] * 6
    assert [row["companion_of"] for row in rows] == [None, rows[0]["id"]] + [None] * 5
    assert [row["restricted_view"] for row in rows] == [False, False, True] + [False] * 4
    assert [(row["x"], row["y"], row["section_key"]) for row in rows[:4]] == [
        (0, 0, "stalls"),
        (25, 0, "stalls"),
        (50, 0, "stalls"),
        (100, 0, "stalls"),
    ]
    await assert_promises_hold(database_url)


async def test_a_hall_is_given_back_as_it_was_put(api, event_id):
    hall = a_hall(a_section("stalls", a_row(count=5, exceptions=WHEELS)), an_area(), name="Town hall")
    refused(await api.get(f"/events/{event_id}/hall"), 404, "hall_not_found")
    await put(api, event_id, hall)
    found = await api.get(f"/events/{event_id}/hall")
    assert found.json() == hall
    again = await api.get(f"/events/{event_id}/hall", headers={"If-None-Match": found.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("wanted", ["holdfast", "pretix", "csv"])
async def test_what_was_imported_is_exported_alike(api, event_id, wanted):
    await put(api, event_id, a_hall(a_section("stalls", a_row("A"), a_row("B", start=[0, 30], end=[100, 30]))))
    before = await seats_of(api, event_id)
    exported = await api.get(f"/events/{event_id}/hall", params={"format": wanted})
    assert exported.status_code == 200, exported.text
    assert exported.headers["content-type"].startswith("text/csv" if wanted == "csv" else "application/json")
    other, _ = await api.event_on_sale(seats=0)
    await api.put(f"/events/{other}/categories", CATEGORIES)
    prices = {} if wanted == "holdfast" else {"prices": json.dumps({"Std": 9000})}
    imported = await api.http.put(
        f"/api/v1/events/{other}/hall", params={"format": wanted, **prices}, content=exported.content
    )
    assert imported.status_code == 200, imported.text
    after = await seats_of(api, other)
    kept = ("section", "row", "price", "category")
    assert {number: [seat.get(name) for name in kept] for number, seat in after.items()} == {
        number: [seat.get(name) for name in kept] for number, seat in before.items()
    }
    again = await api.get(f"/events/{other}/hall", params={"format": wanted})
    assert again.content == exported.content


async def test_seats_that_stay_keep_their_ids(api, event_id, database_url):
    await put(api, event_id, a_hall(a_section("stalls", a_row("A", 3)), a_section("circle")))
    before = await seats_of(api, event_id)
    version = (await api.get(f"/events/{event_id}/availability")).json()["chart_version"]
    changed = a_hall(
        a_section("gallery"),
        a_section("stalls", a_row("A", 4, start=[0, 50], end=[90, 50], category="low"), name="Parkett"),
    )
    stored = await put(api, event_id, changed)
    assert (stored["seats"], stored["added"], stored["removed"]) == (8, 5, 4)
    assert stored["chart_version"] > version
    after = await seats_of(api, event_id)
    assert {n: after[n]["id"] for n in ("stalls-A-1", "stalls-A-3")} == {
        n: before[n]["id"] for n in ("stalls-A-1", "stalls-A-3")
    }
    assert (after["stalls-A-1"]["section"], after["stalls-A-1"]["price"]) == ("Parkett", 6000)
    chart = (await api.get(f"/events/{event_id}/seat-map")).json()
    assert chart["ids"][:1] == [after["gallery-A-1"]["id"]]
    assert set(chart["ids"]) == {seat["id"] for seat in after.values()}
    await assert_promises_hold(database_url)


async def test_seats_added_without_a_document_stay_if_it_names_them(api, event_id):
    added = await api.post(f"/events/{event_id}/seats", {"seat_number": "stalls-A-1", "price": 1})
    gone = await api.post(f"/events/{event_id}/seats", {"seat_number": "Z", "price": 1})
    stored = await put(api, event_id, a_hall())
    assert (stored["seats"], stored["added"], stored["removed"]) == (4, 3, 1)
    seat = (await api.get(f"/seats/{added.json()['id']}")).json()
    assert (seat["section"], seat["price"], seat["category"]) == ("Stalls", 9000, "std")
    refused(await api.get(f"/seats/{gone.json()['id']}"), 404, "seat_not_found")


async def test_once_a_seat_was_held_a_hall_only_grows(api, event_id, database_url):
    await put(api, event_id, a_hall())
    seats = await seats_of(api, event_id)
    held = await api.reserve(event_id, [seats["stalls-A-1"]["id"]])
    await api.cancel(held.json()["id"])
    for other, removed, changed in (
        (a_hall(a_section("circle")), 4, 0),
        (a_hall(a_section("stalls", a_row(count=3, end=[75, 0]))), 1, 2),
        (a_hall(a_section(name="Parkett")), 0, 4),
        (a_hall(a_section(category="low")), 0, 4),
        (a_hall(a_section("stalls", a_row(start=[0, 1]))), 0, 4),
    ):
        problem = refused(await api.put(f"/events/{event_id}/hall", other), 409, "hall_in_use")
        assert problem["removed"] == removed
        assert (problem["changed"] > 0) == (changed > 0), problem
    assert await seats_of(api, event_id) == seats
    version = (await api.get(f"/events/{event_id}/seats")).headers["event-version"]
    same = await api.put(f"/events/{event_id}/hall", a_hall())
    assert (same.status_code, same.json()["added"], same.headers["event-version"]) == (200, 0, version)
    grown = await put(api, event_id, a_hall(a_section("new"), a_section(), an_area()))
    assert (grown["seats"], grown["added"], grown["removed"]) == (18, 14, 0)
    assert (await seats_of(api, event_id)).items() >= seats.items()
    chart = (await api.get(f"/events/{event_id}/seat-map")).json()
    assert chart["seat_numbers"][:4] == [f"stalls-A-{n}" for n in (1, 2, 3, 4)]
    await assert_promises_hold(database_url)


async def test_a_companion_can_be_added_to_a_hall_in_use(api, event_id, database_url):
    await put(api, event_id, a_hall(a_section("stalls", a_row(count=1, exceptions=WHEELS[:1]))))
    seats = await seats_of(api, event_id)
    await api.reserve(event_id, [seats["stalls-A-1"]["id"]])
    beside = a_row("B", 1, exceptions=[{"seats": ["1"], "companion_of": "stalls-A-1"}])
    await put(api, event_id, a_hall(a_section("stalls", a_row(count=1, exceptions=WHEELS[:1]), beside)))
    rows = await sql(database_url, "SELECT companion_of FROM seats WHERE seat_number = 'stalls-B-1'")
    assert str(rows[0]["companion_of"]) == seats["stalls-A-1"]["id"]


async def test_sections_are_added_one_by_one(api, event_id, database_url):
    first = await api.post(f"/events/{event_id}/hall/sections", a_section())
    assert (first.status_code, first.json()["seats"]) == (201, 4), first.text
    seats = await seats_of(api, event_id)
    await api.reserve(event_id, [seats["stalls-A-1"]["id"]])
    second = await api.post(f"/events/{event_id}/hall/sections", an_area())
    assert (second.status_code, second.json()["seats"], second.json()["added"]) == (201, 14, 10)
    assert second.json()["chart_version"] > first.json()["chart_version"]
    assert (await api.get(f"/events/{event_id}/hall")).json() == a_hall(a_section(), an_area())
    problem = refused(await api.post(f"/events/{event_id}/hall/sections", an_area()), 400, "invalid_request")
    assert "key" in problem["field"]
    problem = refused(
        await api.post(f"/events/{event_id}/hall/sections", an_area("x", category="none")), 400, "invalid_request"
    )
    assert problem["field"] == "category"
    await api.post(f"/events/{event_id}/seats", {"seat_number": "box-1", "price": 1})
    taken = refused(await api.post(f"/events/{event_id}/hall/sections", an_area("box")), 409, "seat_number_taken")
    assert taken["seat_numbers"] == ["box-1"]
    refused(
        await api.post(f"/events/{event_id}/hall/sections", an_area("big", capacity=100)), 409, "seats_exceed_total"
    )
    await assert_promises_hold(database_url)


async def test_a_hall_larger_than_the_event_is_refused(api, event_id):
    problem = refused(
        await api.put(f"/events/{event_id}/hall", a_hall(an_area(capacity=101))), 409, "seats_exceed_total"
    )
    assert (problem["seats"], problem["total_seats"]) == (101, 100)
    assert await seats_of(api, event_id) == {}


@pytest.mark.parametrize(
    ("hall", "query", "field"),
    [
        (a_hall(a_section("stalls", a_row(), a_row("B", count=0))), {}, "sections[0].rows[1].count"),
        (a_hall(a_section(category="none")), {}, "sections[0].category"),
        (a_hall(a_section("a" * 29, a_row("x" * 40))), {}, "sections[0].rows[0]"),
        (a_hall(a_section("stalls", a_row(), a_row())), {}, "sections[0].rows[1]"),
        (a_hall(an_area(capacity=100_001)), {}, "sections[0].capacity"),
        ({"format": "holdfast-hall/2"}, {}, "format"),
        ([], {}, "body"),
        (a_hall(), {"format": "svg"}, "format"),
        (a_hall(), {"prices": '{"Std": 1}'}, "prices"),
        ({}, {"format": "pretix", "prices": "[]"}, "prices"),
        ({}, {"format": "pretix", "prices": '{"Std": -1}'}, "prices"),
    ],
)
async def test_a_bad_hall_is_refused_with_its_place(api, event_id, hall, query, field):
    answer = await api.call("PUT", f"/events/{event_id}/hall", hall, params=query)
    assert refused(answer, 400, "invalid_request")["field"] == field
    assert await seats_of(api, event_id) == {}


async def test_categories_that_a_seating_plan_names_are_made(api):
    event_id, _ = await api.event_on_sale(seats=0)
    await api.put(f"/events/{event_id}/categories", [a_category("low", name="Low", price=6000)])
    await put(api, event_id, a_hall(a_section(category="low")))
    plan = (await api.get(f"/events/{event_id}/hall?format=pretix")).json()
    plan["categories"][0]["name"] = "Parkett"
    for zone in plan["zones"]:
        for row in zone["rows"]:
            for seat in row["seats"]:
                seat["category"] = "Parkett"
    stored = await put(api, event_id, plan, format="pretix", prices='{"Parkett": 4200}')
    assert stored["seats"] == 4
    categories = (await api.get(f"/events/{event_id}/categories")).json()
    assert [(one["name"], one["price"]) for one in categories] == [("Low", 6000), ("Parkett", 4200)]
    assert {seat["price"] for seat in (await seats_of(api, event_id)).values()} == {4200}


async def test_everything_that_is_kept_follows_a_new_hall(api, event_id):
    await put(api, event_id, a_hall(an_area(capacity=8)))
    paths = ("seats", "seats?available=true", "seat-map", "availability", "seats/available/count")
    tags = {}
    for path in paths:
        tags[path] = (await api.get(f"/events/{event_id}/{path}")).headers["etag"]
    async with api.http.stream("GET", f"/api/v1/events/{event_id}/changes") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: hello"
        await put(api, event_id, a_hall(a_section("stalls", a_row(count=8))))
        async with asyncio.timeout(5):
            while await anext(lines) != "event: reload":
                pass
    for path in paths:
        fresh = await api.get(f"/events/{event_id}/{path}", headers={"If-None-Match": tags[path]})
        assert fresh.status_code == 200, path
    assert "stalls-A-8" in await seats_of(api, event_id)


async def test_the_hall_of_an_event_that_does_not_exist(api):
    refused(await api.put("/events/00000000-0000-0000-0000-000000000000/hall", a_hall()), 404, "event_not_found")
    refused(await api.get("/events/00000000-0000-0000-0000-000000000000/hall"), 404, "event_not_found")
