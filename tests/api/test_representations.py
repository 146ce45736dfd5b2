"""What may be kept and asked about again: entity tags, 304, compression, availability, charts, streams."""

import asyncio
import base64
import gzip
import json

import pytest

from api.serving import refused
from box_office import sql
from builders import a_seat, some_seats

TAGGED = ("/events/{event}/seats", "/events/{event}/seats?available=true", "/events/{event}/seats/available/count")
LARGE_HALL = ("/events/{event}/availability", "/events/{event}/seat-map")


@pytest.mark.parametrize("path", [*TAGGED, *LARGE_HALL])
async def test_who_has_an_answer_is_not_sent_it_again(api, path):
    event_id, seat_ids = await api.event_on_sale(seats=3)
    path = path.format(event=event_id)
    first = await api.get(path)
    assert first.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = await api.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["event-version"] == first.headers["event-version"]

    await api.reserve(event_id, seat_ids[:1])
    after = await api.get(path, headers=known)
    if "seat-map" in path:
        assert after.status_code == 304
    else:
        assert (after.status_code, after.headers["event-version"]) == (200, "2")
        assert after.headers["etag"] != first.headers["etag"]


async def test_the_list_of_events_is_sent_again_only_when_it_differs(api):
    await api.event_on_sale(seats=0, name="first")
    first = await api.get("/events")
    known = {"If-None-Match": first.headers["etag"]}
    assert first.headers["cache-control"] == "no-cache"
    assert (await api.get("/events", headers=known)).status_code == 304
    event_id, _ = await api.event_on_sale(seats=0, name="second")
    after = await api.get("/events", headers=known)
    assert [event["name"] for event in after.json()] == ["second", "first"]
    await api.delete(f"/events/{event_id}")
    assert (await api.get("/events", headers=known)).status_code == 304


async def test_lists_are_compressed_when_asked_for(api):
    event_id, _ = await api.event_on_sale(seats=50)
    plain = await api.get(f"/events/{event_id}/seats", headers={"Accept-Encoding": "identity"})
    async with api.http.stream(
        "GET", f"/api/v1/events/{event_id}/seats", headers={"Accept-Encoding": "br, gzip;q=0.5"}
    ) as answer:
        packed = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain.content
    assert answer.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in plain.headers
    refused_coding = await api.get(f"/events/{event_id}/seats", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused_coding.headers


async def test_availability_tells_every_status_in_two_bits(api):
    event_id, seat_ids = await api.event_on_sale(seats=5)
    sold = (await api.reserve(event_id, seat_ids[1:2])).json()["id"]
    await api.confirm(sold)
    await api.reserve(event_id, seat_ids[4:])
    shown = await api.get(f"/events/{event_id}/availability")
    body = shown.json()
    statuses = base64.b64decode(body.pop("statuses"))
    assert statuses == bytes([0b00_00_10_00, 0b01])
    assert body == {
        "event_id": event_id,
        "version": 4,
        "chart_version": 5,
        "seats": 5,
        "available": 3,
        "bits_per_seat": 2,
        "representation_version": 2,
    }
    bare = await api.get(f"/events/{event_id}/availability", headers={"Accept": "application/octet-stream"})
    assert (bare.content, bare.headers["content-type"]) == (statuses, "application/octet-stream")
    assert (bare.headers["event-version"], bare.headers["chart-version"]) == ("4", "5")


async def test_the_chart_is_told_once_in_the_order_of_availability(api):
    event_id, _ = await api.event_on_sale(seats=0)
    written = {"seats": [a_seat(seat_number="Z", section="Stalls", row="1", price=7), a_seat(seat_number="A", price=0)]}
    added = (await api.post(f"/events/{event_id}/seats/bulk", written)).json()["seats"]
    chart = await api.get(f"/events/{event_id}/seat-map")
    assert chart.json() == {
        "event_id": event_id,
        "chart_version": 2,
        "seats": 2,
        "ids": [seat["id"] for seat in added],
        "seat_numbers": ["Z", "A"],
        "sections": ["Stalls", None],
        "rows": ["1", None],
        "prices": [7, 0],
    }
    named = await api.get(f"/events/{event_id}/seat-map?chart_version=2")
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    await api.post(f"/events/{event_id}/seats/bulk", some_seats(count=1))
    grown = await api.get(f"/events/{event_id}/seat-map?chart_version=2")
    assert (grown.json()["chart_version"], grown.headers["cache-control"]) == (3, "no-cache")


async def test_a_chart_that_a_failover_lost_is_not_confirmed(api, database_url):
    """It is replaced by as many other seats, so that its version number is the same."""
    event_id, _ = await api.event_on_sale(seats=2)
    lost = await api.get(f"/events/{event_id}/seat-map")
    await sql(
        database_url,
        f"""
        DELETE FROM seats WHERE event_id = '{event_id}';
        DELETE FROM changes WHERE event_id = '{event_id}';
        UPDATE events SET version = 0, available = 0 WHERE id = '{event_id}'
        """,
    )
    await api.post(f"/events/{event_id}/seats/bulk", some_seats(count=2))
    again = await api.get(f"/events/{event_id}/seat-map", headers={"If-None-Match": lost.headers["etag"]})
    assert again.status_code == 200
    assert again.json()["chart_version"] == lost.json()["chart_version"]
    assert not set(again.json()["ids"]) & set(lost.json()["ids"])


async def test_an_event_without_seats_has_an_empty_chart(api):
    event_id, _ = await api.event_on_sale(seats=0)
    assert (await api.get(f"/events/{event_id}/seat-map")).json()["ids"] == []
    assert (await api.get(f"/events/{event_id}/availability")).json()["statuses"] == ""
    assert (await api.get(f"/events/{event_id}/seats")).json() == []


@pytest.mark.parametrize("path", [*TAGGED, *LARGE_HALL, "/events/{event}/changes"])
async def test_an_event_that_is_not_there(api, path):
    unknown = "01979f3e-6a00-7c3a-9d52-0f3c5a7e1b20"
    refused(await api.get(path.format(event=unknown)), 404, "event_not_found")


async def test_changes_are_streamed_and_resumed(api):
    event_id, seat_ids = await api.event_on_sale(seats=3)

    async def frames(headers, count):
        got = []
        async with api.http.stream("GET", f"/api/v1/events/{event_id}/changes", headers=headers) as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert answer.headers["x-accel-buffering"] == "no"
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    got.append(json.loads(line.removeprefix("data: ")))
                    if len(got) == count:
                        return got
                if len(got) == 1 and not line:
                    await api.reserve(event_id, seat_ids[:1])
        return got

    async with asyncio.timeout(20):
        hello, change = await frames({}, 2)
        assert hello == {"version": 1, "seats": 3}
        assert change == {"version": 2, "seats": 3, "changes": [[0, 1]]}
        assert await frames({"Last-Event-ID": "1"}, 1) == [change]


async def test_a_hall_too_large_to_be_kept_is_listed_from_the_tables(api_where):
    async with api_where(seat_maps_mib_max=1) as api:
        event_id, seat_ids = await api.event_on_sale(seats=600, total_seats=600)
        await api.reserve(event_id, seat_ids[:1])
        listed = await api.get(f"/events/{event_id}/seats")
        assert [seat["status"] for seat in listed.json()].count("reserved") == 1
        assert listed.headers["event-version"] == "2"
        assert len((await api.get(f"/events/{event_id}/seats?available=true")).json()) == 599
        assert (await api.get(f"/events/{event_id}/seats/available/count")).json() == {"count": 599}
