"""Who may see what: every reservation route, for its owner, for somebody else and for nobody."""

from uuid import uuid4

import pytest

from api.serving import refused
from builders import a_wish
from holdfast.api.operations import OPERATIONS as TABLE

OF_CALLERS = [operation for operation in TABLE if operation.path.startswith("/api/v1/reservations")]
"""Without those on reservations of an event, which are for its organiser."""
OF_ONE = [operation for operation in OF_CALLERS if operation.path_parameters]


def _path(operation, reservation_id: str) -> str:
    return operation.path.removeprefix("/api/v1").replace("{id}", reservation_id)


async def _called(api, operation, held, reservation_id: str, *, user: str | None):
    """Calls the operation on `reservation_id` with a body that fits the reservation `held`."""
    bodies = {"extend": {"expires_at": held["expires_at"]}, "change_seats": {"seat_ids": held["seat_ids"]}}
    return await api.call(operation.method, _path(operation, reservation_id), bodies.get(operation.name), user=user)


def _named(operations):
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.name)


def test_only_reservations_and_who_one_is_are_private():
    private = {operation.name for operation in OF_CALLERS} | {"get_me"}
    assert {operation.name for operation in TABLE if operation.needs_user} == private


@_named(OF_CALLERS)
async def test_nobody_gets_401(api, operation):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1], user="ann")).json()
    answer = await _called(api, operation, held, held["id"], user=None)
    refused(answer, 401, "missing_user_id")
    assert (await api.get(f"/reservations/{held['id']}", user="ann")).json() == held


@_named(OF_ONE)
async def test_the_owner_gets_an_answer(api, operation):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1], user="ann")).json()
    answer = await _called(api, operation, held, held["id"], user="ann")
    assert (answer.status_code, answer.json()["id"]) == (200, held["id"])


@_named(OF_ONE)
async def test_somebody_else_cannot_tell_it_from_one_that_does_not_exist(api, operation):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1], user="ann")).json()
    missing_id = str(uuid4())
    others = await _called(api, operation, held, held["id"], user="ben")
    missing = await _called(api, operation, held, missing_id, user="ben")
    same = {"request_id": "", "content-length": ""}
    told = refused(others, 404, "reservation_not_found") | same
    told_of_missing = refused(missing, 404, "reservation_not_found") | same
    assert str(told).replace(held["id"], missing_id) == str(told_of_missing)
    assert set(others.headers) == set(missing.headers)
    assert (await api.get(f"/reservations/{held['id']}", user="ann")).json() == held


async def test_lists_hold_the_callers_own_only(api):
    event_id, seat_ids = await api.event_on_sale()
    held = (await api.reserve(event_id, seat_ids[:1], user="ann")).json()
    assert (await api.get("/reservations", user="ann")).json() == [held]
    for somebody_else in ("ben", "Ann", "ann2", "an", "a%", "ann;"):
        assert (await api.get("/reservations", user=somebody_else)).json() == []


async def test_a_body_cannot_speak_for_somebody_else(api):
    event_id, seat_ids = await api.event_on_sale()
    wish = a_wish(event_id=event_id, seat_ids=seat_ids[:1], user_id="ben", status="confirmed", id=event_id)
    made = (await api.post("/reservations", wish, user="ann")).json()
    assert (made["user_id"], made["status"]) == ("ann", "pending")
    assert made["id"] != event_id
