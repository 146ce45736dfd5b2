"""Two cells are sold like one: new events are spread over them, and whoever names one reaches it."""

import codecs
import json
from uuid import UUID

from api.serving import refused
from box_office import assert_promises_hold
from builders import a_category, a_hall, a_wish, an_event
from holdfast.application.identifiers import cell_of, uuid7


async def _events_of(two_cells) -> list[set[str]]:
    return [{str(row["id"]) for row in await two_cells.in_cell(cell, "SELECT id FROM events")} for cell in (0, 1)]


async def _an_event_in(api, cell: int, **wanted) -> tuple[str, list[str]]:
    """An event with five seats in this cell; new ones go to where fewer seats are."""
    while True:
        event_id, seat_ids = await api.event_on_sale(**wanted)
        if cell_of(UUID(event_id)) == cell:
            return event_id, seat_ids


async def test_the_tour_is_the_same_in_both_cells(api, two_cells):
    """The README's tour: an event, seats, a hold, its replay, the sale, what is left."""
    for cell in (0, 1):
        event_id, seat_ids = await _an_event_in(api, cell)
        wish = a_wish(event_id=event_id, seat_ids=seat_ids[:2])
        held = await api.post("/reservations", wish, user="ann")
        assert held.status_code == 201, held.text
        again = await api.post("/reservations", wish, user="ann")
        assert (again.json()["id"], again.headers["idempotent-replayed"]) == (held.json()["id"], "true")
        lost = await api.reserve(event_id, seat_ids[1:3], user="bob")
        assert refused(lost, 409, "seats_unavailable")["seat_ids"] == [seat_ids[1]]
        reservation_id = held.json()["id"]
        assert (await api.confirm(reservation_id)).json()["status"] == "confirmed"
        assert (await api.get(f"/reservations/{reservation_id}", user="ann")).json()["status"] == "confirmed"
        refused(await api.get(f"/reservations/{reservation_id}", user="bob"), 404, "reservation_not_found")
        assert (await api.get(f"/seats/{seat_ids[0]}")).json()["status"] == "confirmed"
        count = await api.get(f"/events/{event_id}/seats/available/count")
        assert count.json()["count"] == 3
        named = {event_id, *seat_ids, reservation_id}
        assert {cell_of(UUID(one)) for one in named} == {cell}
    for url in two_cells.urls:
        await assert_promises_hold(url)


async def test_new_events_go_where_the_fewest_seats_are_on_sale(api, two_cells):
    sizes = (100, 10, 10, 50, 40)
    ids = [(await api.post("/events", an_event(total_seats=seats))).json()["id"] for seats in sizes]
    assert [cell_of(UUID(one)) for one in ids] == [0, 1, 1, 1, 1]
    assert await _events_of(two_cells) == [{ids[0]}, set(ids[1:])]


async def test_a_drained_cell_takes_no_new_events_and_still_sells_its_own(two_cells):
    async with two_cells.api() as api:
        event_id, seat_ids = await _an_event_in(api, 0)
    await two_cells.drain(0)
    async with two_cells.api() as api:
        ids = [(await api.post("/events", an_event())).json()["id"] for _ in range(4)]
        assert {cell_of(UUID(one)) for one in ids} == {1}
        assert (await api.reserve(event_id, seat_ids[:1])).status_code == 201


async def test_an_admin_chooses_the_cell_and_nobody_else(two_cells):
    async with two_cells.api(auth_mode="gateway", gateway_peers="127.0.0.1") as api:

        async def create(roles: str, cell: int):
            headers = {"X-User-Roles": roles}
            return await api.post("/events", an_event(cell=cell), user="ann", headers=headers)

        for cell in (1, 1, 0, 1):
            made = await create("admin", cell)
            assert made.status_code == 201, made.text
            assert cell_of(UUID(made.json()["id"])) == cell
        problem = refused(await create("admin", 7), 400, "invalid_request")
        assert (problem["field"], problem["problem"]) == ("cell", "7 does not exist")
        refused(await create("buyer", 1), 403, "forbidden")


