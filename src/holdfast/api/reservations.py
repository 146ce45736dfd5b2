"""Reservations over HTTP. The caller is checked before anything else of the request."""

from uuid import UUID

from holdfast.api.answer import REPLAYED, Answer, event_version, json_answer
from holdfast.api.bodies import KEY_MAX, ReservationInput, reservation_body
from holdfast.api.call import Call
from holdfast.api.limits import SMALL_BODY_BYTES, WISH_BODY_BYTES
from holdfast.api.strict_json import StrictDecoder
from holdfast.application.cancel import cancel as cancel_reservation
from holdfast.application.confirm import confirm as confirm_reservation
from holdfast.application.desk import Desk
from holdfast.application.reserve import reserve as reserve_seats
from holdfast.domain.commands import Done
from holdfast.domain.errors import InvalidValue, ReservationNotFound

_EMPTY_BODIES = (b"", b"{}", b"null")


def _quotes_of_wish(given: ReservationInput) -> int:
    return 10 + 2 * len(given.seat_ids)


_decoder = StrictDecoder(ReservationInput, quotes=_quotes_of_wish)


async def reserve(desk: Desk, call: Call) -> Answer:
    """POST /reservations."""
    user_id = call.user_id()
    given = await _decoder.read(await call.body(WISH_BODY_BYTES))
    key = given.idempotency_key
    if not (key.isascii() and key.isprintable()):
        raise InvalidValue("idempotency_key", f"must be 1 to {KEY_MAX} printable ASCII characters")
    done = await reserve_seats(
        desk, event_id=given.event_id, user_id=user_id, idempotency_key=key, seat_ids=tuple(given.seat_ids)
    )
    return _done_answer(201, done, call)


async def find_all(desk: Desk, call: Call) -> Answer:
    """GET /reservations."""
    user_id = call.user_id()
    limit, offset = call.page()
    found = await desk.reads.reservations(user_id, limit=limit, offset=offset)
    return json_answer(200, [reservation_body(reservation) for reservation in found])


async def find(desk: Desk, call: Call) -> Answer:
    """GET /reservations/{id}."""
    user_id = call.user_id()
    reservation_id = _reservation_id(call)
    found = await desk.reads.reservation(reservation_id, user_id)
    if found is None:
        raise ReservationNotFound(reservation_id)
    reservation, version = found
    return json_answer(200, reservation_body(reservation), event_version(version))


async def confirm(desk: Desk, call: Call) -> Answer:
    """POST /reservations/{id}/confirm."""
    user_id = call.user_id()
    reservation_id = _reservation_id(call)
    await _require_no_body(call)
    done = await confirm_reservation(desk, reservation_id=reservation_id, user_id=user_id)
    return _done_answer(200, done, call)


async def cancel(desk: Desk, call: Call) -> Answer:
    """POST /reservations/{id}/cancel."""
    user_id = call.user_id()
    reservation_id = _reservation_id(call)
    await _require_no_body(call)
    done = await cancel_reservation(desk, reservation_id=reservation_id, user_id=user_id)
    return _done_answer(200, done, call)


def _reservation_id(call: Call) -> UUID:
    call.reservation_id = call.path_id("id")
    return call.reservation_id


async def _require_no_body(call: Call) -> None:
    body = await call.body(SMALL_BODY_BYTES)
    if body.strip() not in _EMPTY_BODIES:
        raise InvalidValue("body", "must be empty")


def _done_answer(status: int, done: Done, call: Call) -> Answer:
    call.reservation_id = done.reservation.id
    body = reservation_body(done.reservation)
    if done.replayed:
        return json_answer(status, body, event_version(done.version), REPLAYED)
    return json_answer(status, body, event_version(done.version))
