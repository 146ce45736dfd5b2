"""What a request for seats must satisfy: one function for each check of the contract.

Each returns the refusal, or None if the request passes. `holding` and `changing` call them in the contract's order.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from holdfast.domain.booking.refusals import (
    AreaByCount,
    BookingClosed,
    CompanionAlone,
    PurchaseLimitReached,
    SaleNotOpen,
    SeatsNotFound,
    SeatsUnavailable,
)
from holdfast.domain.booking.working_state import WorkingState
from holdfast.domain.catalogue.refusals import EventNotFound


def event_unseen(state: WorkingState, *, sees_drafts: bool) -> EventNotFound | None:
    """Refuse if the event is deleted, or not published and the caller may not see drafts."""
    if state.deleted or not (state.published or sees_drafts):
        return EventNotFound(state.event_id)
    return None


def sale_unopened(state: WorkingState, now: datetime) -> SaleNotOpen | None:
    """Refuse before the sale opens."""
    if state.sale_opens_at is not None and now < state.sale_opens_at:
        return SaleNotOpen(state.event_id, state.sale_opens_at)
    return None


def booking_over(state: WorkingState, now: datetime) -> BookingClosed | None:
    """Refuse once the sale has closed or the event has begun, whichever is earlier."""
    if now < state.start_at and (state.sale_closes_at is None or now < state.sale_closes_at):
        return None
    return BookingClosed(state.event_id, state.start_at, state.sale_closes_at)


def seats_unknown(state: WorkingState, seat_ids: Sequence[UUID]) -> SeatsNotFound | None:
    """Refuse if a seat is not one of this event's."""
    unknown = [seat_id for seat_id in seat_ids if seat_id not in state.prices]
    return SeatsNotFound(unknown) if unknown else None


def area_named(state: WorkingState, seat_ids: Sequence[UUID]) -> AreaByCount | None:
    """Refuse if a seat is a place of an area: those are sold by count, except by the box office."""
    if not state.areas:
        return None
    places = [seat_id for seat_id in seat_ids if seat_id in state.areas]
    return AreaByCount(places) if places else None


def companions_alone(state: WorkingState, seat_ids: Sequence[UUID]) -> CompanionAlone | None:
    """Refuse if a companion seat is requested without its accessible seat, unless its channel has opened to all."""
    if not state.companions:
        return None
    alone = [
        seat_id
        for seat_id in seat_ids
        if seat_id in state.companions
        and state.companions[seat_id] not in seat_ids
        and not (state.channels is not None and state.channels.has_opened(seat_id))
    ]
    return CompanionAlone(alone) if alone else None


def limit_passed(state: WorkingState, user_id: str, *, wanted: int) -> PurchaseLimitReached | None:
    """Refuse if the buyer would have more seats than the event sells to one buyer.

    Args:
        state: The event.
        user_id: The buyer.
        wanted: How many seats they would have in addition to those they have.
    """
    limit = state.max_seats_per_buyer
    if limit is None or wanted <= 0 or (have := state.seats_of(user_id)) + wanted <= limit:
        return None
    return PurchaseLimitReached(limit=limit, have=have, wanted=wanted)


def seats_taken(
    state: WorkingState, seat_ids: Sequence[UUID], *, code_digest: bytes | None = None, uses_channels: bool = False
) -> SeatsUnavailable | None:
    """Refuse if a seat is held or sold, or kept back by a channel.

    Args:
        state: The event.
        seat_ids: The seats.
        code_digest: Of the access code in the request, if it names one.
        uses_channels: Whether the caller reaches the seats of all channels.
    """
    out_of_reach: Collection[UUID] = ()
    if state.channels is not None and not uses_channels:
        out_of_reach = state.channels.out_of_reach(seat_ids, code_digest)
    taken = [seat_id for seat_id in seat_ids if seat_id in state.claims or seat_id in out_of_reach]
    return SeatsUnavailable(taken) if taken else None