async def test_ids_that_are_older_than_the_cells_are_found_in_cell_0(api, two_cells):
    """Before there were cells, the bits of the number were random: here they name cell 1, at a time after it was added,
    as from a clock that was ahead, and before that."""
    event_id, seat_ids = await _an_event_in(api, 0)
    for made_at in (uuid7(1), UUID(int=(1 << 80) | (uuid7(1).int & ((1 << 80) - 1)))):
        old_id, old_seat = made_at, UUID(int=made_at.int ^ 1)
        await two_cells.in_cell(
            0,
            "INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object('id', $2::text, 'name', 'old'))).*"
            " FROM events e WHERE id = $1::uuid",
            UUID(event_id),
            str(old_id),
        )
        await two_cells.in_cell(
            0,
            "INSERT INTO seats SELECT (jsonb_populate_record(s,"
            " jsonb_build_object('id', $2::text, 'event_id', $3::text))).* FROM seats s WHERE id = $1::uuid",
            UUID(seat_ids[0]),
            str(old_seat),
            str(old_id),
        )
        assert (await api.get(f"/events/{old_id}")).json()["name"] == "old"
        assert (await api.get(f"/seats/{old_seat}")).json()["event_id"] == str(old_id)
        held = await api.reserve(str(old_id), [str(old_seat)])
        assert held.status_code == 201, held.text
        reservation_id = UUID(held.json()["id"])
        assert cell_of(reservation_id) == 0, "the cell that was looked up, never bits of an older id"
        assert (await api.confirm(str(reservation_id))).status_code == 200
        await two_cells.in_cell(0, "DELETE FROM claims")


async def test_what_is_in_no_cell_is_not_found(api):
    for made in (uuid7(0), uuid7(1), uuid7(2), UUID(int=5)):
        refused(await api.get(f"/events/{made}"), 404, "event_not_found")
        refused(await api.get(f"/seats/{made}"), 404, "seat_not_found")
        refused(await api.get(f"/reservations/{made}", user="ann"), 404, "reservation_not_found")
        refused(await api.confirm(str(made)), 404, "reservation_not_found")
        refused(await api.reserve(str(made), [str(uuid7(1))]), 404, "event_not_found")
        refused(await api.put(f"/events/{made}", an_event()), 404, "event_not_found")
        refused(await api.post(f"/events/{made}/seats", {"seat_number": "A", "price": 1}), 404, "event_not_found")


async def test_a_body_is_refused_as_in_a_single_cell(api):
    event_id, seat_ids = await _an_event_in(api, 1)
    wish = a_wish(event_id=event_id, seat_ids=seat_ids[:1])
    refused(await api.post("/reservations", wish), 401, "missing_user_id")
    large = {**wish, "idempotency_key": "x" * 20_000}
    refused(await api.post("/reservations", large), 401, "missing_user_id")
    refused(await api.post("/reservations", large, user="ann"), 413, "body_too_large")
    assert refused(await api.post("/reservations", [], user="ann"), 400, "invalid_request")["field"] == "body"
    wrong = {**wish, "event_id": "x"}
    assert refused(await api.post("/reservations", wrong, user="ann"), 400, "invalid_request")["field"] == "event_id"
    assert refused(await api.get("/events/x"), 400, "invalid_request")["field"] == "id"


async def test_halls_channels_and_holds_change_in_their_cell(api):
    event_id, _ = await _an_event_in(api, 1, seats=0)
    put = await api.put(f"/events/{event_id}/categories", [a_category()])
    assert put.status_code == 200, put.text
    put = await api.put(f"/events/{event_id}/hall", a_hall())
    assert put.status_code == 200, put.text
    made = (await api.get(f"/events/{event_id}/seats")).json()
    assert {cell_of(UUID(seat["id"])) for seat in made} == {1}
    best = {"event_id": event_id, "best_available": {"count": 2}, "idempotency_key": "best"}
    held = await api.post("/reservations", best, user="ann")
    assert held.status_code == 201, held.text
    known = {"expires_at": held.json()["expires_at"]}
    extended = await api.post(f"/reservations/{held.json()['id']}/extend", known, user="ann")
    assert extended.status_code == 200, extended.text
    released = await api.post(f"/events/{event_id}/reservations/{held.json()['id']}/release", {})
    assert released.json()["status"] == "cancelled", released.text
    assert (await api.get(f"/events/{event_id}/layout")).status_code == 200
    assert (await api.delete(f"/events/{event_id}")).status_code == 204
    refused(await api.get(f"/events/{event_id}"), 404, "event_not_found")


async def test_a_body_that_says_where_to_look_may_be_written_as_in_a_single_cell(api):
    """With a byte order mark, and with unknown fields that are nested more deeply than anything of ours."""
    event_id, seat_ids = await _an_event_in(api, 1)
    wish = json.dumps(a_wish(event_id=event_id, seat_ids=seat_ids[:1]))
    deep = wish.removesuffix("}") + ', "more": ' + "[" * 5_000 + "]" * 5_000 + "}"
    headers = {"X-User-ID": "ann", "Content-Type": "application/json"}
    nested = await api.http.post("/api/v1/reservations", content=deep.encode(), headers=headers)
    assert refused(nested, 400, "invalid_request")["field"] == "body"
    marked = await api.http.post("/api/v1/reservations", content=codecs.BOM_UTF8 + wish.encode(), headers=headers)
    assert marked.status_code == 201, marked.text
