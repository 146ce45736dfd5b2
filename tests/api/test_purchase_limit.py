"""`max_seats_per_buyer` over HTTP."""

from api.serving import refused
from box_office import sql
from builders import a_wish, an_event, numbered_seats


async def limited_event(api, limit=2, seats=6):
    event = (await api.post("/events", an_event(max_seats_per_buyer=limit))).json()
    added = await api.post(f"/events/{event['id']}/seats/bulk", numbered_seats(count=seats))
    return event["id"], [seat["id"] for seat in added.json()]


async def limit_of(api, event_id):
    return (await api.get(f"/events/{event_id}")).json()["max_seats_per_buyer"]


async def test_a_buyer_gets_as_many_as_the_event_sells_to_one_and_the_refusal_says_why_not_more(api):
    event_id, seat_ids = await limited_event(api)
    first = await api.reserve(event_id, seat_ids[:1], user="ann")
    assert first.status_code == 201
    problem = refused(await api.reserve(event_id, seat_ids[1:3], user="ann"), 409, "purchase_limit_reached")
    assert (problem["limit"], problem["have"], problem["wanted"]) == (2, 1, 2)
    assert (await api.reserve(event_id, seat_ids[1:3], user="ben")).status_code == 201
    assert (await api.confirm(first.json()["id"])).status_code == 200
    second = await api.reserve(event_id, seat_ids[3:4], user="ann")
    assert second.status_code == 201
    lost = await api.reserve(event_id, seat_ids[4:5], user="ann")
    assert refused(lost, 409, "purchase_limit_reached")["have"] == 2
    assert lost.headers["event-version"] == "5"
    await api.cancel(second.json()["id"])
    assert (await api.reserve(event_id, seat_ids[4:5], user="ann")).status_code == 201


async def test_a_hold_that_ran_out_gives_back_and_a_replay_is_answered_at_the_limit(api, database_url):
    event_id, seat_ids = await limited_event(api)
    wish = a_wish(event_id=event_id, seat_ids=seat_ids[:2])
    made = await api.post("/reservations", wish, user="ann")
    again = await api.post("/reservations", wish, user="ann")
    assert (again.status_code, again.json()) == (201, made.json())
    refused(await api.reserve(event_id, seat_ids[2:3], user="ann"), 409, "purchase_limit_reached")
    await sql(database_url, "UPDATE reservations SET expires_at = now(); UPDATE claims SET expires_at = now()")
    assert (await api.reserve(event_id, seat_ids[2:4], user="ann")).status_code == 201


async def test_the_limit_of_another_event_is_another_limit(api):
    (one, its_seats), (other, other_seats) = [await limited_event(api) for _ in range(2)]
    assert (await api.reserve(one, its_seats[:2], user="ann")).status_code == 201
    assert (await api.reserve(other, other_seats[:2], user="ann")).status_code == 201


async def test_an_edit_sets_the_limit_keeps_it_where_it_is_left_out_and_takes_it_away_with_null(api):
    event_id, seat_ids = await limited_event(api, limit=None)
    await api.reserve(event_id, seat_ids[:3], user="ann")
    edited = await api.put(f"/events/{event_id}", an_event(max_seats_per_buyer=2))
    assert (edited.status_code, edited.json()["max_seats_per_buyer"]) == (200, 2)
    assert (await api.put(f"/events/{event_id}", an_event(name="Other"))).json()["max_seats_per_buyer"] == 2
    assert await limit_of(api, event_id) == 2
    assert [event["max_seats_per_buyer"] for event in (await api.get("/events")).json()] == [2]
    problem = refused(await api.reserve(event_id, seat_ids[3:4], user="ann"), 409, "purchase_limit_reached")
    assert problem["have"] == 3, "what she had before the limit stays hers, and counts"
    assert (await api.put(f"/events/{event_id}", an_event(max_seats_per_buyer=None))).status_code == 200
    assert await limit_of(api, event_id) is None
    assert (await api.reserve(event_id, seat_ids[3:4], user="ann")).status_code == 201


async def test_a_limit_cannot_be_set_while_nodes_may_be_running_that_would_sell_beyond_it(api, database_url):
    event_id, _ = await limited_event(api, limit=4)
    await sql(database_url, "UPDATE installation SET finished = '0003'")
    problem = refused(await api.post("/events", an_event(max_seats_per_buyer=2)), 409, "upgrade_unfinished")
    assert problem["field"] == "max_seats_per_buyer"
    refused(await api.put(f"/events/{event_id}", an_event(max_seats_per_buyer=2)), 409, "upgrade_unfinished")
    for harmless in ({}, {"max_seats_per_buyer": 4}, {"max_seats_per_buyer": None}):
        assert (await api.put(f"/events/{event_id}", an_event(**harmless))).status_code == 200
    assert (await api.post("/events", an_event())).status_code == 201
