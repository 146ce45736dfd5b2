"""Zone, currency, sale times and confirmation of an event, as they are written and read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from api.serving import api_with, refused
from box_office import sql
from builders import an_event
from holdfast.domain.catalogue.currencies import MINOR_DIGITS
from holdfast.domain.catalogue.time_zones import TIME_ZONES

START = "2031-04-12T10:30:00Z"
WRITTEN = {
    "start_at": START,
    "end_at": START,
    "timezone": "Asia/Tokyo",
    "currency": "EUR",
    "sale_opens_at": "2031-02-01T10:00:00+09:00",
    "sale_closes_at": "2031-04-12T08:00:00Z",
}
READ = WRITTEN | {"sale_opens_at": "2031-02-01T01:00:00Z"}
DEFAULTS = {
    "timezone": "UTC",
    "currency": "JPY",
    "sale_opens_at": None,
    "sale_closes_at": None,
    "confirmation": "buyer",
}
UNSAID = {"start_at": START, "end_at": START}


async def put(api, event, **wanted):
    return await api.put(f"/events/{event['id']}", an_event(**wanted))


async def test_they_are_read_as_written_alone_and_in_the_list(api):
    event = (await api.post("/events", an_event(**WRITTEN))).json()
    assert event == event | READ
    assert (await api.get(f"/events/{event['id']}")).json() == event
    assert (await api.get("/events")).json() == [event]


async def test_an_edit_that_leaves_them_out_keeps_them_and_null_means_the_default(api):
    event = (await api.post("/events", an_event(**WRITTEN))).json()
    kept = (await put(api, event, **UNSAID)).json()
    assert kept == kept | READ
    for field, default in DEFAULTS.items():
        edited = (await put(api, event, **UNSAID, **{field: None})).json()
        assert edited[field] == default, field
    assert edited == edited | DEFAULTS


async def test_the_list_and_the_entity_tag_follow_an_edit(api):
    event = (await api.post("/events", an_event(**UNSAID))).json()
    path = f"/events/{event['id']}"
    before, listed = await api.get(path), await api.get("/events")
    edited = await put(api, event, **UNSAID, timezone="Europe/Berlin")
    assert edited.headers["etag"] != before.headers["etag"]
    assert (await api.get(path, headers={"If-None-Match": edited.headers["etag"]})).status_code == 304
    again = await api.get("/events", headers={"If-None-Match": listed.headers["etag"]})
    assert (again.status_code, again.json()[0]["timezone"]) == (200, "Europe/Berlin")


async def test_a_sale_opens_before_it_closes_and_before_the_event(api):
    for wanted, field in (
        ({"sale_opens_at": START}, "sale_opens_at"),
        ({"sale_opens_at": "2031-01-01T00:00:00Z", "sale_closes_at": "2031-01-01T00:00:00Z"}, "sale_closes_at"),
        ({"sale_opens_at": "2031-01-02T00:00:00Z", "sale_closes_at": "2031-01-01T00:00:00Z"}, "sale_closes_at"),
    ):
        answer = await api.post("/events", an_event(**UNSAID, **wanted))
        assert refused(answer, 400, "invalid_request")["field"] == field, wanted


async def test_an_edit_is_compared_with_what_it_keeps(api):
    event = (await api.post("/events", an_event(**WRITTEN))).json()
    early = "2031-01-01T00:00:00Z"
    answer = await put(api, event, start_at=early, end_at=early)
    assert refused(answer, 400, "invalid_request")["field"] == "sale_opens_at"
    answer = await put(api, event, **UNSAID, sale_closes_at=early)
    assert refused(answer, 400, "invalid_request")["field"] == "sale_closes_at"
    assert (await api.get(f"/events/{event['id']}")).json() == event


async def test_a_sale_may_close_after_its_event_has_begun_which_ends_it_anyway(api):
    """An event that is brought forward keeps the closing that was set for its old time."""
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    event_id, seat_ids = await api.event_on_sale(sale_closes_at=later)
    begun = {"start_at": "2020-01-01T00:00:00Z", "end_at": "2020-01-01T02:00:00Z"}
    assert (await api.put(f"/events/{event_id}", an_event(**begun))).status_code == 200
    refused(await api.reserve(event_id, seat_ids[:1]), 409, "booking_closed")


async def test_nobody_is_the_seller_where_everybody_is_let_in(api, database_url):
    event = (await api.post("/events", an_event())).json()
    answer = await put(api, event, confirmation="seller")
    assert refused(answer, 400, "invalid_request")["field"] == "confirmation"
    # It was set in another mode.
    await sql(database_url, "UPDATE events SET confirmation = 'seller'")
    assert (await put(api, event)).json()["confirmation"] == "seller"
    assert (await put(api, event, confirmation="buyer")).json()["confirmation"] == "buyer"


async def test_sale_times_wait_until_no_node_is_left_that_would_not_respect_them(database_url):
    async with api_with(database_url=database_url) as api:
        await sql(database_url, "UPDATE installation SET finished = '0006'")
        for field, value in (("sale_opens_at", "2021-01-01T00:00:00Z"), ("sale_closes_at", START)):
            answer = await api.post("/events", an_event(**{field: value}))
            assert refused(answer, 409, "upgrade_unfinished")["field"] == field
        created = await api.post("/events", an_event(timezone="Asia/Tokyo", currency="EUR", confirmation="buyer"))
        assert created.status_code == 201


def test_every_zone_is_one_that_python_knows_and_every_usual_currency_is_there():
    for name in ("UTC", "Asia/Tokyo", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Europe/Kyiv"):
        assert name in TIME_ZONES
        assert ZoneInfo(name).key == name
    assert len(TIME_ZONES) > 500
    digits = {code: MINOR_DIGITS[code] for code in ("JPY", "KRW", "EUR", "USD", "GBP", "KWD")}
    assert digits == {"JPY": 0, "KRW": 0, "EUR": 2, "USD": 2, "GBP": 2, "KWD": 3}
    assert all(len(code) == 3 and code.isupper() for code in MINOR_DIGITS)


async def test_seats_are_held_from_the_opening_until_the_closing(api):
    """The times are moved past the clock, and not the clock past the times."""
    event_id, seat_ids = await api.event_on_sale()
    before = {"sale_opens_at": "2998-01-01T00:00:00Z", "start_at": "2999-01-01T00:00:00Z"}
    await put(api, {"id": event_id}, **before, end_at=before["start_at"])
    early = await api.reserve(event_id, seat_ids[:1])
    assert refused(early, 409, "sale_not_open")["opens_at"] == before["sale_opens_at"]
    assert early.headers["event-version"] == "2"
    await put(api, {"id": event_id}, sale_opens_at="2021-01-01T00:00:00Z")
    held, other = [(await api.reserve(event_id, [seat_id])).json()["id"] for seat_id in seat_ids[:2]]
    closed_at = "2022-01-01T00:00:00Z"
    await put(api, {"id": event_id}, sale_closes_at=closed_at)
    for seats in (seat_ids[2:3], [event_id]):
        assert refused(await api.reserve(event_id, seats), 409, "booking_closed")["closed_at"] == closed_at
    assert (await api.confirm(held)).status_code == 200, "what was held before can still be bought"
    assert (await api.cancel(other)).status_code == 200


async def test_in_open_mode_a_buyer_does_not_confirm_what_another_mode_left_to_the_seller(api, database_url):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1])).json()["id"]
    await sql(database_url, "UPDATE events SET confirmation = 'seller'")
    refused(await api.confirm(held), 403, "seller_confirms")
    assert (await api.cancel(held)).status_code == 200
