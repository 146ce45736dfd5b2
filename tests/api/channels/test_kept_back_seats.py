"""Seats that a channel keeps back, over HTTP: who sees them as taken, and who may hold them."""

import json
from uuid import uuid4

from api.channels.channel_sale import CODE, Sale, in_seconds
from api.serving import refused
from builders import a_category, numbered_seats


async def test_seats_kept_back_are_taken_for_all_but_those_who_name_the_code(api, sale):
    kept = await sale.keep_back(0, 1)
    assert kept.json() == {"key": "fans", "seats": 2, "kept_back": 2, "taken_seat_ids": []}
    assert kept.headers["event-version"] == "3"
    assert await sale.count() == 3
    assert await sale.statuses() == ["blocked", "blocked", "available", "available", "available"]
    assert await sale.codes() == [3, 3, 0, 0, 0]
    free = (await api.get(f"/events/{sale.event_id}/seats?available=true")).json()
    assert [seat["id"] for seat in free] == sale.seats[2:]
    one = (await api.get(f"/seats/{sale.seats[0]}")).json()
    assert (one["status"], one["blocked"], "reserved_by" in one) == ("reserved", True, False)

    assert refused(await sale.reserve(0, 2), 409, "seats_unavailable")["seat_ids"] == [sale.seats[0]]
    wrong = await sale.reserve(0, access_code="wrong")
    assert refused(wrong, 409, "seats_unavailable")["seat_ids"] == [sale.seats[0]]
    held = await sale.reserve(0, 2, access_code=CODE)
    assert held.status_code == 201
    assert await sale.codes() == [1, 3, 1, 0, 0]
    assert (await sale.channel())["kept_back"] == 1
    await api.cancel(held.json()["id"])
    assert await sale.codes() == [3, 3, 0, 0, 0]
    assert await sale.count() == 3


async def test_held_and_sold_seats_join_once_they_are_free_and_the_answer_names_them(api, sale):
    held, sold = await sale.reserve(0), await sale.reserve(1)
    await api.confirm(sold.json()["id"])
    kept = (await sale.keep_back(0, 1, 2)).json()
    assert (kept["seats"], kept["kept_back"]) == (3, 1)
    assert set(kept["taken_seat_ids"]) == set(sale.seats[:2])
    assert await sale.codes() == [1, 2, 3, 0, 0]
    await api.cancel(held.json()["id"])
    assert await sale.codes() == [3, 2, 3, 0, 0]
    assert (await sale.channel())["kept_back"] == 2
    assert await sale.count() == 2


async def test_a_seat_is_in_the_channel_that_took_it_last(sale):
    await sale.put("press", access_code="press-code")
    await sale.keep_back(0, 1)
    await sale.keep_back(1, key="press")
    assert [(await sale.channel(key))["kept_back"] for key in ("fans", "press")] == [1, 1]
    refused(await sale.reserve(1, access_code=CODE), 409, "seats_unavailable")
    assert (await sale.reserve(1, access_code="press-code")).status_code == 201
    assert (await sale.give_back(0, 1)).json() == {"key": "fans", "seats": 1, "available": 1}
    assert await sale.codes() == [0, 1, 0, 0, 0]


async def test_seats_are_named_by_section_row_or_category(api):
    event_id = (await api.event_on_sale(seats=0))[0]
    await api.put(f"/events/{event_id}/categories", [a_category("gold")])
    seats = [
        {"seat_number": f"{section}-{row}-{n}", "price": 100, "section": section, "row": row}
        for section in ("Stalls", "Circle")
        for row in "AB"
        for n in (1, 2)
    ]
    added = (await api.post(f"/events/{event_id}/seats/bulk", {"seats": seats})).json()["seats"]
    sale = Sale(api, event_id, [seat["id"] for seat in added])
    await sale.put()
    for body, places in (
        ({"sections": ["Circle"]}, [4, 5, 6, 7]),
        ({"rows": ["B"]}, [2, 3, 6, 7]),
        ({"rows": [{"section": "Stalls", "row": "A"}, "A"]}, [0, 1, 4, 5]),
    ):
        assert (await sale.keep_back(**body)).json()["seats"] == len(places)
        assert [place for place, code in enumerate(await sale.codes()) if code == 3] == places
        assert (await sale.give_back(**body)).json()["seats"] == len(places)
    for body, missing in (
        ({"sections": ["Circle", "Roof"]}, ["Roof"]),
        ({"rows": ["A", {"section": "Stalls", "row": "Z"}]}, ["Stalls Z"]),
        ({"categories": ["gold"]}, ["gold"]),
    ):
        assert refused(await sale.keep_back(**body), 404, "selection_not_found")["missing"] == missing
    assert await sale.codes() == [0] * 8


