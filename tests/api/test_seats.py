import asyncio
from uuid import uuid4

import pytest

from api.serving import refused
from builders import a_seat, an_event, numbered_seats, some_seats


async def test_a_seat_is_answered_as_it_was_written(api):
    event_id, _ = await api.event_on_sale(seats=0)
    written = a_seat(section="Stalls", row="A")
    added = await api.post(f"/events/{event_id}/seats", written)
    assert added.status_code == 201
    seat = added.json()
    assert seat == written | {"id": seat["id"], "event_id": event_id, "status": "available"}
    assert added.headers["event-version"] == "1"
    found = await api.get(f"/seats/{seat['id'].upper()}")
    assert (found.json(), found.headers["event-version"]) == (seat, "1")


async def test_section_and_row_are_left_out_when_not_given(api):
    event_id, _ = await api.event_on_sale(seats=0)
    added = (await api.post(f"/events/{event_id}/seats", a_seat())).json()
    assert set(added) == {"id", "event_id", "seat_number", "status", "price"}


async def test_numbered_seats_are_a_bare_array_in_counting_order(api):
    event_id, _ = await api.event_on_sale(seats=0)
    added = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(prefix="VIP", count=12, price=0))
    assert added.status_code == 201
    assert [seat["seat_number"] for seat in added.json()] == [f"VIP-{number}" for number in range(1, 13)]
    listed = (await api.get(f"/events/{event_id}/seats")).json()
    assert [seat["seat_number"] for seat in listed] == sorted(f"VIP-{number}" for number in range(1, 13))


async def test_seats_of_one_call_have_ids_in_the_order_of_the_chart(api):
    """A seat map then needs no index, which would cost a large hall a third of its memory."""
    event_id = (await api.post("/events", an_event(total_seats=5_000))).json()["id"]
    added = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=5_000))
    ids = [seat["id"] for seat in added.json()]
    assert ids == sorted(ids)


async def test_listed_seats_are_an_object_in_the_order_given(api):
    event_id, _ = await api.event_on_sale(seats=0)
    written = {"seats": [a_seat(seat_number="b"), a_seat(seat_number="Z", row="1"), a_seat(seat_number="a")]}
    added = await api.post(f"/events/{event_id}/seats/bulk", written)
    assert added.status_code == 201
    assert [seat["seat_number"] for seat in added.json()["seats"]] == ["b", "Z", "a"]
    listed = (await api.get(f"/events/{event_id}/seats")).json()
    assert [seat["seat_number"] for seat in listed] == ["Z", "a", "b"]


@pytest.mark.slow
async def test_a_hundred_thousand_seats_in_one_call(api):
    event_id, seat_ids = await api.event_on_sale(seats=100_000, total_seats=100_000)
    assert len(set(seat_ids)) == 100_000
    listed = await api.get(f"/events/{event_id}/seats")
    assert len(listed.json()) == 100_000
    counted = await api.get(f"/events/{event_id}/seats/available/count")
    assert counted.json() == {"count": 100_000}


async def test_ten_thousand_listed_seats_in_one_call_and_no_more(api):
    event_id, _ = await api.event_on_sale(seats=0, total_seats=20_000)
    added = await api.post(f"/events/{event_id}/seats/bulk", some_seats(count=10_000))
    assert (added.status_code, len(added.json()["seats"])) == (201, 10_000)
    too_many = await api.post(f"/events/{event_id}/seats/bulk", some_seats(count=10_001))
    assert refused(too_many, 400, "invalid_request")["field"] == "seats"


async def test_seat_numbers_are_unique_and_those_taken_are_named(api):
    event_id, _ = await api.event_on_sale(seats=2)
    problem = refused(
        await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=3)), 409, "seat_number_taken"
    )
    assert problem["seat_numbers"] == ["A-1", "A-2"]
    single = await api.post(f"/events/{event_id}/seats", a_seat(seat_number="A-2"))
    assert refused(single, 409, "seat_number_taken")["seat_numbers"] == ["A-2"]
    assert len((await api.get(f"/events/{event_id}/seats")).json()) == 2


async def test_there_are_never_more_seats_than_the_total(api):
    event_id, _ = await api.event_on_sale(seats=3, total_seats=4)
    problem = refused(await api.post(f"/events/{event_id}/seats/bulk", some_seats(count=2)), 409, "seats_exceed_total")
    assert (problem["total_seats"], problem["seats"]) == (4, 5)
    assert (await api.post(f"/events/{event_id}/seats", a_seat())).status_code == 201
    refused(await api.post(f"/events/{event_id}/seats", a_seat()), 409, "seats_exceed_total")


