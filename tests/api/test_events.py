from datetime import datetime
from uuid import UUID, uuid4

import pytest

from api.serving import refused
from builders import a_past_event, an_event
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID


async def test_an_event_is_answered_as_it_was_written(api):
    written = an_event(start_at="2031-04-12T19:30:00+09:00", end_at="2031-04-12T22:00:00+09:00")
    created = await api.post("/events", written)
    assert created.status_code == 201
    event = created.json()
    assert event == written | {
        "id": str(UUID(event["id"])),
        "organiser_id": str(DEFAULT_ORGANISER_ID),
        "start_at": "2031-04-12T10:30:00Z",
        "end_at": "2031-04-12T13:00:00Z",
        "created_at": event["created_at"],
        "updated_at": event["created_at"],
        "max_seats_per_buyer": None,
        "published": True,
        "timezone": "UTC",
        "currency": "JPY",
        "sale_opens_at": None,
        "sale_closes_at": None,
        "confirmation": "buyer",
    }
    found = await api.get(f"/events/{event['id'].upper()}")
    assert (found.status_code, found.json()) == (200, event)


async def test_texts_left_out_answer_empty_and_unknown_fields_are_ignored(api):
    written = an_event(id=str(uuid4()), version=7)
    del written["description"], written["venue"]
    created = await api.post("/events", written)
    assert created.status_code == 201
    assert (created.json()["description"], created.json()["venue"]) == ("", "")
    assert created.json()["id"] != written["id"]


async def test_an_event_may_have_begun_and_may_end_as_it_begins(api):
    assert (await api.post("/events", a_past_event())).status_code == 201
    moment = "2031-01-01T00:00:00Z"
    assert (await api.post("/events", an_event(start_at=moment, end_at=moment))).status_code == 201


BAD_VALUES = [
    ("name", ""),
    ("name", "x" * 256),
    ("name", None),
    ("venue", "x" * 256),
    ("description", "x" * 10_001),
    ("description", "a\0b"),
    ("total_seats", 0),
    ("total_seats", 1_000_001),
    ("total_seats", 2**70),
    ("total_seats", 1.0),
    ("total_seats", "1"),
    ("total_seats", True),
    ("max_seats_per_buyer", 0),
    ("max_seats_per_buyer", 1_001),
    ("max_seats_per_buyer", "8"),
    ("max_seats_per_buyer", True),
    ("published", "yes"),
    ("timezone", ""),
    ("timezone", "Mars/Olympus"),
    ("timezone", "asia/tokyo"),
    ("timezone", "../../etc/passwd"),
    ("timezone", "localtime"),
    ("timezone", "Factory"),
    ("timezone", "America"),
    ("timezone", 9),
    ("currency", "EURO"),
    ("currency", "jpy"),
    ("currency", "XXX"),
    ("currency", "DEM"),
    ("currency", 392),
    ("sale_opens_at", "2031-01-01"),
    ("sale_opens_at", "2999-01-01T00:00:00Z"),
    ("sale_closes_at", "0001-01-01T00:00:00+14:00"),
    ("confirmation", "nobody"),
    ("confirmation", "seller"),
    ("start_at", "2031-01-01T00:00:00"),
    ("start_at", "tomorrow"),
    ("start_at", 1_900_000_000),
    ("start_at", "0001-01-01T00:00:00+14:00"),
    ("end_at", "9999-12-31T23:59:59-14:00"),
    ("end_at", "2019-01-01T00:00:00Z"),
]


async def test_a_value_that_breaks_a_rule_is_named(api):
    for field, value in BAD_VALUES:
        answer = await api.post("/events", an_event(**{field: value}))
        assert refused(answer, 400, "invalid_request")["field"] == field, value


async def test_what_is_required_is_named(api):
    for field in ("name", "start_at", "end_at", "total_seats"):
        written = an_event()
        del written[field]
        assert refused(await api.post("/events", written), 400, "invalid_request")["field"] == field


async def test_texts_may_be_as_long_as_promised(api):
    for longest in ({"name": "ü" * 255}, {"venue": "🎻" * 255}, {"description": "x" * 10_000}):
        created = await api.post("/events", an_event(**longest))
        assert created.status_code == 201
        assert created.json() | longest == created.json()


async def test_events_are_listed_newest_first_in_pages(api):
    ids = [(await api.post("/events", an_event())).json()["id"] for _ in range(3)]
    newest_first = ids[::-1]
    assert [event["id"] for event in (await api.get("/events")).json()] == newest_first
    assert [event["id"] for event in (await api.get("/events?limit=2")).json()] == newest_first[:2]
    assert [event["id"] for event in (await api.get("/events?limit=2&offset=1")).json()] == newest_first[1:]
    assert (await api.get(f"/events?offset={10**30}")).json() == []


