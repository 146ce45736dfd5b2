import asyncio
from datetime import datetime
from uuid import uuid4

from structlog.testing import capture_logs

from api.serving import refused
from builders import a_wish, an_event
from holdfast.api import reservations


async def test_a_reservation_holds_its_seats_for_the_caller(api):
    event_id, seat_ids = await api.event_on_sale(price=5000)
    made = await api.reserve(event_id.upper(), [seat_id.upper() for seat_id in seat_ids[:2]])
    assert made.status_code == 201
    reservation = made.json()
    assert reservation == {
        "id": reservation["id"],
        "event_id": event_id,
        "user_id": "ann",
        "seat_ids": seat_ids[:2],
        "prices": [5_000, 5_000],
        "status": "pending",
        "total_amount": 10_000,
        "created_at": reservation["created_at"],
        "expires_at": reservation["expires_at"],
    }
    held = datetime.fromisoformat(reservation["expires_at"]) - datetime.fromisoformat(reservation["created_at"])
    assert held.total_seconds() == 900
    assert made.headers["event-version"] == "2"
    assert "idempotent-replayed" not in made.headers
    found = await api.get(f"/reservations/{reservation['id'].upper()}", user="ann")
    assert (found.status_code, found.json(), found.headers["event-version"]) == (200, reservation, "2")


async def test_a_taken_seat_is_named_and_nothing_is_held(api):
    event_id, seat_ids = await api.event_on_sale()
    await api.reserve(event_id, seat_ids[:2], user="ann")
    lost = await api.reserve(event_id, seat_ids[1:4], user="ben")
    assert refused(lost, 409, "seats_unavailable")["seat_ids"] == [seat_ids[1]]
    assert lost.headers["event-version"] == "2"
    assert (await api.get(f"/events/{event_id}/seats/available/count")).json() == {"count": 3}
    assert (await api.reserve(event_id, seat_ids[2:4], user="ben")).status_code == 201


async def test_the_same_key_with_the_same_seats_is_the_same_reservation(api):
    event_id, seat_ids = await api.event_on_sale()
    first = await api.reserve(event_id, seat_ids[:2], idempotency_key="k")
    again = await api.reserve(event_id, seat_ids[1::-1], idempotency_key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["event-version"] == "2"
    confirmed = (await api.confirm(first.json()["id"])).json()
    late = await api.reserve(event_id, seat_ids[:2], idempotency_key="k")
    assert (late.status_code, late.json()) == (201, confirmed)


async def test_the_same_key_with_other_seats_is_refused(api):
    event_id, seat_ids = await api.event_on_sale()
    await api.reserve(event_id, seat_ids[:2], idempotency_key="k")
    refused(await api.reserve(event_id, seat_ids[2:3], idempotency_key="k"), 422, "idempotency_key_reused")


async def test_a_key_belongs_to_its_user_and_event(api):
    event_id, seat_ids = await api.event_on_sale()
    other_id, other_seat_ids = await api.event_on_sale()
    made = [
        await api.reserve(event_id, seat_ids[:1], user="ann", idempotency_key="k"),
        await api.reserve(event_id, seat_ids[1:2], user="ben", idempotency_key="k"),
        await api.reserve(other_id, other_seat_ids[:1], user="ann", idempotency_key="k"),
    ]
    assert [answer.status_code for answer in made] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in made}) == 3


async def test_a_refused_request_may_be_tried_again_with_its_key(api):
    event_id, seat_ids = await api.event_on_sale()
    first = (await api.reserve(event_id, seat_ids[:1], user="ann")).json()
    refused(await api.reserve(event_id, seat_ids[:1], user="ben", idempotency_key="k"), 409, "seats_unavailable")
    await api.cancel(first["id"])
    tried_again = await api.reserve(event_id, seat_ids[:1], user="ben", idempotency_key="k")
    assert tried_again.status_code == 201
    assert "idempotent-replayed" not in tried_again.headers


