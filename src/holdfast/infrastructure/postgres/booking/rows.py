"""Converts the rows that batches read into domain values."""

from uuid import UUID

import asyncpg

from holdfast.domain.booking.channels import Channel
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.seat import Claim
from holdfast.domain.booking.snapshot import EventState, Mark, Snapshot
from holdfast.domain.booking.states import CancelReason, ReservationStatus, SeatStatus
from holdfast.domain.catalogue.event import Confirmation


def snapshot_from(event_id: UUID, row: asyncpg.Record) -> Snapshot:
    """Build a snapshot from a row of `load_batch`.

    A pending reservation implies a claim on each of its seats, requested or not.
    """
    reservations = {record["id"]: reservation_from(record) for record in row["reservations"]}
    claims = {
        seat_id: Claim(seat_id, reservation.id, SeatStatus.RESERVED, reservation.expires_at)
        for reservation in reservations.values()
        if reservation.status is ReservationStatus.PENDING
        for seat_id in reservation.seat_ids
    }
    prices: dict[UUID, int] = {}
    if row["seat_ids"] is not None:
        prices = dict(zip(row["seat_ids"], row["prices"], strict=True))
        for seat_id, holder, status, expires_at in zip(
            row["seat_ids"], row["claimed_by"], row["claim_statuses"], row["claims_expire_at"], strict=True
        ):
            if holder is not None:
                claims[seat_id] = Claim(seat_id, holder, SeatStatus(status), expires_at)
    if row["unpriced_ids"] is not None:
        price_of = dict(zip(row["category_numbers"], row["category_prices"], strict=True))
        for seat_id, number in zip(row["unpriced_ids"], row["categories_of_unpriced"], strict=True):
            prices[seat_id] = price_of[number]
    mark = None
    if row["version"] is not None:
        mark = Mark(row["version"], row["last_at"], row["last_kind"], row["last_reservation_id"])
    seats_by_buyer = {}
    if row["buyers"] is not None:
        seats_by_buyer = dict(zip(row["buyers"], row["seats_of_buyers"], strict=True))
    channels: dict[str, Channel] = {}
    channel_of: dict[UUID, str] = {}
    if row["channel_keys"] is not None:
        channels = _channels_from(row)
        if row["channel_seat_ids"] is not None:
            channel_of = dict(zip(row["channel_seat_ids"], row["channel_seat_keys"], strict=True))
    return Snapshot(
        event_id,
        _event_state_from(event_id, row),
        prices,
        claims,
        reservations,
        mark,
        seats_by_buyer,
        logged_changes=frozenset(map(UUID, row["logged_changes"])),
        channels=channels,
        channel_of=channel_of,
        areas=frozenset(row["area_ids"] or ()),
        companions=dict(zip(row["companion_ids"] or (), row["companions_of"] or (), strict=True)),
    )


def _channels_from(row: asyncpg.Record) -> dict[str, Channel]:
    columns = ("channel_keys", "code_digests", "channels_open_at", "channels_opened", "kept_back")
    channels = [Channel(*values) for values in zip(*[row[column] for column in columns], strict=True)]
    return {channel.key: channel for channel in channels}


def _event_state_from(event_id: UUID, row: asyncpg.Record) -> EventState | None:
    if row["version"] is None:
        return None
    return EventState(
        id=event_id,
        version=row["version"],
        start_at=row["start_at"],
        deleted=row["deleted"],
        available=row["available"],
        reserved=row["reserved"],
        confirmed=row["confirmed"],
        pending_reservations=row["pending_reservations"],
        confirmed_reservations=row["confirmed_reservations"],
        max_seats_per_buyer=row["max_seats_per_buyer"],
        published=row["published"],
        sale_opens_at=row["sale_opens_at"],
        sale_closes_at=row["sale_closes_at"],
        seller_confirms=row["confirmation"] == Confirmation.SELLER,
        archived=row["archived"],
    )


def reservation_from(record: asyncpg.Record) -> Reservation:
    """Build a reservation from a row of `reservations`."""
    reason, prices = record["cancel_reason"], record["prices"]
    return Reservation(
        id=record["id"],
        event_id=record["event_id"],
        user_id=record["user_id"],
        idempotency_key=record["idempotency_key"],
        fingerprint=record["fingerprint"],
        seat_ids=tuple(record["seat_ids"]),
        status=ReservationStatus(record["status"]),
        cancel_reason=None if reason is None else CancelReason(reason),
        total_amount=record["total_amount"],
        created_at=record["created_at"],
        expires_at=record["expires_at"],
        confirmed_at=record["confirmed_at"],
        created_version=record["created_version"],
        changed_version=record["changed_version"],
        prices=None if prices is None else tuple(prices),
        extensions=record["extensions"],
        beyond_limit=record["beyond_limit"],
    )
