"""Channels over HTTP."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api.serving import refused
from box_office import sql
from builders import a_category, numbered_seats

CODE = "canary-of-the-fans"
FANS = {"name": "Fans", "access_code": CODE}


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


class Sale:
    """An event with five seats and a channel."""

    def __init__(self, api, event_id, seats) -> None:
        self.api, self.event_id, self.seats = api, event_id, seats
        self.path = f"/events/{event_id}/channels"

    async def put(self, key="fans", **body):
        return await self.api.put(f"{self.path}/{key}", FANS | body)

    async def keep_back(self, *places, key="fans", **body):
        body = body or {"seat_ids": [self.seats[place] for place in places]}
        return await self.api.post(f"{self.path}/{key}/seats", body)

    async def give_back(self, *places, key="fans", **body):
        body = body or {"seat_ids": [self.seats[place] for place in places]}
        return await self.api.post(f"{self.path}/{key}/seats/release", body)

    async def reserve(self, *places, **wanted):
        return await self.api.reserve(self.event_id, [self.seats[place] for place in places], **wanted)

    async def count(self):
        return (await self.api.get(f"/events/{self.event_id}/seats/available/count")).json()["count"]

    async def statuses(self):
        """Return each seat's status as the list shows it, `blocked` for one that is kept back."""
        listed = (await self.api.get(f"/events/{self.event_id}/seats")).json()
        for seat in listed:
            assert ("reserved_by" in seat) == (seat["status"] != "available" and not seat.get("blocked", False))
        shown = {seat["id"]: "blocked" if seat.get("blocked") else seat["status"] for seat in listed}
        return [shown[seat_id] for seat_id in self.seats]

    async def codes(self):
        """Return each seat's code in the availability."""
        headers = {"Accept": "application/octet-stream"}
        packed = (await self.api.get(f"/events/{self.event_id}/availability", headers=headers)).content
        return [packed[place // 4] >> 2 * (place % 4) & 3 for place in range(len(self.seats))]

    async def channel(self, key="fans"):
        channels = (await self.api.get(self.path)).json()
        return next(channel for channel in channels if channel["key"] == key)


@pytest.fixture
async def sale(api):
    sale = Sale(api, *await api.event_on_sale(seats=5))
    assert (await sale.put()).status_code == 200
    return sale


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


async def test_a_code_is_no_part_of_the_request_that_is_repeated(sale):
    await sale.keep_back(0)
    first = await sale.reserve(0, access_code=CODE, idempotency_key="k")
    for more in ({}, {"access_code": CODE}, {"access_code": "wrong"}):
        again = await sale.reserve(0, idempotency_key="k", **more)
        assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
        assert again.json() == first.json()


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


async def test_the_same_call_again_changes_nothing(sale):
    first = await sale.keep_back(0, 1)
    again = await sale.keep_back(0, 1)
    assert again.json() == first.json()
    assert again.headers["event-version"] == first.headers["event-version"]
    assert (await sale.put()).headers["event-version"] == first.headers["event-version"]
    await sale.give_back(0)
    back = await sale.give_back(0)
    assert back.json() == {"key": "fans", "seats": 0, "available": 0}


async def test_from_its_time_on_a_channel_is_open_without_any_worker(api, sale, database_url):
    await sale.put(opens_to_all_at=in_seconds(3600))
    await sale.keep_back(0, 1)
    assert (await sale.channel())["open"] is False
    await sql(database_url, "UPDATE channels SET opens_to_all_at = clock_timestamp()")
    assert (await api.get(f"/seats/{sale.seats[0]}")).json()["status"] == "available"
    assert (await sale.channel())["open"] is True
    assert await sale.count() == 5
    assert await sale.codes() == [0] * 5
    assert (await sale.reserve(0)).status_code == 201
    kinds = await sql(database_url, "SELECT kind, detail FROM changes WHERE kind = 'channel_opened'")
    assert [dict(row) for row in kinds] == [{"kind": "channel_opened", "detail": "fans"}]


async def test_a_channel_can_be_opened_at_once_and_closed_again(sale):
    await sale.keep_back(0, 1)
    opened = await sale.put(opens_to_all_at=in_seconds(-60))
    assert (opened.json()["open"], opened.json()["kept_back"]) == (True, 2)
    assert await sale.codes() == [0] * 5
    assert (await sale.reserve(0)).status_code == 201
    assert (await sale.keep_back(2)).json()["kept_back"] == 1
    assert await sale.codes() == [1, 0, 0, 0, 0]
    closed = await sale.put(opens_to_all_at=None)
    assert closed.json()["open"] is False
    assert await sale.codes() == [1, 3, 3, 0, 0]
    assert await sale.count() == 2


async def test_what_an_edit_leaves_out_stays(api, sale):
    await sale.put(opens_to_all_at="2031-01-01T00:00:00Z")
    edited = await api.put(f"{sale.path}/fans", {"name": "Friends"})
    assert edited.json() == {
        "key": "fans",
        "name": "Friends",
        "has_access_code": True,
        "opens_to_all_at": "2031-01-01T00:00:00Z",
        "open": False,
        "seats": 0,
        "kept_back": 0,
    }
    await sale.keep_back(0)
    assert (await sale.reserve(0, access_code=CODE)).status_code == 201
    without = await api.put(f"{sale.path}/fans", {"name": "Block", "access_code": None, "opens_to_all_at": None})
    assert (without.json()["has_access_code"], without.json()["opens_to_all_at"]) == (False, None)


async def test_a_channel_that_is_deleted_gives_its_seats_back(api, sale):
    await sale.keep_back(0, 1, 2)
    await sale.reserve(2, access_code=CODE)
    assert (await api.delete(f"{sale.path}/fans")).status_code == 204
    assert await sale.codes() == [0, 0, 1, 0, 0]
    assert (await api.get(sale.path)).json() == []
    refused(await api.delete(f"{sale.path}/fans"), 404, "channel_not_found")


async def test_a_large_channel_is_deleted_in_steps(api, sale, database_url, monkeypatch):
    monkeypatch.setattr("holdfast.application.catalogue.delete_channel.CHANNEL_SEATS_MAX", 2)
    await sale.keep_back(0, 1, 2, 3, 4)
    assert (await api.delete(f"{sale.path}/fans")).status_code == 204
    kinds = await sql(database_url, "SELECT kind, cardinality(seat_ids) AS seats FROM changes ORDER BY version")
    assert [(row["kind"], row["seats"]) for row in kinds[3:]] == [
        ("seats_given_back", 2),
        ("seats_given_back", 2),
        ("channel_deleted", 1),
    ]
    assert await sale.codes() == [0] * 5


async def test_the_event_is_deleted_with_its_channels(api, sale, database_url):
    await sale.put(opens_to_all_at=in_seconds(3600))
    await sale.keep_back(0, 1)
    await sale.reserve(0, access_code=CODE)
    assert (await api.delete(f"/events/{sale.event_id}")).status_code == 204
    refused(await api.get(sale.path), 404, "event_not_found")
    assert await sql(database_url, "SELECT 1 FROM channels") == []


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


async def test_bad_channels_are_refused_by_field(api, sale):
    for key, body, field in (
        ("Fans", FANS, "key"),
        ("x" * 31, FANS, "key"),
        ("fans", {**FANS, "access_code": " spaces "}, "access_code"),
        ("fans", {**FANS, "access_code": "ü"}, "access_code"),
        ("fans", {**FANS, "access_code": "x" * 101}, "access_code"),
        ("fans", {**FANS, "name": ""}, "name"),
        ("fans", {**FANS, "opens_to_all_at": "2031-01-01"}, "opens_to_all_at"),
    ):
        problem = refused(await api.put(f"{sale.path}/{key}", body), 400, "invalid_request")
        assert problem["field"] == field
        assert "spaces" not in problem["detail"]
    other = f"/events/{uuid4()}/channels"
    refused(await api.put(f"{other}/fans", FANS), 404, "event_not_found")
    refused(await api.get(other), 404, "event_not_found")
    refused(await api.post(f"{other}/fans/seats", {"rows": ["A"]}), 404, "selection_not_found")
    for method, path in (("GET", "none/seats"), ("DELETE", "none"), ("DELETE", "NONE%20")):
        refused(await api.call(method, f"{sale.path}/{path}"), 404, "channel_not_found")


async def test_an_event_has_so_many_channels_and_no_more(sale, monkeypatch):
    monkeypatch.setattr("holdfast.application.catalogue.put_channel.CHANNELS_MAX", 2)
    assert (await sale.put("two")).status_code == 200
    assert refused(await sale.put("three"), 409, "too_many_channels")["channels_max"] == 2
    assert (await sale.put("two", name="Other")).status_code == 200


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


async def test_more_than_ten_wrong_codes_a_minute_are_refused_and_right_ones_never_count(api, sale):
    await sale.keep_back(0, 1)
    listing = f"{sale.path}/fans/seats"
    for _ in range(12):
        assert (await api.get(listing, headers={"X-Access-Code": CODE})).status_code == 200
    for number in range(5):
        refused(await api.get(listing, headers={"X-Access-Code": f"g-{number}"}), 404, "channel_not_found")
        refused(await sale.reserve(0, access_code=f"h-{number}"), 409, "seats_unavailable")
    assert (await api.get(listing, headers={"X-Access-Code": CODE})).status_code == 200
    replayed = await sale.reserve(4, idempotency_key="k")
    problem = refused(await sale.reserve(0, access_code="another"), 429, "too_many_tries")
    assert 0 < problem["retry_after_seconds"] <= 60
    # Now the right one is refused too, or it could be found all the same.
    late = await api.get(listing, headers={"X-Access-Code": CODE})
    assert refused(late, 429, "too_many_tries")
    assert 0 < int(late.headers["retry-after"]) <= 60
    again = await sale.reserve(4, idempotency_key="k", access_code="wrong")
    assert (again.status_code, again.json()["id"]) == (201, replayed.json()["id"])
    assert (await sale.reserve(3)).status_code == 201, "who names no code is not concerned"
    other = Sale(api, *await api.event_on_sale(seats=1))
    await other.put()
    await other.keep_back(0)
    assert (await other.reserve(0, access_code=CODE)).status_code == 201, "another event has another count"


async def test_where_no_code_is_needed_none_is_wrong(api, sale):
    for _ in range(12):
        response = await api.reserve(sale.event_id, [sale.seats[0]], access_code="x", idempotency_key="same")
        assert response.status_code == 201
    await sale.put(opens_to_all_at=in_seconds(-1))
    for number in range(12):
        assert (await sale.reserve(0, access_code=f"{number}")).json()["code"] == "seats_unavailable"


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


async def test_channels_wait_for_the_end_of_the_upgrade(sale, database_url):
    await sql(database_url, "UPDATE installation SET finished = '0006'")
    assert refused(await sale.put("press"), 409, "upgrade_unfinished")["field"] == "channels"


async def test_ten_thousand_seats_are_kept_back_in_one_call(api):
    event_id = (await api.event_on_sale(seats=0, total_seats=10_000))[0]
    added = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=10_000))
    sale = Sale(api, event_id, [seat["id"] for seat in added.json()])
    await sale.put()
    kept = await sale.keep_back(seat_ids=sale.seats)
    assert kept.json() == {"key": "fans", "seats": 10_000, "kept_back": 10_000, "taken_seat_ids": []}
    assert await sale.count() == 0
    assert (await sale.give_back(seat_ids=sale.seats)).json()["available"] == 10_000