async def test_booking_closes_when_the_event_begins_but_a_live_hold_may_be_confirmed(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1], idempotency_key="k")).json()
    begun = an_event(start_at="2020-01-01T00:00:00Z")
    assert (await api.put(f"/events/{event_id}", begun)).status_code == 200
    closed = refused(await api.reserve(event_id, seat_ids[1:2]), 409, "booking_closed")
    assert datetime.fromisoformat(closed["start_at"]) == datetime.fromisoformat("2020-01-01T00:00:00Z")
    assert (await api.reserve(event_id, seat_ids[:1], idempotency_key="k")).status_code == 201
    assert (await api.confirm(held["id"])).status_code == 200


async def test_unknown_events_and_seats_are_named(api):
    event_id, seat_ids = await api.event_on_sale()
    _, seats_elsewhere = await api.event_on_sale()
    refused(await api.reserve(str(uuid4()), seat_ids[:1]), 404, "event_not_found")
    problem = refused(await api.reserve(event_id, [seat_ids[0], seats_elsewhere[0]]), 404, "seats_not_found")
    assert problem["seat_ids"] == [seats_elsewhere[0]]


async def test_checks_come_in_the_contracts_order(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1], idempotency_key="k")).json()
    begun = an_event(start_at="2020-01-01T00:00:00Z")
    await api.put(f"/events/{event_id}", begun)
    unknown = str(uuid4())
    refused(await api.post("/reservations", {"nonsense": True}), 401, "missing_user_id")
    refused(await api.reserve(unknown, []), 400, "invalid_request")
    assert (await api.reserve(event_id, seat_ids[:1], idempotency_key="k")).json()["id"] == held["id"]
    refused(await api.reserve(event_id, [unknown], idempotency_key="k"), 422, "idempotency_key_reused")
    refused(await api.reserve(event_id, [unknown]), 409, "booking_closed")
    await api.put(f"/events/{event_id}", an_event())
    refused(await api.reserve(event_id, [seat_ids[0], unknown]), 404, "seats_not_found")
    refused(await api.reserve(event_id, seat_ids[:1]), 409, "seats_unavailable")


BAD_WISHES = [
    ({"seat_ids": []}, "seat_ids"),
    ({"seat_ids": [str(uuid4()) for _ in range(21)]}, "seat_ids"),
    ({"seat_ids": ["00000000-0000-7000-8000-00000000000a"] * 2}, "seat_ids"),
    ({"seat_ids": [str(uuid4()), "A-1"]}, "seat_ids[1]"),
    ({"seat_ids": "A-1"}, "seat_ids"),
    ({"event_id": 7}, "event_id"),
    ({"idempotency_key": ""}, "idempotency_key"),
    ({"idempotency_key": "x" * 256}, "idempotency_key"),
    ({"idempotency_key": "schlüssel"}, "idempotency_key"),
    ({"idempotency_key": "key\n"}, "idempotency_key"),
    ({"idempotency_key": None}, "idempotency_key"),
]


async def test_a_wish_that_breaks_a_rule_names_the_field(api):
    for wanted, field in BAD_WISHES:
        wish = a_wish(event_id=str(uuid4()), seat_ids=[str(uuid4())]) | wanted
        answer = await api.post("/reservations", wish, user="ann")
        assert refused(answer, 400, "invalid_request")["field"] == field, wanted


async def test_twenty_seats_and_the_longest_key_are_allowed(api):
    event_id, seat_ids = await api.event_on_sale(seats=20)
    made = await api.reserve(event_id, seat_ids, user="~" * 255, idempotency_key=" " + "~" * 254)
    assert made.status_code == 201
    assert made.json()["seat_ids"] == seat_ids


async def test_confirming_sells_and_may_be_repeated(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1])).json()
    confirmed = await api.confirm(held["id"])
    assert confirmed.status_code == 200
    assert confirmed.json() == held | {
        "status": "confirmed",
        "confirmed_at": confirmed.json()["confirmed_at"],
    }
    assert confirmed.headers["event-version"] == "3"
    again = await api.confirm(held["id"])
    assert (again.status_code, again.json()) == (200, confirmed.json())
    refused(await api.cancel(held["id"]), 409, "already_confirmed")


