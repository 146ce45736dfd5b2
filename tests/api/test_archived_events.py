"""An event whose reservations are in an archive: 410 wherever they would be needed, and as before once restored."""

import pytest

from api.serving import Api, api_with, refused
from archiving import archive
from box_office import assert_promises_hold, let_holds_run_out, sql
from builders import a_category, a_hall, a_seat, a_wish, an_event
from holdfast.api.operations import OPERATIONS
from holdfast.domain.catalogue.refusals import EventArchived
from holdfast.infrastructure.postgres.driver.queries import load_queries

CODE = "canary-of-the-fans"
NOBODY = "0190a8a0-0000-7000-8000-000000000000"
OF_ONE_ANSWER = {"date", "x-request-id"}


class Sold:
    """An event with a hall, prices and a channel, of which two seats are sold and one hold was given up."""

    def __init__(self, api: Api, event_id: str, seats: list[str], sold: dict, given_up: dict) -> None:
        self.api, self.event_id, self.seats, self.sold, self.given_up = api, event_id, seats, sold, given_up
        self.path = f"/events/{event_id}"
        self.wish = a_wish(event_id=event_id, seat_ids=seats[:2], idempotency_key="k")

    @classmethod
    async def on(cls, api: Api) -> "Sold":
        event_id = (await api.post("/events", an_event())).json()["id"]
        path = f"/events/{event_id}"
        assert (await api.put(f"{path}/categories", [a_category()])).status_code == 200
        assert (await api.put(f"{path}/hall", a_hall())).status_code == 200
        listed = (await api.get(f"{path}/seats")).json()
        seats = [seat["id"] for seat in listed]
        sold = (await api.reserve(event_id, seats[:2], idempotency_key="k")).json()
        sold = (await api.confirm(sold["id"])).json()
        given_up = (await api.reserve(event_id, seats[2:3], user="ben")).json()
        given_up = (await api.cancel(given_up["id"], user="ben")).json()
        channel = {"name": "Fans", "access_code": CODE}
        assert (await api.put(f"{path}/channels/fans", channel)).status_code == 200
        assert (await api.post(f"{path}/channels/fans/seats", {"seat_ids": seats[3:]})).status_code == 200
        return cls(api, event_id, seats, sold, given_up)

    def reads(self) -> dict[str, tuple[str, dict]]:
        """By operation: path and headers of what the archive is needed for."""
        of_ann = {"X-User-ID": "ann"}
        return {
            "list_seats": (f"{self.path}/seats", {}),
            "count_available_seats": (f"{self.path}/seats/available/count", {}),
            "get_seat": (f"/seats/{self.seats[0]}", {}),
            "get_availability": (f"{self.path}/availability", {}),
            "get_seat_map": (f"{self.path}/seat-map?chart_version={len(self.seats) + 1}", {}),
            "get_layout": (f"{self.path}/layout", {}),
            "list_channel_seats": (f"{self.path}/channels/fans/seats", {}),
            "list_event_reservations": (f"{self.path}/reservations", {}),
            "get_sales": (f"{self.path}/sales?bucket=day&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", {}),
            "get_reservation": (f"/reservations/{self.sold['id']}", of_ann),
        }

    def changes(self) -> dict[str, tuple[str, str, object]]:
        """By operation: method, path and body."""
        one = f"/reservations/{self.sold['id']}"
        return {
            "reserve": ("POST", "/reservations", self.wish),
            "confirm": ("POST", f"{one}/confirm", None),
            "cancel": ("POST", f"{one}/cancel", None),
            "extend": ("POST", f"{one}/extend", {"expires_at": self.sold["expires_at"]}),
            "change_seats": ("PUT", f"{one}/seats", {"seat_ids": self.seats[2:3]}),
            "release": ("POST", f"{self.path}/reservations/{self.sold['id']}/release", None),
            "edit_event": ("PUT", self.path, an_event(name="Another")),
            "delete_event": ("DELETE", self.path, None),
            "add_seat": ("POST", f"{self.path}/seats", a_seat()),
            "add_seats": ("POST", f"{self.path}/seats/bulk", {"prefix": "Z", "count": 200, "price": 1}),
            "put_hall": ("PUT", f"{self.path}/hall", a_hall()),
            "add_section": (
                "POST",
                f"{self.path}/hall/sections",
                a_hall()["sections"][0] | {"key": "circle", "name": "Circle"},
            ),
            "put_categories": ("PUT", f"{self.path}/categories", [a_category(price=1)]),
            "put_channel": ("PUT", f"{self.path}/channels/press", {"name": "Press"}),
            "delete_channel": ("DELETE", f"{self.path}/channels/fans", None),
            "keep_back_seats": ("POST", f"{self.path}/channels/fans/seats", {"seat_ids": self.seats[2:3]}),
            "give_back_seats": ("POST", f"{self.path}/channels/fans/seats/release", {"seat_ids": self.seats[3:]}),
        }

    async def answers(self) -> dict[str, tuple]:
        """Everything that can be read of the event: statuses, headers and bytes."""
        paths = {
            **self.reads(),
            "get_event": (self.path, {}),
            "get_hall": (f"{self.path}/hall", {}),
            "list_categories": (f"{self.path}/categories", {}),
            "list_channels": (f"{self.path}/channels", {}),
            "list_reservations": ("/reservations", {"X-User-ID": "ann"}),
            "csv": (f"{self.path}/reservations", {"Accept": "text/csv"}),
            "bits": (f"{self.path}/availability", {"Accept": "application/octet-stream"}),
            "given up": (f"/reservations/{self.given_up['id']}", {"X-User-ID": "ben"}),
        }
        found = {}
        for name, (path, headers) in paths.items():
            answer = await self.api.get(path, headers=headers)
            kept = {key: value for key, value in answer.headers.items() if key not in OF_ONE_ANSWER}
            found[name] = (answer.status_code, kept, answer.content)
        return found


