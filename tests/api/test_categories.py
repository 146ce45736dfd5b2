"""Price categories: what a seat costs, wherever it is shown, and when the price is agreed."""

import pytest

from api.serving import refused
from box_office import assert_promises_hold, sql
from builders import a_category

STALLS = a_category("std", name="Stalls", price=9000)
LOW = a_category("low", name="Reduced", color="#8bc34a", price=6000)


@pytest.fixture
async def sale(api, database_url):
    """An event with three seats. The first two have a category and no price of their own."""
    event_id, seats = await api.event_on_sale(seats=3)
    stored = await api.put(f"/events/{event_id}/categories", [STALLS, LOW])
    assert (stored.status_code, stored.json()) == (200, [STALLS, LOW]), stored.text
    for seat_id, number in zip(seats[:2], (1, 2), strict=True):
        await sql(database_url, f"UPDATE seats SET category = {number}, price = NULL WHERE id = '{seat_id}'")
    return event_id, seats


async def test_the_price_of_the_category_is_shown_everywhere(api, sale):
    event_id, seats = sale

    async def shown() -> list:
        listed = (await api.get(f"/events/{event_id}/seats")).json()
        free = (await api.get(f"/events/{event_id}/seats?available=true")).json()
        chart = (await api.get(f"/events/{event_id}/seat-map")).json()
        single = [(await api.get(f"/seats/{seat_id}")).json() for seat_id in seats]
        assert listed == free == single
        assert chart["prices"] == [seat["price"] for seat in listed]
        assert chart["categories"] == [seat.get("category") for seat in listed]
        return [(seat["price"], seat.get("category")) for seat in listed]

    assert await shown() == [(9000, "std"), (6000, "low"), (5000, None)]
    await api.put(f"/events/{event_id}/categories", [STALLS | {"price": 9500}, LOW])
    assert await shown() == [(9500, "std"), (6000, "low"), (5000, None)]
    added = await api.post(f"/events/{event_id}/seats", {"seat_number": "A-0", "price": 1})
    assert added.status_code == 201
    seats.insert(0, added.json()["id"])
    listed = (await api.get(f"/events/{event_id}/seats")).json()
    assert [(seat["price"], seat.get("category")) for seat in listed] == [
        (1, None),
        (9500, "std"),
        (6000, "low"),
        (5000, None),
    ]


async def test_a_hold_costs_what_the_category_cost_when_it_was_made(api, sale, database_url):
    event_id, seats = sale
    held = (await api.reserve(event_id, seats[:1])).json()
    await api.put(f"/events/{event_id}/categories", [STALLS | {"price": 1}, LOW | {"price": 2}])
    later = (await api.reserve(event_id, seats[1:], user="bob")).json()
    assert (held["total_amount"], later["total_amount"]) == (9000, 2 + 5000)
    sold = (await api.confirm(held["id"])).json()
    assert (sold["total_amount"], sold["prices"]) == (9000, [9000])
    await assert_promises_hold(database_url)


async def test_new_prices_change_what_may_be_cached_but_not_the_version_of_the_chart(api, sale):
    event_id, seats = sale
    paths = [f"/events/{event_id}/{name}" for name in ("seats", "seats?available=true", "seat-map", "categories")]
    before = {path: (await api.get(path)).headers["etag"] for path in paths}
    chart_version = (await api.get(paths[2])).json()["chart_version"]
    assert chart_version == 4, "three seats, and categories were put"
    named = f"{paths[2]}?chart_version={chart_version}"
    lasting = await api.get(named)
    assert lasting.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (lasting.json()["prices"], lasting.json()["categories"]) == ([None, None, 5000], ["std", "low", None])

    await api.put(f"/events/{event_id}/categories", [STALLS | {"price": 9500}, LOW])
    for path, tag in before.items():
        again = await api.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.headers["etag"] != tag) == (200, True), path
    assert (await api.get(named)).json() == lasting.json()
    unchanged = await api.get(named, headers={"If-None-Match": lasting.headers["etag"]})
    assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, lasting.headers["cache-control"])
    bare = await api.get(paths[2], headers={"If-None-Match": lasting.headers["etag"]})
    assert (bare.status_code, bare.json()["prices"]) == (200, [9500, 6000, 5000])
    known = await api.get(paths[2], headers={"If-None-Match": bare.headers["etag"]})
    assert known.status_code == 304
    await api.reserve(event_id, seats[:1])
    assert (await api.get(paths[2], headers={"If-None-Match": bare.headers["etag"]})).status_code == 304