async def test_cancelling_frees_the_seats_and_may_be_repeated(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1])).json()
    cancelled = await api.cancel(held["id"])
    assert (cancelled.status_code, cancelled.json()) == (
        200,
        held | {"status": "cancelled", "cancel_reason": "user"},
    )
    again = await api.cancel(held["id"])
    assert (again.status_code, again.json()) == (200, cancelled.json())
    refused(await api.confirm(held["id"]), 409, "already_cancelled")
    assert (await api.reserve(event_id, seat_ids[:1], user="ben")).status_code == 201


async def test_a_hold_that_ran_out_reads_cancelled_and_its_seats_are_free(api_where):
    async with api_where(hold_seconds=1) as api:
        event_id, seat_ids = await api.event_on_sale()
        first = (await api.reserve(event_id, seat_ids[:1], idempotency_key="k")).json()
        second = (await api.reserve(event_id, seat_ids[1:2])).json()
        await asyncio.sleep(1.1)
        ended = {"status": "cancelled", "cancel_reason": "expired"}
        assert (await api.get(f"/reservations/{first['id']}", user="ann")).json() == first | ended
        listed = (await api.get("/reservations", user="ann")).json()
        assert listed == [second | ended, first | ended]
        refused(await api.confirm(first["id"]), 409, "hold_expired")
        assert (await api.cancel(first["id"])).json() == first | ended
        assert (await api.reserve(event_id, seat_ids[:1], user="ben")).status_code == 201
        replayed = await api.reserve(event_id, seat_ids[:1], idempotency_key="k")
        assert (replayed.status_code, replayed.json()) == (201, first | ended)


async def test_reservations_are_listed_newest_first_in_pages(api):
    event_id, seat_ids = await api.event_on_sale(seats=4)
    made = [(await api.reserve(event_id, [seat_id])).json() for seat_id in seat_ids[:3]]
    await api.reserve(event_id, seat_ids[3:], user="ben")
    assert (await api.get("/reservations", user="ann")).json() == made[::-1]
    assert (await api.get("/reservations?limit=1&offset=1", user="ann")).json() == [made[1]]
    assert (await api.get("/reservations?limit=x&offset=-1", user="ann")).json() == made[::-1]


async def test_confirm_and_cancel_take_an_empty_body(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1])).json()
    for content in (b"", b"{}", b" \n"):
        for headers in ({}, {"Content-Type": "application/json"}):
            for verb, status in (("confirm", 200), ("cancel", 409)):
                path = f"/reservations/{held['id']}/{verb}"
                answer = await api.post(path, user="ann", headers=headers, content=content)
                assert answer.status_code == status


async def test_confirm_and_cancel_take_no_other_body(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1])).json()
    for verb in ("confirm", "cancel"):
        answer = await api.post(f"/reservations/{held['id']}/{verb}", {"force": True}, user="ann")
        assert refused(answer, 400, "invalid_request")["field"] == "body"


async def test_one_seat_wanted_by_many_goes_to_one(api):
    event_id, seat_ids = await api.event_on_sale(seats=1)
    answers = await asyncio.gather(*(api.reserve(event_id, seat_ids, user=f"buyer-{number}") for number in range(40)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 39


async def test_an_answer_that_fails_after_the_commit_does_not_hide_what_is_stored(api, monkeypatch):
    """A bug while writing the response: the seats are held, and a retry with the same key returns the reservation."""
    event_id, seat_ids = await api.event_on_sale()

    def fail(_reservation):
        raise ZeroDivisionError

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(reservations, "reservation_body", fail)
        unanswered = await api.reserve(event_id, seat_ids[:1], idempotency_key="k")
    assert refused(unanswered, 503, "unavailable")["outcome"] == "unknown"
    assert "unexpected error" in [entry["event"] for entry in logs]
    again = await api.reserve(event_id, seat_ids[:1], idempotency_key="k")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
