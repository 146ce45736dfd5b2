"""Reservations as they are written in answers."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api.fields import Time
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import CancelReason, ReservationStatus


class ReservationBody(Struct, kw_only=True):
    """A reservation. It has `confirmed_at` once confirmed, and `cancel_reason` once cancelled."""

    id: UUID
    event_id: UUID
    user_id: str
    seat_ids: tuple[UUID, ...]
    prices: Annotated[
        tuple[int, ...] | UnsetType,
        Meta(description="What was agreed for each of `seat_ids`, in the same order. Old reservations do not have it."),
    ] = UNSET
    status: ReservationStatus
    total_amount: int
    expires_at: Time
    created_at: Time
    confirmed_at: Time | UnsetType = UNSET
    cancel_reason: CancelReason | UnsetType = UNSET


def reservation_body(reservation: Reservation) -> ReservationBody:
    """Convert a reservation to its form in the contract."""
    return ReservationBody(
        id=reservation.id,
        event_id=reservation.event_id,
        user_id=reservation.user_id,
        seat_ids=reservation.seat_ids,
        prices=UNSET if reservation.prices is None else reservation.prices,
        status=reservation.status,
        total_amount=reservation.total_amount,
        expires_at=reservation.expires_at,
        created_at=reservation.created_at,
        confirmed_at=UNSET if reservation.confirmed_at is None else reservation.confirmed_at,
        cancel_reason=UNSET if reservation.cancel_reason is None else reservation.cancel_reason,
    )
