"""Prices, channels, the live sale, and reservations."""

import csv
import io

from box_office import let_holds_run_out
from web.organiser.desk import field, new_event, published, said, with_hall

LINES = {
    "key": ["front", "standard"],
    "name": ["Front rows", "Standard"],
    "color": ["#b3261e", "#1f6feb"],
    "price": ["6000", "4500"],
}


def _with(**changes: tuple[int, str]) -> dict:
    """The form of prices with some fields changed: `price=(0, "9000")`."""
    fields = {name: list(values) for name, values in LINES.items()}
    for name, (at, value) in changes.items():
        fields[name][at] = value
    return fields


async def _event(api, path: str) -> tuple[str, list[dict]]:
    event_id = path.rsplit("/", 1)[1]
    return event_id, (await api.get(f"/events/{event_id}/seats")).json()


# Prices


WRONG_PRICES = [
    (_with(price=(0, "much")), "must be a price"),
    (_with(price=(1, "45.50")), "must be a whole number"),
    (_with(price=(1, "9" * 30)), "is too high"),
    (_with(price=(0, "")), "must be a price"),
    (_with(name=(0, "")), "is missing"),
    (_with(color=(0, "red")), "must be a color"),
    (_with() | {"remove": ["front"]}, "still have a category that you removed"),
    (_with() | {"remove": ["front", "standard"]}, "needs at least one category"),
]


async def test_prices_that_cannot_be_are_explained_and_kept(desk):
    path = await with_hall(desk)
    for wrong, told in WRONG_PRICES:
        page = await desk.send(f"{path}/categories", wrong)
        assert page.status_code == 400, wrong
        assert told in said(page), wrong
        assert wrong["price"][1] in page.text


async def test_a_category_is_added_and_removed(desk, api):
    path = await with_hall(desk)
    wanted = {name: [*values, more] for (name, values), more in zip(
        LINES.items(), ["", "Gallery", "#1a7f37", "3,000"], strict=True)}  # fmt: skip
    assert (await desk.send(f"{path}/categories", wanted)).status_code == 303
    event_id, _ = await _event(api, path)
    stored = (await api.get(f"/events/{event_id}/categories")).json()
    assert stored[-1] == {"key": "gallery", "name": "Gallery", "color": "#1a7f37", "price": 3_000}
    wanted["key"][-1] = "gallery"
    await desk.send(f"{path}/categories", wanted | {"remove": ["gallery"]})
    assert len((await api.get(f"/events/{event_id}/categories")).json()) == 2


async def test_prices_are_typed_in_the_currencys_main_unit(desk, api):
    path = await with_hall(desk, currency="EUR")
    page = await desk.get(f"{path}/categories")
    assert field(page, "price") == "60.00"
    await desk.send(f"{path}/categories", _with(price=(0, "12,50"), name=(1, "Parkett")))
    event_id, _ = await _event(api, path)
    assert [one["price"] for one in (await api.get(f"/events/{event_id}/categories")).json()] == [1_250, 450_000]


async def test_a_price_that_may_mean_thousands_is_asked_for_again(desk):
    """In half of Europe, 8.000 is eight thousand, and 8.00 is eight."""
    for currency, price, status in (("EUR", "8.000", 400), ("JPY", "8.000", 400), ("EUR", "8.00", 303)):
        path = await with_hall(desk, currency=currency)
        sent = await desk.send(f"{path}/categories", _with(price=(0, price)))
        assert sent.status_code == status, price


async def test_two_who_change_prices_at_the_same_time_do_not_overwrite_each_other(desk):
    path = await with_hall(desk)
    edition = field(await desk.get(f"{path}/categories"), "edition")
    await desk.send(f"{path}/categories", _with(price=(0, "7000")) | {"edition": edition})
    late = await desk.send(f"{path}/categories", _with(price=(1, "5000")) | {"edition": edition})
    assert "Somebody else has changed this" in said(late)
    assert field(await desk.get(f"{path}/categories"), "price") == "7000"


# Channels


