"""An event's reservations as its organiser and box office list them."""

import itertools
from uuid import UUID

from api.serving import refused
from box_office import let_holds_run_out, sql
from identity.walk import gateway_callers, walking

NO_ID = "0197c7f0-0000-7000-8000-00000000000f"


async def an_event_with_all_kinds(api, database_url):
    """Return an event's id and its reservations, newest first, each with its status and buyer."""
    event_id, seats = await api.event_on_sale(seats=12)
    made = []
    for number, seat_id in enumerate(seats):
        user = "ann" if number % 2 else "bob"
        reservation_id = (await api.reserve(event_id, [seat_id], user=user)).json()["id"]
        status = ("confirmed", "cancelled", "pending", "overdue")[number // 2 % 4]
        if status == "confirmed":
            await api.confirm(reservation_id, user=user)
        elif status == "cancelled":
            await api.cancel(reservation_id, user=user)
        made.insert(0, (reservation_id, status, user))
    await let_holds_run_out(database_url, *(UUID(one) for one, status, _ in made if status == "overdue"))
    return event_id, [(one, status.replace("overdue", "cancelled"), user) for one, status, user in made]


async def pages_of(api, event_id, query, limit):
    """Follow the pages of a list to its end."""
    listed, after = [], ""
    while True:
        page = await api.get(f"/events/{event_id}/reservations?limit={limit}{after}{query}")
        assert page.status_code == 200, page.text
        if not page.json():
            return listed
        assert len(page.json()) <= limit
        listed += page.json()
        after = f"&after={page.json()[-1]['id']}"


async def test_every_filter_lists_its_reservations_newest_first_whatever_the_page(api, database_url):
    event_id, made = await an_event_with_all_kinds(api, database_url)
    other_id, seats = await api.event_on_sale(seats=1)
    await api.reserve(other_id, seats, user="ann")
    for status, user in itertools.product((None, "pending", "confirmed", "cancelled"), (None, "ann", "bob", "nobody")):
        query = "" if status is None else f"&status={status}"
        query += "" if user is None else f"&user_id={user}"
        wanted = [one for one in made if status in (None, one[1]) and user in (None, one[2])]
        for limit in (2, 100):
            listed = await pages_of(api, event_id, query, limit)
            assert [(one["id"], one["status"], one["user_id"]) for one in listed] == wanted, (query, limit)


async def test_a_hold_that_has_run_out_is_cancelled_at_that_instant(api, database_url):
    """Nobody has recorded it yet."""
    event_id, seats = await api.event_on_sale(seats=2)
    held = (await api.reserve(event_id, seats)).json()
    path = f"/events/{event_id}/reservations"
    assert [one["id"] for one in (await api.get(f"{path}?status=pending")).json()] == [held["id"]]
    await let_holds_run_out(database_url)
    assert (await api.get(f"{path}?status=pending")).json() == []
    (listed,) = (await api.get(f"{path}?status=cancelled")).json()
    assert (listed["id"], listed["cancel_reason"]) == (held["id"], "expired")
    (stored,) = await sql(database_url, "SELECT status FROM reservations")
    assert stored["status"] == "pending"


async def test_what_an_organiser_sees_of_a_reservation(api, database_url):
    event_id, _ = await api.event_on_sale(seats=0)
    wanted = [{"seat_number": "B-2", "price": 7}, {"seat_number": "A-1", "price": 5}]
    await api.post(f"/events/{event_id}/seats/bulk", {"seats": wanted})
    by_number = {seat["seat_number"]: seat["id"] for seat in (await api.get(f"/events/{event_id}/seats")).json()}
    held = (await api.reserve(event_id, [by_number["B-2"], by_number["A-1"]])).json()
    answer = await api.get(f"/events/{event_id}/reservations")
    (listed,) = answer.json()
    number_of = {seat_id: number for number, seat_id in by_number.items()}
    assert listed == held | {
        "seat_numbers": [number_of[seat_id] for seat_id in held["seat_ids"]],
        "extensions": 0,
        "beyond_limit": False,
    }
    assert dict(zip(listed["seat_numbers"], listed["prices"], strict=True)) == {"B-2": 7, "A-1": 5}
    assert answer.headers["event-version"] == "2"
    await sql(database_url, "UPDATE reservations SET prices = NULL")
    (old,) = (await api.get(f"/events/{event_id}/reservations")).json()
    assert "prices" not in old


async def test_what_cannot_be_listed(api):
    event_id, seats = await api.event_on_sale(seats=1)
    other_id, others = await api.event_on_sale(seats=1)
    elsewhere = (await api.reserve(other_id, others)).json()["id"]
    path = f"/events/{event_id}/reservations"
    for query, field in (
        ("status=sold", "status"),
        ("status=", "status"),
        ("user_id=", "user_id"),
        ("user_id=%C3%A9", "user_id"),
        (f"user_id={'a' * 256}", "user_id"),
        ("after=1", "after"),
        (f"after={NO_ID}", "after"),
        (f"after={elsewhere}", "after"),
    ):
        for accept in ("application/json", "text/csv"):
            problem = refused(await api.get(f"{path}?{query}", headers={"Accept": accept}), 400, "invalid_request")
            assert problem["field"] == field, query
    refused(await api.get(f"/events/{NO_ID}/reservations"), 404, "event_not_found")
    refused(await api.get("/events/1/reservations"), 400, "invalid_request")
    await api.reserve(event_id, seats)
    await api.delete(f"/events/{event_id}")
    refused(await api.get(path), 404, "event_not_found")


async def test_who_may_list_which_events(database_url):
    """Others' events are 404, though everybody may see the events themselves."""
    async with walking(database_url, auth_mode="gateway", gateway_peers="127.0.0.1") as (walk, _):
        (ours, _), (theirs, _) = walk.places["mine"], walk.places["theirs"]
        said = {}
        for name, caller in gateway_callers(ours).items():
            for place in (ours, theirs):
                path = f"/events/{place.event_id}/reservations"
                answers = [
                    await walk.api.get(path, headers={**caller.headers, "Accept": accept})
                    for accept in ("application/json", "text/csv")
                ]
                (status,) = {answer.status_code for answer in answers}
                said.setdefault(name, []).append(status)
    assert said == {
        "nobody": [401, 401],
        "buyer": [404, 404],
        "box_office": [200, 404],
        "organiser": [200, 404],
        "admin": [200, 200],
    }
