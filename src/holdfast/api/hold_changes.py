"""Extending a hold, changing its seats, and its release by the seller, over HTTP: bodies, handlers, operations."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api import examples
from holdfast.api.fields import NO_NUL, Time, in_utc, or_default
from holdfast.api.identity.admission import actor_of, buyer_of, caller_of
from holdfast.api.paging import BASE
from holdfast.api.reservations import ONE, WISH_BODY_BYTES, done_answer, reservation_id_of
from holdfast.api.wish_bodies import SeatIds
from holdfast.application.booking.booking import Booking
from holdfast.application.booking.change_seats import change_seats as change_seats_of_hold
from holdfast.application.booking.extend import extend as extend_hold
from holdfast.application.booking.release import release as release_hold
from holdfast.application.identity.verbs import Verb
from holdfast.domain.booking.refusals import (
    AlreadyCancelled,
    AlreadyConfirmed,
    AreaByCount,
    BookingClosed,
    CompanionAlone,
    ExtensionLimitReached,
    HoldChanged,
    HoldExpired,
    PurchaseLimitReached,
    ReservationNotFound,
    SeatsNotFound,
    SeatsUnavailable,
)
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound, UpgradeUnfinished
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation
from holdfast.http.endpoints.strict_json import StrictDecoder

REASON_MAX = 200
"""Characters in the reason of a release."""


class ExtensionInput(Struct, kw_only=True):
    """The end of the hold that the caller knows."""

    expires_at: Annotated[Time, Meta(description="`expires_at` exactly as the last answer had it.")]


class SeatsInput(Struct, kw_only=True):
    """All the seats that the hold is to have. `seat_ids` must not contain duplicates."""

    seat_ids: SeatIds


class ReleaseInput(Struct, kw_only=True):
    """Why the hold is released, for the audit. The body may be left out."""

    reason: Annotated[str, Meta(max_length=REASON_MAX, pattern=NO_NUL)] | UnsetType = UNSET


_extension_decoder = StrictDecoder(ExtensionInput)
_seats_decoder = StrictDecoder(SeatsInput)
_release_decoder = StrictDecoder(ReleaseInput)


async def extend(booking: Booking, call: Call) -> Answer:
    """POST /reservations/{id}/extend."""
    user_id = buyer_of(call)
    reservation_id = reservation_id_of(call)
    given = await _extension_decoder.read(await call.body(WISH_BODY_BYTES))
    done = await extend_hold(
        booking,
        reservation_id=reservation_id,
        user_id=user_id,
        known_expires_at=in_utc("expires_at", given.expires_at),
    )
    return done_answer(200, done, call)


async def change_seats(booking: Booking, call: Call) -> Answer:
    """PUT /reservations/{id}/seats."""
    user_id = buyer_of(call)
    reservation_id = reservation_id_of(call)
    given = await _seats_decoder.read(await call.body(WISH_BODY_BYTES))
    done = await change_seats_of_hold(
        booking,
        reservation_id=reservation_id,
        user_id=user_id,
        seat_ids=tuple(given.seat_ids),
        beyond_limit=caller_of(call).may_as_seller(Verb.EXCEED_PURCHASE_LIMIT),
        uses_channels=caller_of(call).may_as_seller(Verb.USE_CHANNELS),
    )
    return done_answer(200, done, call)


async def release(booking: Booking, call: Call) -> Answer:
    """POST /events/{id}/reservations/{reservation_id}/release."""
    event_id = call.path_id("id")
    call.reservation_id = call.path_id("reservation_id")
    body = await call.body(WISH_BODY_BYTES)
    given = await _release_decoder.read(body) if body.strip() else ReleaseInput()
    done = await release_hold(
        booking,
        event_id=event_id,
        reservation_id=call.reservation_id,
        actor=actor_of(call),
        organiser_id=await caller_of(call).organiser_of(event_id),
        reason=or_default(given.reason, None),
    )
    return done_answer(200, done, call)


_NO_LIVE_HOLD = (ReservationNotFound, EventArchived, HoldExpired, AlreadyCancelled, AlreadyConfirmed)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path=f"{BASE}/reservations/{{id}}/extend",
        name="extend",
        tag="reservations",
        summary="Keep the seats longer",
        description=(
            "The hold lasts as long again as a new one, from now on, within the limits of the installation. The body "
            "names the end that you know: if the hold ends later already, it is returned unchanged, so the same "
            "request sent again extends it only once. It is never shortened."
        ),
        needs=Booking,
        handler=extend,
        needs_user=True,
        request=(ExtensionInput,),
        request_examples={"the known end": {"expires_at": examples.RESERVATION["expires_at"]}},
        success=ONE,
        refusals=(*_NO_LIVE_HOLD, HoldChanged, ExtensionLimitReached, UpgradeUnfinished),
    ),
    Operation(
        method="PUT",
        path=f"{BASE}/reservations/{{id}}/seats",
        name="change_seats",
        tag="reservations",
        summary="Hold other seats in place of the held ones",
        description=(
            "The hold has exactly these seats afterwards, or stays as it was. Its end and its key stay the same. Seats "
            "that stay keep their price; added ones cost what they cost now."
        ),
        needs=Booking,
        handler=change_seats,
        needs_user=True,
        request=(SeatsInput,),
        request_examples={"two seats": {"seat_ids": examples.WISH["seat_ids"]}},
        success=ONE,
        refusals=(
            *_NO_LIVE_HOLD,
            BookingClosed,
            SeatsNotFound,
            AreaByCount,
            CompanionAlone,
            PurchaseLimitReached,
            SeatsUnavailable,
            UpgradeUnfinished,
        ),
    ),
    Operation(
        method="POST",
        path=f"{BASE}/events/{{id}}/reservations/{{reservation_id}}/release",
        name="release",
        tag="reservations",
        summary="Release a buyer's hold, as the seller",
        description="A reservation that was cancelled is returned unchanged. The reason goes into the audit.",
        needs=Booking,
        handler=release,
        request=(ReleaseInput,),
        request_examples={"with a reason": {"reason": "The buyer called"}},
        success=ONE,
        refusals=(EventNotFound, EventArchived, ReservationNotFound, AlreadyConfirmed, UpgradeUnfinished),
    ),
)