async def test_nonsense_counts_as_the_default(api):
    for _ in range(21):
        await api.post("/events", an_event())
    for nonsense in ("", "-1", "ten", "1.5", "0", "%00", "%FF", "+5", "1e1", "٣"):
        answer = await api.get(f"/events?limit={nonsense}&offset={nonsense}")
        assert (answer.status_code, len(answer.json())) == (200, 20), nonsense


async def test_above_100_counts_as_100(api):
    for _ in range(101):
        await api.post("/events", an_event())
    assert len((await api.get("/events?limit=101")).json()) == 100
    assert len((await api.get(f"/events?limit={'9' * 5000}")).json()) == 100


async def test_an_edited_event_shows_its_new_details(api):
    event = (await api.post("/events", an_event())).json()
    edited = await api.put(f"/events/{event['id']}", an_event(name="Autumn concert", total_seats=7))
    assert edited.status_code == 200
    assert (edited.json()["name"], edited.json()["total_seats"]) == ("Autumn concert", 7)
    assert edited.json()["created_at"] == event["created_at"] < edited.json()["updated_at"]
    assert (await api.get(f"/events/{event['id']}")).json() == edited.json()


async def test_the_total_cannot_fall_below_the_seats_that_exist(api):
    event_id, _ = await api.event_on_sale(seats=5)
    problem = refused(await api.put(f"/events/{event_id}", an_event(total_seats=4)), 409, "seats_exceed_total")
    assert (problem["total_seats"], problem["seats"]) == (4, 5)
    assert (await api.put(f"/events/{event_id}", an_event(total_seats=5))).status_code == 200


async def test_a_deleted_event_is_gone_with_its_seats_and_its_reservations_stay(api):
    event_id, seat_ids = await api.event_on_sale()
    reservation = (await api.reserve(event_id, seat_ids[:2])).json()
    assert (await api.delete(f"/events/{event_id}")).status_code == 204
    refused(await api.get(f"/events/{event_id}"), 404, "event_not_found")
    refused(await api.delete(f"/events/{event_id}"), 404, "event_not_found")
    refused(await api.put(f"/events/{event_id}", an_event()), 404, "event_not_found")
    refused(await api.get(f"/events/{event_id}/seats"), 404, "event_not_found")
    refused(await api.get(f"/seats/{seat_ids[0]}"), 404, "seat_not_found")
    assert (await api.get("/events")).json() == []
    seen = (await api.get(f"/reservations/{reservation['id']}", user="ann")).json()
    assert seen == reservation | {"status": "cancelled", "cancel_reason": "event_deleted"}
    refused(await api.confirm(reservation["id"]), 409, "already_cancelled")
    refused(await api.reserve(event_id, seat_ids), 404, "event_not_found")


async def test_an_event_with_sold_seats_cannot_be_deleted(api):
    event_id, seat_ids = await api.event_on_sale()
    reservation = (await api.reserve(event_id, seat_ids[:2])).json()
    await api.confirm(reservation["id"])
    problem = refused(await api.delete(f"/events/{event_id}"), 409, "event_has_confirmed_reservations")
    assert problem["confirmed_seats"] == 2
    assert (await api.get(f"/events/{event_id}")).status_code == 200


async def test_unknown_events_are_404_and_what_is_no_uuid_is_400(api):
    for method in ("GET", "PUT", "DELETE"):
        body = an_event() if method == "PUT" else None
        refused(await api.call(method, f"/events/{uuid4()}", body), 404, "event_not_found")
        problem = refused(await api.call(method, "/events/not-a-uuid", body), 400, "invalid_request")
        assert problem["field"] == "id"


@pytest.mark.parametrize(
    "time",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999998Z",
        "0001-01-01T00:00:01Z",
        "9999-12-31T20:00:00-03:00",
        "0001-01-01T09:00:00.000001+09:00",
    ],
)
async def test_times_at_the_ends_of_the_calendar_are_kept(api, time):
    made = await api.post("/events", an_event(start_at=time, end_at=time))
    assert made.status_code == 201, made.text
    found = (await api.get(f"/events/{made.json()['id']}")).json()
    wanted = datetime.fromisoformat(time)
    assert datetime.fromisoformat(found["start_at"]) == datetime.fromisoformat(found["end_at"]) == wanted


@pytest.mark.parametrize(
    "time",
    ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+09:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"],
)
async def test_times_beyond_the_calendar_are_refused(api, time):
    answer = await api.post("/events", an_event(start_at=time, end_at=time))
    problem = refused(answer, 400, "invalid_request")
    assert problem["field"] == "start_at"
    # Both ends are named: 9999-12-31T23:59:59.999999Z is in the year 9999.
    assert problem["problem"] == "must be after 0001-01-01T00:00:00 and before 9999-12-31T23:59:59.999999, in UTC"