async def test_a_channel_keeps_seats_back_and_gives_them_back(desk, api):
    path = await published(desk)
    made = await desk.send(f"{path}/channels", {"name": "Fan club", "access_code": "s3cret", "opens": ""})
    assert made.headers["location"] == f"{path}/channels/fan-club"
    page = await desk.follow(made)
    assert "s3cret" not in page.text
    seats = f"{path}/channels/fan-club/seats"
    rows = {"by": "rows", "rows": "A, B", "row_section": "stalls"}
    assert "29 of the chosen seats are in this channel now" in said(await desk.send(seats, rows | {"keep": "yes"}))
    event_id, charted = await _event(api, path)
    first = next(seat for seat in charted if seat["seat_number"] == "stalls-A-1")
    assert first["blocked"]
    numbers = {"by": "numbers", "numbers": "stalls-A-1, stalls-A-2"}
    assert "2 seats are for everybody again" in said(await desk.send(seats, numbers | {"give_back": "yes"}))
    whole = {"by": "sections", "sections": ["stalls"]}
    assert "234 of the chosen seats" in said(await desk.send(seats, whole | {"keep": "yes"}))
    category = {"by": "categories", "categories": ["standard"]}
    assert "seats are for everybody again" in said(await desk.send(seats, category | {"give_back": "yes"}))
    tapped = {"by": "map", "seat_ids": first["id"]}
    assert "1 of the chosen seats is in this channel now" in said(await desk.send(seats, tapped | {"keep": "yes"}))
    code = {"access_code": "s3cret"}
    assert (await api.reserve(event_id, [first["id"]], user="ann", **code)).status_code == 201
    again = await desk.send(seats, tapped | {"keep": "yes"})
    assert "held or sold: nobody loses it" in said(again)
    assert "and 57 kept back" not in said(await desk.get(f"{path}/reservations"))


WRONG_SEATS = [
    ({"by": "numbers", "numbers": "stalls-Z-1"}, "names seats that this event does not have: stalls-Z-1"),
    ({"by": "rows", "rows": "Z"}, "This event has no seats in Z"),
    ({"by": "sections"}, "Choose seats first."),
    ({"by": "map", "seat_ids": "1"}, "must be UUIDs"),
    ({"by": "map", "seat_ids": "00000000-0000-7000-8000-000000000009"}, "The hall was changed meanwhile"),
]


async def test_seats_that_are_not_there_are_named(desk):
    path = await published(desk)
    await desk.send(f"{path}/channels", {"name": "House seats"})
    for fields, told in WRONG_SEATS:
        page = await desk.send(f"{path}/channels/house-seats/seats", fields | {"keep": "yes"})
        assert page.status_code == 400, fields
        assert told in said(page), fields
        assert fields.get("numbers", "") in page.text


async def test_a_channel_is_changed_and_deleted_after_being_asked(desk):
    path = await published(desk)
    await desk.send(f"{path}/channels", {"name": "Fan club", "access_code": "s3cret"})
    channel = f"{path}/channels/fan-club"
    for code, told in (("keep", "with a code"), ("none", "only the box office"), ("change", "with a code")):
        fields = {"name": "Fans", "code": code, "access_code": "new", "opens": "2031-04-01T10:00"}
        assert (await desk.send(channel, fields)).status_code == 303
        assert told in said(await desk.get(f"{path}/channels"))
    assert "opens to everybody Tue, 1 Apr 2031, 10:00" in said(await desk.get(f"{path}/channels"))
    await desk.send(f"{channel}/seats", {"by": "rows", "rows": "A", "keep": "yes"})
    assert "Its 14 seats are for everybody at once" in said(await desk.get(f"{channel}/delete"))
    assert "The channel was deleted" in said(await desk.follow(await desk.send(f"{channel}/delete")))
    assert (await desk.get(channel)).status_code == 404


WRONG_CHANNELS = [
    ({"name": ""}, "is missing"),
    ({"access_code": "ä"}, "printable ASCII"),
    ({"opens": "soon"}, "must be a date"),
]


async def test_a_channel_that_cannot_be_is_explained(desk):
    path = await new_event(desk)
    for fields, told in WRONG_CHANNELS:
        page = await desk.send(f"{path}/channels", {"name": "Fan club"} | fields)
        assert page.status_code == 400, fields
        assert told in said(page), fields


# The live sale and reservations


async def test_the_live_sale_says_what_to_look_at_first(desk, api):
    draft = await with_hall(desk)
    assert "still a draft: nobody can buy" in said(await desk.get(f"{draft}/live"))
    path = await published(desk, template="standing", closes="2031-05-01T10:00")
    await desk.send(f"{path}/categories", {"key": "standing", "name": "Standing", "color": "#1a7f37", "price": "0"})
    event_id, _ = await _event(api, path)
    assert "“Standing” costs nothing." in said(await desk.get(f"{path}/live"))
    held = await api.post("/reservations", {"event_id": event_id, "idempotency_key": "k",
                                            "best_available": {"count": 4}}, user="ann")  # fmt: skip
    assert held.status_code == 201, held.text
    page = said(await desk.get(f"{path}/live"))
    assert "Held 4" in page
    assert "Free 296" in page
    assert "ann" in page


