"""Reservations over HTTP: handlers and operations. The caller is checked before any other part of the request."""

from typing import Any
from uuid import UUID

from msgspec import UNSET

from holdfast.api import examples
from holdfast.api.identity.admission import buyer_of, caller_of, principal_of
from holdfast.api.paging import BASE, PAGE
from holdfast.api.reservation_bodies import ReservationBody, reservation_body
from holdfast.api.wish_bodies import BestAvailableReservationInput, ReservationInput, best_of, event_in, read_wish
from holdfast.application.booking.booking import Booking
from holdfast.application.booking.cancel import cancel as cancel_reservation
from holdfast.application.booking.confirm import confirm as confirm_reservation
from holdfast.application.booking.reserve import reserve as reserve_seats
from holdfast.application.identity.policy import reach_of
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.commands import Done
from holdfast.domain.booking.refusals import (
    AlreadyCancelled,
    AlreadyConfirmed,
    AreaByCount,
    BookingClosed,
    CompanionAlone,
    HoldExpired,
    IdempotencyKeyReused,
    NotEnoughSeats,
    NotTogether,
    PurchaseLimitReached,
    ReholdTooSoon,
    ReservationNotFound,
    SaleNotOpen,
    SeatsNotFound,
    SeatsUnavailable,
    SellerConfirms,
    TooManyHolds,
    TooManyTries,
)
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.identity.principal import Proof
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import REPLAYED, Answer, event_version, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import IdInBody, Link, Operation, Success

WISH_BODY_BYTES = 16 * 1024
"""A request for 20 seats takes 2,500 bytes, with every character of the key escaped."""
EMPTY_BODY_BYTES = 160 * 1024
"""The size of a body that has to be empty: it may contain spaces."""

_EMPTY_BODIES = (b"", b"{}", b"null")


async def reserve(booking: Booking, call: Call) -> Answer:
    """POST /reservations."""
    user_id = buyer_of(call)
    given = read_wish(await call.body(WISH_BODY_BYTES))
    best = best_of(given)
    caller = caller_of(call)
    for_another = caller.principal.user_id is None
    if for_another:
        await caller.look_at_event(Verb.RESERVE, given.event_id)
    known = caller.principal.proof is not Proof.OPEN
    sees_drafts = known and await caller.may(Verb.SEE_DRAFTS, given.event_id)
    beyond_limit = known and await caller.may(Verb.EXCEED_PURCHASE_LIMIT, given.event_id)
    uses_channels = known and await caller.may(Verb.USE_CHANNELS, given.event_id)
    done = await reserve_seats(
        booking,
        event_id=given.event_id,
        user_id=user_id,
        idempotency_key=given.idempotency_key,
        seat_ids=() if given.seat_ids is UNSET else tuple(given.seat_ids),
        best=best,
        address=call.client_address(),
        limited=not for_another,
        sees_drafts=sees_drafts,
        beyond_limit=beyond_limit,
        code_digest=None if given.access_code is UNSET else digest_of(given.access_code),
        uses_channels=uses_channels,
    )
    return done_answer(201, done, call)


async def find_all(views: Views, call: Call) -> Answer:
    """GET /reservations."""
    user_id = buyer_of(call)
    limit, offset = call.page()
    principal = principal_of(call)
    if principal.user_id is None and not principal.admin:
        organiser_ids = reach_of(principal, Verb.LIST_RESERVATIONS).organiser_ids
        found = await views.reads.reservations_at(organiser_ids, user_id, limit=limit, offset=offset)
    else:
        found = await views.reads.reservations(user_id, limit=limit, offset=offset)
    return json_answer(200, [reservation_body(reservation) for reservation in found])


async def find(views: Views, call: Call) -> Answer:
    """GET /reservations/{id}."""
    user_id = buyer_of(call)
    reservation_id = reservation_id_of(call)
    found = await views.reservation(reservation_id, [user_id])
    return json_answer(200, reservation_body(found.reservation), event_version(found.version))


async def confirm(booking: Booking, call: Call) -> Answer:
    """POST /reservations/{id}/confirm."""
    user_id = buyer_of(call)
    reservation_id = reservation_id_of(call)
    await _require_no_body(call)
    by_seller = caller_of(call).may_as_seller(Verb.SELL)
    done = await confirm_reservation(booking, reservation_id=reservation_id, user_id=user_id, by_seller=by_seller)
    return done_answer(200, done, call)