async def test_a_code_is_written_nowhere(sale, database_url, capfd, caplog):
    """Neither in a line, whatever is refused, nor in a table, nor in the audit or the document."""
    await sale.keep_back(0)
    for wanted in ({"access_code": CODE}, {"access_code": CODE * 20}, {"access_code": [CODE]}):
        await sale.reserve(0, **wanted)
    for key, code in (("fans", f" {CODE}"), ("UPPER", CODE), ("other", CODE)):
        await sale.put(key, access_code=code)
    for code in (CODE, f"{CODE}x"):
        await sale.api.get(f"{sale.path}/fans/seats", headers={"X-Access-Code": code})
    await sale.api.get(f"{sale.path}/fans/seats?after={CODE}", headers={"X-Access-Code": CODE})
    said = "".join(capfd.readouterr()) + caplog.text
    assert "/channels/" in said, "requests are logged"
    tables = await sql(
        database_url,
        "SELECT string_agg(told, ' ') AS told FROM ("
        " SELECT c::text AS told FROM channels c UNION ALL SELECT a::text FROM audit a"
        " UNION ALL SELECT g::text FROM changes g UNION ALL SELECT r::text FROM reservations r) AS everything",
    )
    audit = (await sale.api.get("/audit")).text
    assert "put_channel" in audit
    for text in (said.replace(f"after={CODE}", ""), tables[0]["told"], audit):
        assert CODE not in text


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