async def test_figures_by_category_add_up(desk, api):
    path = await published(desk)
    event_id, seats = await _event(api, path)
    by_number = {seat["seat_number"]: seat["id"] for seat in seats}
    for number, confirms in (("stalls-A-1", True), ("stalls-F-1", True), ("stalls-F-2", False)):
        held = (await api.reserve(event_id, [by_number[number]], user="ann", key=number)).json()
        if confirms:
            await api.post(f"/reservations/{held['id']}/confirm", user="ann")
    page = said(await desk.get(f"{path}/live"))
    assert "Front rows ¥6,000 1 0 61 ¥6,000" in page
    assert "Standard ¥4,500 1 1 170 ¥4,500" in page
    assert "2 seats sold from" in (await desk.get(f"{path}/live")).text


async def test_a_hold_is_ended_after_being_asked(desk, api):
    path = await published(desk)
    event_id, seats = await _event(api, path)
    held = (await api.reserve(event_id, [seats[0]["id"]], user="ann")).json()
    release = f"{path}/reservations/{held['id']}/release"
    asked = said(await desk.get(f"{release}?back=live"))
    assert "Take 1 held seat away from its buyer?" in asked
    assert "ann" in asked
    done = await desk.send(release, {"reason": "Phone call", "back": "live"})
    assert done.headers["location"] == f"{path}/live"
    assert (await api.get(f"/reservations/{held['id']}", user="ann")).json()["cancel_reason"] == "seller"
    assert "This hold has ended already" in said(await desk.get(release))
    assert (await desk.send(release)).status_code == 303  # a double click
    assert "Phone call" in said(await desk.get("/organise/audit"))


async def test_a_sold_seat_is_not_taken_away(desk, api):
    path = await published(desk)
    event_id, seats = await _event(api, path)
    held = (await api.reserve(event_id, [seats[0]["id"]], user="ann")).json()
    await api.post(f"/reservations/{held['id']}/confirm", user="ann")
    refused = await desk.send(f"{path}/reservations/{held['id']}/release")
    assert refused.status_code == 409
    assert "These seats are sold" in said(refused)


async def test_a_reservation_of_another_event_is_not_there(desk, api):
    path, other = await published(desk), await published(desk)
    event_id, seats = await _event(api, path)
    held = (await api.reserve(event_id, [seats[0]["id"]], user="ann")).json()
    assert (await desk.get(f"{other}/reservations/{held['id']}/release")).status_code == 404
    assert (await desk.send(f"{other}/reservations/{held['id']}/release")).status_code == 404


async def test_reservations_are_searched(desk, api, database_url):
    path = await published(desk)
    event_id, seats = await _event(api, path)
    held = [
        (await api.reserve(event_id, [seats[at]["id"]], user=user, key=user)).json()
        for at, user in enumerate(("ann", "ben", "cleo"))
    ]
    await api.post(f"/reservations/{held[0]['id']}/confirm", user="ann")
    await let_holds_run_out(database_url, held[1]["id"])
    for query, found in (
        ("", {"ann", "ben", "cleo"}),
        ("?status=confirmed", {"ann"}),
        ("?status=pending", {"cleo"}),
        ("?status=cancelled", {"ben"}),
        ("?buyer=ben", {"ben"}),
        ("?buyer=nobody", set()),
    ):
        page = await desk.get(f"{path}/reservations{query}")
        assert {user for user in ("ann", "ben", "cleo") if f">{user}<" in page.text} == found, query
    assert (await desk.get(f"{path}/reservations?status=lost")).status_code == 400
    assert "ran out" in said(await desk.get(f"{path}/reservations?buyer=ben"))


async def test_all_reservations_are_a_file(desk, api):
    path = await published(desk)
    event_id, seats = await _event(api, path)
    await api.reserve(event_id, [seats[0]["id"]], user="=ann()")
    file = await desk.get(f"{path}/export.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert f'filename="reservations-{event_id}.csv"' in file.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(file.text))
    assert (row["user_id"], row["status"], row["total_amount"]) == ("'=ann()", "pending", "6000")
