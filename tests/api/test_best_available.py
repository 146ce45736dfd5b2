"""Reservations that leave the choice of seats to us, over HTTP."""

import pytest

from api.serving import refused
from box_office import assert_promises_hold
from builders import a_wish, an_event, numbered_seats
from seated import put_hall


async def event_with_hall(api, database_url, *, rows=2, row_seats=5, area=4, **hall):
    """Return the event's id, and the seats' ids in chart order."""
    seats = rows * row_seats + area
    event = (await api.post("/events", an_event())).json()
    added = await api.post(f"/events/{event['id']}/seats/bulk", numbered_seats(count=seats))
    await put_hall(database_url, event["id"], rows=rows, row_seats=row_seats, area=area, **hall)
    return event["id"], [seat["id"] for seat in added.json()]


async def ask(api, event_id, count, *, key="key", user="ann", **best):
    body = {"event_id": event_id, "best_available": {"count": count, **best}, "idempotency_key": key}
    return await api.post("/reservations", body, user=user)


async def test_the_best_seats_are_held_and_a_replay_returns_the_same(api, database_url):
    event_id, seats = await event_with_hall(api, database_url)
    made = await ask(api, event_id, 2)
    assert made.status_code == 201
    assert made.json()["seat_ids"] == seats[:2], "in the middle they would leave two seats alone"
    assert (made.json()["total_amount"], made.json()["prices"]) == (18_000, [9_000, 9_000])
    again = await ask(api, event_id, 2, together="preferred", category=None, accessible=0)
    assert (again.status_code, again.json()) == (201, made.json())
    assert again.headers["idempotent-replayed"] == "true"
    refused(await ask(api, event_id, 3), 422, "idempotency_key_reused")
    refused(
        await api.post(
            "/reservations", a_wish(event_id=event_id, seat_ids=seats[:2], idempotency_key="key"), user="ann"
        ),
        422,
        "idempotency_key_reused",
    )
    assert (await api.confirm(made.json()["id"])).status_code == 200
    await assert_promises_hold(database_url)


async def test_where_and_how_the_seats_are_is_the_buyers_wish(api, database_url):
    event_id, seats = await event_with_hall(api, database_url, accessible={9})
    good = await ask(api, event_id, 2, key="1", category="good", section="stalls")
    assert set(good.json()["seat_ids"]) <= set(seats[5:9])
    assert good.json()["total_amount"] == 10_000
    area = await ask(api, event_id, 3, key="2", section="pit", together="required")
    assert area.json()["seat_ids"] == seats[10:13]
    wheelchair = await ask(api, event_id, 1, key="3", floor="ground", accessible=1)
    assert wheelchair.json()["seat_ids"] == [seats[9]]
    problem = refused(await ask(api, event_id, 4, key="4", section="pit"), 409, "not_enough_seats")
    assert (problem["left"], problem["wanted"]) == (1, 4)
    await api.reserve(event_id, [seats[2]], user="ben")
    together = await ask(api, event_id, 4, key="5", category="best", together="required")
    assert refused(together, 409, "not_together")["wanted"] == 4
    assert "event-version" in together.headers
    apart = await ask(api, event_id, 4, key="5", category="best")
    assert set(apart.json()["seat_ids"]) == {*seats[:2], *seats[3:5]}
    await assert_promises_hold(database_url)


async def test_released_seats_are_chosen_again(api, database_url):
    event_id, _ = await event_with_hall(api, database_url, rows=1, area=0)
    everything = await ask(api, event_id, 5, key="1")
    assert refused(await ask(api, event_id, 1, key="2"), 409, "not_enough_seats")["left"] == 0
    await api.cancel(everything.json()["id"])
    assert (await ask(api, event_id, 5, key="2")).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seat_ids": ["01979f3e-6a10-7b11-8a01-5d6e7f809101"]}, "best_available"),
        ({"best_available": None}, "best_available"),
        ({"best_available": {}}, "best_available.count"),
        ({"best_available": {"count": 21}}, "best_available.count"),
        ({"best_available": {"count": 2, "together": "maybe"}}, "best_available.together"),
        ({"best_available": {"count": 2, "accessible": 3}}, "best_available.accessible"),
        ({"best_available": {"count": 2, "category": "nowhere"}}, "best_available.category"),
        ({"best_available": {"count": 2, "section": "nowhere"}}, "best_available.section"),
        ({"best_available": {"count": 2, "floor": ""}}, "best_available.floor"),
    ],
)
async def test_a_bad_wish_is_refused_by_its_field(api, database_url, change, field):
    event_id, _ = await event_with_hall(api, database_url, rows=1, area=0)
    body = {"event_id": event_id, "best_available": {"count": 2}, "idempotency_key": "k"} | change
    assert refused(await api.post("/reservations", body, user="ann"), 400, "invalid_request")["field"] == field


async def test_a_wish_for_nothing_is_refused(api, database_url):
    event_id, _ = await event_with_hall(api, database_url, rows=1, area=0)
    body = {"event_id": event_id, "idempotency_key": "k"}
    assert refused(await api.post("/reservations", body, user="ann"), 400, "invalid_request")["field"] == "seat_ids"


async def test_the_seats_of_a_channel_are_chosen_for_those_who_name_its_code(api, database_url):
    event_id, seats = await event_with_hall(api, database_url, rows=1, row_seats=6, area=0)
    assert (await ask(api, event_id, 1, key="first")).status_code == 201  # the free seats are kept from here on
    path = f"/events/{event_id}/channels/fans"
    assert (await api.put(path, {"name": "Fans", "access_code": "open sesame"})).status_code in {200, 201}
    assert (await api.post(f"{path}/seats", {"seat_ids": seats[:6]})).status_code == 200
    assert refused(await ask(api, event_id, 2, key="1"), 409, "not_enough_seats")["left"] == 0
    body = {"event_id": event_id, "best_available": {"count": 2}, "idempotency_key": "2", "access_code": "open sesame"}
    held = await api.post("/reservations", body, user="ann")
    assert held.status_code == 201
    await assert_promises_hold(database_url)
    assert (await api.call("DELETE", path)).status_code == 204
    assert (await ask(api, event_id, 3, key="3")).status_code == 201
    await assert_promises_hold(database_url)