@pytest.fixture
async def event(api) -> Sold:
    return await Sold.on(api)


async def test_from_sold_to_archived_and_back(database_url, event):
    """Nothing that this process keeps in memory makes a difference, and after a restore every byte is as before."""
    api = event.api
    before = await event.answers()
    assert {status for status, _, _ in before.values()} == {200}
    archived = await archive(database_url, event.event_id)
    await assert_promises_hold(database_url)
    for name, (path, headers) in event.reads().items():
        for more in ({}, {"If-None-Match": before[name][1].get("etag", '"x"')}):
            answer = await api.get(path, headers=headers | more)
            assert refused(answer, 410, "event_archived")["event_id"] == event.event_id, name
            assert answer.headers["cache-control"] == "no-store", name
    for name, (method, path, body) in event.changes().items():
        answer = await api.call(method, path, body, user="ann")
        assert (answer.status_code, answer.json()["code"]) == (410, "event_archived"), name
    tried = {*event.reads(), *event.changes(), "stream_changes"}
    assert tried == {operation.name for operation in OPERATIONS if EventArchived in operation.refusals}

    during = await event.answers()
    for name in ("get_event", "get_hall", "list_categories", "list_channels"):
        assert during[name] == before[name], name
    assert during["list_reservations"][2] == b"[]"
    assert event.event_id in (await api.get("/events")).text
    await assert_promises_hold(database_url)

    await archived.restore()
    await assert_promises_hold(database_url)
    assert await event.answers() == before
    again = await api.post("/reservations", event.wish, user="ann")
    assert (again.status_code, again.headers["idempotent-replayed"], again.json()) == (201, "true", event.sold)
    for name in ("list_seats", "get_availability", "get_seat_map", "get_layout"):
        tag = {"If-None-Match": before[name][1]["etag"]}
        assert (await api.get(event.reads()[name][0], headers=tag)).status_code == 304, name
    assert (await api.reserve(event.event_id, event.seats[2:3])).status_code == 201
    await assert_promises_hold(database_url)


async def test_a_node_that_knows_nothing_of_it_answers_the_same(database_url, redis_url, event):
    archived = await archive(database_url, event.event_id)
    async with api_with(database_url=database_url, redis_url=redis_url) as other:
        for name, (path, headers) in event.reads().items():
            assert (await other.get(path, headers=headers)).status_code == 410, name
        for name, (method, path, body) in event.changes().items():
            assert (await other.call(method, path, body, user="ann")).status_code == 410, name
        await archived.restore()
        assert (await other.get(f"/reservations/{event.sold['id']}", user="ann")).json() == event.sold
        assert (await other.confirm(event.sold["id"])).json() == event.sold


