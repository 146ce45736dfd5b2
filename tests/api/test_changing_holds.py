"""Extending a hold, changing its seats and releasing it as the seller, through HTTP."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from api.serving import api_with, refused
from box_office import assert_promises_hold, let_holds_run_out, sql


def minutes_between(earlier, later):
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)) / timedelta(minutes=1)


async def extended(api, reservation, *, user="ann", **wanted):
    body = {"expires_at": reservation["expires_at"], **wanted}
    return await api.post(f"/reservations/{reservation['id']}/extend", body, user=user)


async def changed(api, reservation, seat_ids, *, user="ann"):
    return await api.call("PUT", f"/reservations/{reservation['id']}/seats", {"seat_ids": seat_ids}, user=user)


async def test_a_hold_is_extended_once_for_each_end_that_is_known(api, database_url):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:2])).json()
    first = await extended(api, held)
    assert first.status_code == 200
    assert first.headers["event-version"] == "3"
    longer = first.json()
    assert 0 < minutes_between(held["expires_at"], longer["expires_at"]) < 15
    assert longer == {**held, "expires_at": longer["expires_at"]}
    assert (await extended(api, held)).json() == longer
    assert (await api.get(f"/reservations/{held['id']}", user="ann")).json() == longer
    again = (await extended(api, longer)).json()
    told = refused(await extended(api, again), 409, "extension_limit_reached")
    assert told["expires_at"] == again["expires_at"].replace("Z", "+00:00")
    refused(await extended(api, again, expires_at="2099-01-01T00:00:00Z"), 409, "hold_changed")
    refused(await extended(api, again, user="ben"), 404, "reservation_not_found")
    assert (await api.confirm(held["id"])).status_code == 200
    refused(await extended(api, again), 409, "already_confirmed")
    await assert_promises_hold(database_url)


async def test_the_settings_bound_how_long_a_hold_lives(database_url):
    async with api_with(database_url=database_url, hold_extensions_max=5, hold_seconds_total_max=901) as api:
        event_id, seat_ids = await api.event_on_sale()
        held = (await api.reserve(event_id, seat_ids[:1])).json()
        reservations = []
        for _ in range(3):
            reservations.append((await extended(api, held)).json())
            held = reservations[-1] if "id" in reservations[-1] else held
        assert minutes_between(held["created_at"], held["expires_at"]) <= 901 / 60
    async with api_with(database_url=database_url, hold_extensions_max=0) as api:
        held = (await api.reserve(event_id, seat_ids[1:2])).json()
        refused(await extended(api, held), 409, "extension_limit_reached")


async def test_a_hold_that_ran_out_is_not_extended(api, database_url):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1])).json()
    await let_holds_run_out(database_url)
    refused(await extended(api, held), 409, "hold_expired")
    refused(await changed(api, held, seat_ids[1:2]), 409, "hold_expired")
    await assert_promises_hold(database_url)


@pytest.mark.parametrize(
    "body", [{}, {"expires_at": "soon"}, {"expires_at": "2031-01-01T00:00:00"}, {"expires_at": None}]
)
async def test_the_known_end_is_a_time_with_its_zone(api, body):
    refused(await api.post(f"/reservations/{uuid4()}/extend", body, user="ann"), 400, "invalid_request")


async def test_a_hold_gets_other_seats_or_stays_as_it_is(api, database_url):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:2])).json()
    await api.reserve(event_id, seat_ids[4:5], user="ben")
    got = await changed(api, held, [seat_ids[2], seat_ids[1]])
    assert got.status_code == 200
    assert got.headers["event-version"] == "4"
    now = got.json()
    assert now == {**held, "seat_ids": [seat_ids[2], seat_ids[1]]}
    taken = refused(await changed(api, held, seat_ids[3:5]), 409, "seats_unavailable")
    assert taken["seat_ids"] == [seat_ids[4]]
    assert (await changed(api, held, seat_ids[1:3])).json() == now
    refused(await changed(api, held, [str(uuid4())]), 404, "seats_not_found")
    refused(await changed(api, held, seat_ids[:1], user="ben"), 404, "reservation_not_found")
    assert (await api.reserve(event_id, seat_ids[:1], user="cy")).status_code == 201
    assert (await api.confirm(held["id"])).json()["total_amount"] == held["total_amount"]
    refused(await changed(api, held, seat_ids[:1]), 409, "already_confirmed")
    (entry,) = await sql(database_url, "SELECT seat_ids, freed_seat_ids FROM changes WHERE kind = 'seats_changed'")
    assert [[str(seat) for seat in seats] for seats in entry] == [[seat_ids[2]], [seat_ids[0]]]
    await assert_promises_hold(database_url)


async def test_lists_and_counts_show_at_once_what_a_change_took_and_freed(api):
    """The map in memory follows the batch of this very process."""
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:2])).json()

    async def shown():
        seats = (await api.get(f"/events/{event_id}/seats")).json()
        count = (await api.get(f"/events/{event_id}/seats/available/count")).json()["count"]
        return [seat["id"] for seat in seats if seat.get("reserved_by") == held["id"]], count

    assert await shown() == (seat_ids[:2], 3)
    await changed(api, held, seat_ids[2:3])
    assert await shown() == (seat_ids[2:3], 4)
    await extended(api, held)
    assert await shown() == (seat_ids[2:3], 4)


@pytest.mark.parametrize("count", [0, 21])
async def test_one_to_twenty_seats(api, count):
    seats = [str(uuid4()) for _ in range(count)]
    told = refused(await changed(api, {"id": str(uuid4())}, seats), 400, "invalid_request")
    assert told["field"].startswith("seat_ids")


async def test_the_seller_releases_a_hold_and_the_audit_says_why(api, database_url):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:2])).json()
    path = f"/events/{event_id}/reservations/{held['id']}/release"
    released = await api.post(path, {"reason": "The buyer called"}, user="till")
    assert released.status_code == 200
    assert (released.json()["status"], released.json()["cancel_reason"]) == ("cancelled", "seller")
    assert (await api.post(path, user="till")).json() == released.json()
    entries = await sql(database_url, "SELECT verb, thing_id, details FROM audit WHERE kind = 'reservation'")
    assert [(entry["verb"], entry["thing_id"]) for entry in entries] == [("release", held["id"])]
    assert '"reason": "The buyer called"' in entries[0]["details"]
    sold = (await api.reserve(event_id, seat_ids[:1])).json()
    await api.confirm(sold["id"])
    refused(
        await api.post(f"/events/{event_id}/reservations/{sold['id']}/release", user="till"), 409, "already_confirmed"
    )
    other_id, _ = await api.event_on_sale()
    refused(await api.post(f"/events/{other_id}/reservations/{sold['id']}/release"), 404, "reservation_not_found")
    refused(await api.post(f"/events/{uuid4()}/reservations/{sold['id']}/release"), 404, "reservation_not_found")
    refused(await api.post(path, {"reason": "x" * 201}), 400, "invalid_request")
    await assert_promises_hold(database_url)