async def test_anything_but_a_price_is_a_new_version_of_the_chart(api, sale):
    event_id, _ = sale
    before = (await api.get(f"/events/{event_id}/availability")).json()
    await api.put(f"/events/{event_id}/categories", [STALLS | {"color": "#000000"}, LOW])
    after = await api.get(f"/events/{event_id}/availability")
    assert after.json()["chart_version"] == before["chart_version"] + 1 == int(after.headers["chart-version"])
    assert after.json()["seats"] == 3
    stale = await api.get(f"/events/{event_id}/seat-map?chart_version={before['chart_version']}")
    assert stale.headers["cache-control"] == "no-cache"


async def test_the_same_categories_again_are_no_change(api, sale):
    event_id, _ = sale
    first = await api.get(f"/events/{event_id}/categories")
    again = await api.put(f"/events/{event_id}/categories", [STALLS, LOW])
    assert (again.status_code, again.headers["event-version"]) == (200, first.headers["event-version"])


async def test_a_category_that_seats_have_cannot_be_removed(api, sale):
    event_id, _ = sale
    problem = refused(await api.put(f"/events/{event_id}/categories", [a_category("new")]), 409, "category_in_use")
    assert problem["categories"] == ["std", "low"]
    assert (await api.get(f"/events/{event_id}/categories")).json() == [STALLS, LOW]


async def test_numbers_stay_with_keys(api, sale, database_url):
    """Otherwise seats would change their category when the organiser puts them in another order."""
    event_id, seats = sale
    await api.put(f"/events/{event_id}/categories", [a_category("new"), LOW, STALLS])
    await api.put(f"/events/{event_id}/categories", [LOW, STALLS])
    await api.put(f"/events/{event_id}/categories", [a_category("other"), LOW, STALLS])
    rows = await sql(database_url, "SELECT key, number FROM categories ORDER BY place")
    assert [tuple(row) for row in rows] == [("other", 3), ("low", 2), ("std", 1)]
    assert (await api.get(f"/seats/{seats[0]}")).json()["category"] == "std"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "body"),
        ([a_category(f"k{number}") for number in range(51)], "body"),
        ([a_category("a"), a_category("a")], "[1].key"),
        ([a_category("A")], "[0].key"),
        ([a_category("a" * 31)], "[0].key"),
        ([a_category("a\n")], "[0].key"),
        ([a_category(name="")], "[0].name"),
        ([a_category(name=" x")], "[0].name"),
        ([a_category(name="x\u0000")], "[0].name"),
        ([a_category(color="red")], "[0].color"),
        ([a_category(price=-1)], "[0].price"),
        ([a_category(price=10**12 + 1)], "[0].price"),
        ([{"key": "a"}], "[0].name"),
        ({"categories": []}, "body"),
    ],
)
async def test_bad_categories_are_refused_with_their_place(api, given, field):
    event_id, _ = await api.event_on_sale(seats=0)
    problem = refused(await api.put(f"/events/{event_id}/categories", given), 400, "invalid_request")
    assert problem["field"] == field


async def test_categories_of_an_event_that_does_not_exist(api):
    missing = "/events/00000000-0000-0000-0000-000000000000/categories"
    refused(await api.get(missing), 404, "event_not_found")
    refused(await api.put(missing, [STALLS]), 404, "event_not_found")


async def test_an_event_without_categories_has_an_empty_list(api):
    event_id, _ = await api.event_on_sale(seats=1)
    found = await api.get(f"/events/{event_id}/categories")
    assert (found.json(), found.headers["event-version"]) == ([], "1")
    assert "categories" not in (await api.get(f"/events/{event_id}/seat-map")).json()


async def test_listeners_are_told_to_reload(api, sale):
    event_id, _ = sale
    async with api.http.stream("GET", f"/api/v1/events/{event_id}/changes") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: hello"
        await api.put(f"/events/{event_id}/categories", [STALLS | {"price": 1}, LOW])
        while (line := await anext(lines)) != "event: reload":
            assert "changes" not in line