BAD_BULK_BODIES = [
    ({}, "body"),
    ({"price": 1}, "body"),
    ({"prefix": "A", "price": 1}, "count"),
    ({"count": 1, "price": 1}, "prefix"),
    ({"prefix": "A", "count": 1}, "price"),
    ({"prefix": "", "count": 1, "price": 1}, "prefix"),
    ({"prefix": "x" * 41, "count": 1, "price": 1}, "prefix"),
    ({"prefix": "A", "count": 0, "price": 1}, "count"),
    ({"prefix": "A", "count": 100_001, "price": 1}, "count"),
    ({"prefix": "A", "count": 1, "price": -1}, "price"),
    ({"prefix": "A", "count": 1, "price": 10**12 + 1}, "price"),
    ({"seats": []}, "seats"),
    ({"seats": {}}, "seats"),
    ({"seats": [{"seat_number": "1", "price": 1}], "prefix": "A", "count": 1, "price": 1}, "seats"),
    ({"seats": [{"seat_number": "1", "price": 1}, {"seat_number": "2"}]}, "seats[1].price"),
    ({"seats": [{"seat_number": "1", "price": 1.0}]}, "seats[0].price"),
    ({"seats": [{"seat_number": "", "price": 1}]}, "seats[0].seat_number"),
    ({"seats": [{"seat_number": "1", "price": 1, "row": "x" * 51}]}, "seats[0].row"),
    ({"seats": [{"seat_number": "1", "price": 1}] * 2}, "seats[1].seat_number"),
]


async def test_a_bulk_call_that_breaks_a_rule_names_the_field_and_adds_nothing(api):
    event_id, _ = await api.event_on_sale(seats=0)
    for body, field in BAD_BULK_BODIES:
        answer = await api.post(f"/events/{event_id}/seats/bulk", body)
        assert refused(answer, 400, "invalid_request")["field"] == field, body
    assert (await api.get(f"/events/{event_id}/seats")).json() == []


async def test_a_seat_that_breaks_a_rule_names_the_field(api):
    event_id, _ = await api.event_on_sale(seats=0)
    for bad in ({"seat_number": ""}, {"seat_number": "x" * 51}, {"price": -1}, {"section": None}, {"row": 1}):
        answer = await api.post(f"/events/{event_id}/seats", a_seat(**bad))
        assert [refused(answer, 400, "invalid_request")["field"]] == list(bad)


async def test_limits_are_themselves_allowed(api):
    event_id, _ = await api.event_on_sale(seats=0)
    widest = a_seat(seat_number="ü" * 50, price=10**12, section="s" * 50, row="🎻" * 50)
    added = await api.post(f"/events/{event_id}/seats", widest)
    assert added.json() | widest == added.json()
    numbered = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(prefix="p" * 40, count=1))
    assert numbered.json()[0]["seat_number"] == "p" * 40 + "-1"


INVISIBLE = (
    "A\u200b1",
    "A\u00ad1",
    "\ufeffA1",
    "A\u202e1",
    "A\u20601",
    "\u3164",
    "A\u2800",
    "A\U00013430",
    "A\ufe0f",
    "A\n1",
    "A\t1",
    "A\x7f",
)
AT_THE_ENDS = (" A1", "A1 ", "\u00a0A1", "A1\u3000", " ")


async def test_characters_that_nobody_sees_are_refused_in_what_a_ticket_says(api):
    event_id, _ = await api.event_on_sale(seats=0)
    path = f"/events/{event_id}/seats"
    for text in (*INVISIBLE, *AT_THE_ENDS):
        for field in ("seat_number", "section", "row"):
            assert refused(await api.post(path, a_seat(**{field: text})), 400, "invalid_request")["field"] == field
        listed = {"seats": [a_seat(), a_seat(seat_number=text)]}
        answer = await api.post(f"{path}/bulk", listed)
        assert refused(answer, 400, "invalid_request")["field"] == "seats[1].seat_number"
    for prefix in (*INVISIBLE, " A", " "):
        answer = await api.post(f"{path}/bulk", numbered_seats(prefix=prefix))
        assert refused(answer, 400, "invalid_request")["field"] == "prefix"
    assert (await api.get(path)).json() == []
    for seat in (a_seat(seat_number="Loge 1", section="", row="Rang links"), a_seat(seat_number="東 1")):
        assert (await api.post(path, seat)).status_code == 201
    assert (await api.post(f"{path}/bulk", numbered_seats(prefix="Loge "))).json()[0]["seat_number"] == "Loge -1"