async def test_a_selection_is_of_one_kind_and_bounded(api, sale, monkeypatch):
    for body in ({}, {"seat_ids": sale.seats, "rows": ["A"]}):
        response = await api.post(f"{sale.path}/fans/seats", body)
        assert refused(response, 400, "invalid_request")["field"] == "body"
    twice = await sale.keep_back(0, 0)
    assert refused(twice, 400, "invalid_request")["field"] == "seat_ids"
    unknown = str(uuid4())
    lost = await sale.keep_back(seat_ids=[sale.seats[0], unknown])
    assert refused(lost, 404, "seats_not_found")["seat_ids"] == [unknown]
    assert await sale.codes() == [0] * 5
    monkeypatch.setattr("holdfast.domain.catalogue.channel.CHANNEL_SEATS_MAX", 2)
    await api.post(
        f"/events/{sale.event_id}/seats/bulk",
        {"seats": [{"seat_number": f"x{n}", "price": 1, "section": "X"} for n in range(3)]},
    )
    assert refused(await sale.keep_back(sections=["X"]), 400, "invalid_request")["field"] == "sections"
    assert refused(await sale.keep_back(0, 1, 2), 400, "invalid_request")["field"] == "seat_ids"


async def test_the_seats_of_a_channel_are_listed_for_those_who_reach_them(api, sale, monkeypatch):
    monkeypatch.setattr("holdfast.api.channels.seats.PAGE_SEATS", 2)
    await sale.keep_back(0, 1, 2)
    held = await sale.reserve(0, access_code=CODE)
    seats, after = [], ""
    while True:
        page = await api.get(f"{sale.path}/fans/seats{after}", headers={"X-Access-Code": CODE})
        assert page.status_code == 200
        seats += page.json()["seats"]
        if "next" not in page.json():
            break
        after = f"?after={page.json()['next']}"
    assert {seat["id"]: seat["status"] for seat in seats} == dict(
        zip(sale.seats[:3], ("reserved", "available", "available"), strict=True)
    )
    assert seats[0]["reserved_by"] == held.json()["id"]  # everybody is an organiser in this mode
    refused(await api.get(f"{sale.path}/fans/seats", headers={"X-Access-Code": "wrong"}), 404, "channel_not_found")
    refused(await api.get(f"{sale.path}/fans/seats?after=x"), 400, "invalid_request")


async def test_changes_can_be_followed_from_an_id_in_the_query(api, sale):
    await sale.keep_back(0)
    await sale.reserve(0, access_code=CODE)
    async with api.http.stream("GET", f"/api/v1/events/{sale.event_id}/changes?after=2") as stream:
        frame = ""
        async for line in stream.aiter_lines():
            frame += line + "\n"
            if not line:
                break
    assert "event: changes" in frame
    assert '"changes":[[0,1]]' in frame


async def test_a_stream_tells_of_seats_kept_back_given_back_and_opened(api, sale):
    async with api.http.stream("GET", f"/api/v1/events/{sale.event_id}/changes") as stream:
        lines = stream.aiter_lines()
        seen: dict[int, int] = {}

        async def until(*codes):
            while [seen.get(place, 0) for place in range(5)] != list(codes):
                line = await anext(lines)
                if line.startswith("data: ") and '"changes":' in line:
                    seen.update(json.loads(line.removeprefix("data: "))["changes"])

        await sale.keep_back(0, 1)
        await until(3, 3, 0, 0, 0)
        await sale.give_back(0)
        await until(0, 3, 0, 0, 0)
        held = await sale.reserve(1, access_code=CODE)
        await until(0, 1, 0, 0, 0)
        await api.cancel(held.json()["id"])
        await until(0, 3, 0, 0, 0)
        await sale.put(opens_to_all_at=in_seconds(-1))
        await until(0, 0, 0, 0, 0)


async def test_ten_thousand_seats_are_kept_back_in_one_call(api):
    event_id = (await api.event_on_sale(seats=0, total_seats=10_000))[0]
    added = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=10_000))
    sale = Sale(api, event_id, [seat["id"] for seat in added.json()])
    await sale.put()
    kept = await sale.keep_back(seat_ids=sale.seats)
    assert kept.json() == {"key": "fans", "seats": 10_000, "kept_back": 10_000, "taken_seat_ids": []}
    assert await sale.count() == 0
    assert (await sale.give_back(seat_ids=sale.seats)).json()["available"] == 10_000


async def test_the_best_available_seats_are_chosen_among_those_in_reach(api, sale):
    await sale.keep_back(0, 1, 2)

    async def best(count, **more):
        wish = {"event_id": sale.event_id, "best_available": {"count": count}, "idempotency_key": f"best-{count}"}
        return await api.post("/reservations", wish | more, user="ann")

    assert refused(await best(3), 409, "not_enough_seats")["left"] == 2
    assert len((await best(3, access_code=CODE)).json()["seat_ids"]) == 3
    everywhere = (await sale.channel())["kept_back"]
    assert sorted(await sale.codes()) == sorted([1] * 3 + [3] * everywhere + [0] * (2 - everywhere))
    await sale.put(opens_to_all_at=in_seconds(-1))
    assert len((await best(2)).json()["seat_ids"]) == 2


async def test_a_seat_given_up_for_another_is_free_at_once_or_back_in_its_channel(api, sale):
    """The process that exchanged the seats shows it from its own batch."""
    await sale.keep_back(0)
    held = await sale.reserve(0, 1, access_code=CODE)
    assert await sale.codes() == [1, 1, 0, 0, 0]
    changed = await api.put(
        f"/reservations/{held.json()['id']}/seats", {"seat_ids": [sale.seats[2]]}, headers={"X-User-ID": "ann"}
    )
    assert changed.status_code == 200, changed.text
    assert await sale.codes() == [3, 0, 1, 0, 0]
    assert (await sale.channel())["kept_back"] == 1
    assert await sale.count() == 3