async def cancel(booking: Booking, call: Call) -> Answer:
    """POST /reservations/{id}/cancel."""
    user_id = buyer_of(call)
    reservation_id = reservation_id_of(call)
    await _require_no_body(call)
    done = await cancel_reservation(booking, reservation_id=reservation_id, user_id=user_id)
    return done_answer(200, done, call)


def reservation_id_of(call: Call) -> UUID:
    """Return the id in the path, and note it for the log."""
    call.reservation_id = call.path_id("id")
    return call.reservation_id


async def _require_no_body(call: Call) -> None:
    body = await call.body(EMPTY_BODY_BYTES)
    if body.strip() not in _EMPTY_BODIES:
        raise InvalidValue("body", "must be empty")


def done_answer(status: int, done: Done, call: Call) -> Answer:
    """Answer with the reservation that a command made, found or changed."""
    call.reservation_id = done.reservation.id
    body = reservation_body(done.reservation)
    if done.replayed:
        return json_answer(status, body, event_version(done.version), REPLAYED)
    return json_answer(status, body, event_version(done.version))


ONE = Success(status=200, description="The reservation.", body=ReservationBody, event_version=True)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path=f"{BASE}/reservations",
        name="reserve",
        id_in_body=IdInBody(WISH_BODY_BYTES, event_in),
        tag="reservations",
        summary="Hold seats",
        description=(
            "Holds every requested seat for 15 minutes, or none. The key belongs to its user and event: sent again "
            "with the same seats, in any order, it returns the same reservation in its present state. With "
            "`best_available` in place of `seat_ids` the seats are chosen here: next to each other, near the focal "
            "point. Such a request is the same if it asks for the same, and returns the seats of the first time."
        ),
        needs=Booking,
        handler=reserve,
        needs_user=True,
        request=(ReservationInput, BestAvailableReservationInput),
        request_examples={"two seats": examples.WISH, "best available": examples.BEST_AVAILABLE_WISH},
        success=Success(
            status=201,
            description="The reservation: pending, or after a replay, in its present state.",
            body=ReservationBody,
            event_version=True,
            replayed=True,
            example=examples.RESERVATION,
            links=(
                Link("get_reservation", "id"),
                Link("confirm", "id"),
                Link("cancel", "id"),
                Link("extend", "id"),
                Link("change_seats", "id"),
            ),
        ),
        refusals=(
            IdempotencyKeyReused,
            TooManyHolds,
            ReholdTooSoon,
            TooManyTries,
            EventNotFound,
            EventArchived,
            SaleNotOpen,
            BookingClosed,
            SeatsNotFound,
            AreaByCount,
            CompanionAlone,
            PurchaseLimitReached,
            SeatsUnavailable,
            NotEnoughSeats,
            NotTogether,
        ),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/reservations",
        name="list_reservations",
        lists_all=True,
        tag="reservations",
        summary="List the caller's reservations, newest first",
        needs=Views,
        handler=find_all,
        needs_user=True,
        query=PAGE,
        success=Success(
            status=200,
            description="The caller's reservations.",
            body=list[ReservationBody],
            example=[examples.RESERVATION],
        ),
    ),
    Operation(
        method="POST",
        path=f"{BASE}/reservations/{{id}}/confirm",
        name="confirm",
        tag="reservations",
        summary="Buy the held seats",
        description=(
            "The body is empty. A confirmed reservation is returned unchanged, whoever confirmed it. If only the "
            "seller confirms reservations of its event, its buyer cannot turn a hold into a sale."
        ),
        needs=Booking,
        handler=confirm,
        needs_user=True,
        success=ONE,
        refusals=(ReservationNotFound, EventArchived, HoldExpired, AlreadyCancelled, SellerConfirms),
    ),
    Operation(
        method="POST",
        path=f"{BASE}/reservations/{{id}}/cancel",
        name="cancel",
        tag="reservations",
        summary="Release the held seats",
        description="The body is empty. A cancelled or expired reservation is returned unchanged.",
        needs=Booking,
        handler=cancel,
        needs_user=True,
        success=ONE,
        refusals=(ReservationNotFound, EventArchived, AlreadyConfirmed),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/reservations/{{id}}",
        name="get_reservation",
        tag="reservations",
        summary="Show one of the caller's reservations",
        needs=Views,
        handler=find,
        needs_user=True,
        success=ONE,
        refusals=(ReservationNotFound, EventArchived),
    ),
)