COMPOSED, APART, SIGN = "Caf\u00e9", "Cafe\u0301", "K-1"


async def test_seat_numbers_that_look_alike_are_one_and_are_stored_as_sent(api):
    for first, second in ((COMPOSED, APART), (APART, COMPOSED), ("\u212a-1", SIGN), (SIGN, "\u212a-1")):
        event_id, _ = await api.event_on_sale(seats=0)
        path = f"/events/{event_id}/seats"
        assert (await api.post(path, a_seat(seat_number=first))).json()["seat_number"] == first
        problem = refused(await api.post(path, a_seat(seat_number=second)), 409, "seat_number_taken")
        assert problem["seat_numbers"] == [second]
        both = {"seats": [a_seat(), a_seat(seat_number=second), a_seat(seat_number=first)]}
        answer = await api.post(f"{path}/bulk", both)
        assert refused(answer, 400, "invalid_request")["field"] == "seats[2].seat_number"
        one = {"seats": [a_seat(), a_seat(seat_number=second)]}
        problem = refused(await api.post(f"{path}/bulk", one), 409, "seat_number_taken")
        assert problem["seat_numbers"] == [second]
        assert [seat["seat_number"] for seat in (await api.get(path)).json()] == [first]


async def test_of_two_forms_in_no_normal_form_one_is_stored(api):
    """q with a dot above and a dot below, in both orders; one of them is not in NFC."""
    event_id, _ = await api.event_on_sale(seats=0)
    path = f"/events/{event_id}/seats"
    first, second = "a\u0323\u0302", "a\u0302\u0323"
    assert (await api.post(path, a_seat(seat_number=first))).status_code == 201
    refused(await api.post(path, a_seat(seat_number=second)), 409, "seat_number_taken")
    refused(await api.post(f"{path}/bulk", {"seats": [a_seat(seat_number="\u1ead")]}), 409, "seat_number_taken")


async def test_seats_show_who_holds_them_and_can_be_narrowed_to_the_available(api):
    event_id, seat_ids = await api.event_on_sale(seats=3)
    held = (await api.reserve(event_id, seat_ids[:1])).json()
    sold = (await api.reserve(event_id, seat_ids[1:2])).json()
    await api.confirm(sold["id"])
    answer = await api.get(f"/events/{event_id}/seats")
    assert [(seat["status"], seat.get("reserved_by")) for seat in answer.json()] == [
        ("reserved", held["id"]),
        ("confirmed", sold["id"]),
        ("available", None),
    ]
    assert "reserved_by" not in answer.json()[2]
    assert answer.headers["event-version"] == "4"
    available = await api.get(f"/events/{event_id}/seats?available=true")
    assert [seat["id"] for seat in available.json()] == seat_ids[2:]
    assert len((await api.get(f"/events/{event_id}/seats?available=no")).json()) == 3
    counted = await api.get(f"/events/{event_id}/seats/available/count")
    assert (counted.json(), counted.headers["event-version"]) == ({"count": 1}, "4")


async def test_a_hold_that_ran_out_shows_its_seats_available(api_where):
    async with api_where(hold_seconds=1) as api:
        event_id, seat_ids = await api.event_on_sale(seats=2)
        await api.reserve(event_id, seat_ids)
        assert (await api.get(f"/events/{event_id}/seats/available/count")).json() == {"count": 0}
        await asyncio.sleep(1.1)
        listed = await api.get(f"/events/{event_id}/seats")
        assert [seat["status"] for seat in listed.json()] == ["available", "available"]
        assert (await api.get(f"/events/{event_id}/seats/available/count")).json() == {"count": 2}


async def test_unknown_events_and_seats(api):
    for path in ("seats", "seats/available/count"):
        refused(await api.get(f"/events/{uuid4()}/{path}"), 404, "event_not_found")
        assert refused(await api.get(f"/events/7/{path}"), 400, "invalid_request")["field"] == "event_id"
    refused(await api.post(f"/events/{uuid4()}/seats", a_seat()), 404, "event_not_found")
    refused(await api.post(f"/events/{uuid4()}/seats/bulk", some_seats()), 404, "event_not_found")
    refused(await api.get(f"/seats/{uuid4()}"), 404, "seat_not_found")
    assert refused(await api.get("/seats/7"), 400, "invalid_request")["field"] == "id"
