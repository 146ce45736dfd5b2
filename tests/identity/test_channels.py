"""Who creates channels, reaches their seats and sees them, where callers are known."""

import pytest

from api.serving import refused
from builders import a_wish
from identity.test_selling import SELLERS, shop

assert shop, "a fixture"
CODE = "canary-of-the-fans"


@pytest.fixture
async def sale(shop):
    event_id, seat_ids = await shop.event()
    path = f"/events/{event_id}/channels/fans"
    boss = shop.callers["organiser"]
    assert (await shop.api.put(path, {"name": "Fans", "access_code": CODE}, headers=boss)).status_code == 200
    kept = await shop.api.post(f"{path}/seats", {"seat_ids": seat_ids[:4]}, headers=boss)
    assert kept.json()["kept_back"] == 4
    return shop, event_id, seat_ids, path


async def test_every_seller_reaches_every_channel_and_a_buyer_only_by_its_code(sale):
    shop, event_id, seat_ids, _ = sale
    refused(await shop.hold("buyer", event_id, seat_ids[:1]), 409, "seats_unavailable")
    wish = a_wish(event_id=event_id, seat_ids=seat_ids[:1], access_code=CODE)
    assert (await shop.api.post("/reservations", wish, headers=shop.callers["buyer"])).status_code == 201
    for place, who in enumerate(SELLERS, start=1):
        assert (await shop.hold(who, event_id, seat_ids[place : place + 1])).status_code == 201


async def test_its_seats_are_listed_for_the_organiser_and_for_whoever_knows_the_code(sale):
    shop, event_id, seat_ids, path = sale
    await shop.held("box office", event_id, seat_ids[:1])
    api, callers = shop.api, shop.callers
    assert (await api.get(f"{path}/seats")).status_code == 401
    for who in ("buyer", "box office", "others"):
        refused(await api.get(f"{path}/seats", headers=callers[who]), 403, "forbidden")
    for headers in ({}, callers["buyer"], callers["others"]):
        listed = await api.get(f"{path}/seats", headers={**headers, "X-Access-Code": CODE})
        statuses = [seat["status"] for seat in listed.json()["seats"]]
        assert statuses == ["reserved", "available", "available", "available"]
        assert not any("reserved_by" in seat for seat in listed.json()["seats"])
    for who in ("organiser", "admin"):
        listed = await api.get(f"{path}/seats", headers=callers[who])
        assert "reserved_by" in listed.json()["seats"][0]
    refused(await api.get(f"{path}/seats", headers={"X-Access-Code": "wrong"}), 404, "channel_not_found")


async def test_of_a_draft_a_code_shows_nothing(sale):
    shop, event_id, _, path = sale
    await shop.edit(event_id, published=False)
    refused(await shop.api.get(f"{path}/seats", headers={"X-Access-Code": CODE}), 404, "event_not_found")


async def test_every_act_is_in_the_audit_without_the_code(sale):
    shop, _, seat_ids, path = sale
    boss = shop.callers["organiser"]
    await shop.api.post(f"{path}/seats/release", {"seat_ids": seat_ids[:2]}, headers=boss)
    assert (await shop.api.delete(path, headers=boss)).status_code == 204
    entries = (await shop.api.get("/audit?limit=4", headers=boss)).json()
    acts = [(entry["verb"], entry["details"]) for entry in entries]
    assert acts == [
        ("delete_channel", {"channel": "fans"}),
        ("give_back_seats", {"channel": "fans", "seats": 2}),
        ("keep_back_seats", {"channel": "fans", "seats": 4}),
        ("put_channel", {"channel": "fans", "name": "Fans", "has_access_code": True, "opens_to_all_at": None}),
    ]