async def test_what_leaves_the_choice_to_us_is_refused_too(database_url, event):
    wish = {"event_id": event.event_id, "best_available": {"count": 1}, "idempotency_key": "best"}
    made = await event.api.post("/reservations", wish, user="cy")
    assert (await event.api.cancel(made.json()["id"], user="cy")).status_code == 200
    archived = await archive(database_url, event.event_id)
    for key in ("best", "another"):
        refused(
            await event.api.post("/reservations", wish | {"idempotency_key": key}, user="cy"), 410, "event_archived"
        )
    await archived.restore()
    assert (await event.api.post("/reservations", wish | {"idempotency_key": "third"}, user="cy")).status_code == 201


async def test_a_reservation_is_told_of_to_its_buyer_only(database_url, event):
    """Whoever else asks for it cannot tell it from one that never was."""
    await archive(database_url, event.event_id)
    one = f"/reservations/{event.sold['id']}"
    seats = {"seat_ids": event.seats[:1]}
    calls = [("GET", one, None), ("POST", f"{one}/confirm", None), ("POST", f"{one}/cancel", None)]
    calls += [("POST", f"{one}/extend", {"expires_at": event.sold["expires_at"]}), ("PUT", f"{one}/seats", seats)]
    for method, path, body in calls:
        assert (await event.api.call(method, path, body, user="ann")).status_code == 410, path
        for stranger in ("ben", "ANN", "an"):
            refused(await event.api.call(method, path, body, user=stranger), 404, "reservation_not_found")
        refused(
            await event.api.call(method, path.replace(event.sold["id"], NOBODY), body, user="ann"),
            404,
            "reservation_not_found",
        )


async def test_an_open_stream_says_so_and_ends(database_url, event):
    async with event.api.http.stream("GET", f"/api/v1{event.path}/changes") as stream:
        lines = stream.aiter_lines()
        assert [await anext(lines) for _ in range(1)] == ["event: hello"]
        archived = await archive(database_url, event.event_id)
        rest = [line async for line in lines]
    assert [line for line in rest if line.startswith("event:")] == ["event: archived"]
    last_id = [line.removeprefix("id: ") for line in rest if line.startswith("id: ")][-1]
    resumed = {"Last-Event-ID": last_id}
    refused(await event.api.get(f"{event.path}/changes", headers=resumed), 410, "event_archived")
    await archived.restore()
    async with event.api.http.stream("GET", f"/api/v1{event.path}/changes", headers=resumed) as stream:
        assert await anext(stream.aiter_lines()) == "event: hello"


async def test_a_channel_that_would_open_stays_closed(database_url, event):
    """The worker and readers would try again for ever to open it."""
    await archive(database_url, event.event_id)
    due = "UPDATE channels SET opens_to_all_at = clock_timestamp() WHERE event_id = $1"
    await sql(database_url, due, event.event_id)
    overdue_events = load_queries("booking/batch")["overdue_events"].sql
    assert await sql(database_url, overdue_events, 10) == []
    refused(await event.api.get(f"{event.path}/seats"), 410, "event_archived")
    async with api_with(database_url=database_url) as other:
        refused(await other.get(f"{event.path}/availability"), 410, "event_archived")
    [channel] = await sql(database_url, "SELECT opened_at FROM channels WHERE event_id = $1", event.event_id)
    assert channel["opened_at"] is None


async def test_a_deleted_event_looks_like_none_as_before(database_url, api):
    event_id, seats = await api.event_on_sale(seats=2)
    made = (await api.reserve(event_id, seats[:1])).json()
    await let_holds_run_out(database_url)
    assert (await api.get(f"/events/{event_id}/seats")).status_code == 200
    assert (await api.delete(f"/events/{event_id}")).status_code == 204
    await archive(database_url, event_id)
    await assert_promises_hold(database_url)
    for path in (f"/events/{event_id}", f"/events/{event_id}/seats", f"/events/{event_id}/sales", f"/seats/{seats[0]}"):
        assert (await api.get(path)).status_code == 404, path
    assert (await api.reserve(event_id, seats[1:])).status_code == 404
    assert (await api.put(f"/events/{event_id}", an_event())).status_code == 404
    refused(await api.get(f"/reservations/{made['id']}", user="ann"), 410, "event_archived")
