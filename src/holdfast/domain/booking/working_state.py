"""The event while a batch is being decided: the loaded state and the changes so far."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from holdfast.domain.booking.channels import EventChannels
from holdfast.domain.booking.choosing.seating import Place
from holdfast.domain.booking.commands import ChangeSeats, Reserve
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.seat import Claim
from holdfast.domain.booking.snapshot import ChangeKind, Changes, EventState, LogEntry, Snapshot
from holdfast.domain.booking.states import SEAT_TRANSITIONS, CancelReason, ReservationStatus, SeatStatus
from holdfast.domain.identity.audit import AuditEntry


class WorkingState:
    """A mutable snapshot. Only the methods from `hold` to `open_due_channels` change it.

    Each of them raises the version by one, writes one log entry, adjusts the counters and checks the seat's transition
    against the table. `net()` compares the result with what was loaded.
    """

    def __init__(self, event: EventState, snapshot: Snapshot) -> None:
        self._loaded_event = event
        self._loaded = snapshot
        self.event_id = event.id
        self.start_at = event.start_at
        self.sale_opens_at = event.sale_opens_at
        self.sale_closes_at = event.sale_closes_at
        self.seller_confirms = event.seller_confirms
        self.deleted = event.deleted
        self.published = event.published
        self.max_seats_per_buyer = event.max_seats_per_buyer
        self.version = event.version
        self.logged_changes = snapshot.logged_changes
        self.areas = snapshot.areas
        self.companions = snapshot.companions
        self.channels = EventChannels(snapshot.channels, snapshot.channel_of) if snapshot.channels else None
        """None if the event has no channels."""
        self.prices = snapshot.prices if snapshot.free_seats is None else dict(snapshot.prices)
        self.free_seats = None if snapshot.free_seats is None else snapshot.free_seats.copy()
        """All free seats, if they are known."""
        self.has_opened_channels = False
        """Whether a channel was opened just now. `free_seats` is as before."""
        self.more_overdue = snapshot.more_overdue
        self.claims: dict[UUID, Claim] = dict(snapshot.claims)
        self.reservations: dict[UUID, Reservation] = dict(snapshot.reservations)
        self.by_key: dict[tuple[str, str], Reservation] = {
            (reservation.user_id, reservation.idempotency_key): reservation
            for reservation in snapshot.reservations.values()
        }
        self._seats_by_buyer = dict(snapshot.seats_by_buyer)
        self._seat_counts = {
            SeatStatus.AVAILABLE: event.available,
            SeatStatus.RESERVED: event.reserved,
            SeatStatus.CONFIRMED: event.confirmed,
        }
        self._reservation_counts = {
            ReservationStatus.PENDING: event.pending_reservations,
            ReservationStatus.CONFIRMED: event.confirmed_reservations,
            ReservationStatus.CANCELLED: 0,
        }
        self._touched_seats: dict[UUID, None] = {}
        self._touched_reservations: dict[UUID, None] = {}
        self._log: list[LogEntry] = []
        self.audit: list[AuditEntry] = []
        """What the audit is to say of this batch."""

    def seats_of(self, user_id: str) -> int:
        """Return how many seats a user who makes a request has, if the event limits them."""
        return self._seats_by_buyer.get(user_id, 0)

    def learn_seats(self, places: Sequence[Place]) -> tuple[UUID, ...]:
        """Add free seats that were chosen: what they cost, and their channels. Return their ids."""
        assert self.free_seats is not None, "seats are chosen among the free ones"
        seating = self.free_seats.seating
        seat_ids = tuple([seating.id_at(place) for place in places])
        self.prices.update(zip(seat_ids, map(seating.price_at, places), strict=True))
        if self.channels is not None:
            self.channels.learn(dict(zip(seat_ids, map(seating.channel_at, places), strict=True)))
        return seat_ids

    def hold(self, command: Reserve, *, now: datetime, expires_at: datetime) -> Reservation:
        """Hold seats that were found free, and return the new reservation."""
        prices = tuple([self.prices[seat_id] for seat_id in command.seat_ids])
        version = self._record(ChangeKind.RESERVED, command.reservation_id, command.seat_ids)
        reservation = Reservation(
            id=command.reservation_id,
            event_id=self.event_id,
            user_id=command.user_id,
            idempotency_key=command.idempotency_key,
            fingerprint=command.fingerprint,
            seat_ids=command.seat_ids,
            status=ReservationStatus.PENDING,
            cancel_reason=None,
            total_amount=sum(prices),
            created_at=now,
            expires_at=expires_at,
            confirmed_at=None,
            created_version=version,
            changed_version=version,
            prices=prices,
            beyond_limit=command.beyond_limit,
        )
        for seat_id in command.seat_ids:
            self._move_seat(seat_id, Claim(seat_id, reservation.id, SeatStatus.RESERVED, expires_at))
        if self.max_seats_per_buyer is not None:
            self._count_seats(command.user_id, len(command.seat_ids))
        self._put(reservation)
        return reservation

    def sell(self, reservation: Reservation, *, now: datetime) -> Reservation:
        """Turn a live hold into a sale, and return the changed reservation."""
        version = self._record(ChangeKind.CONFIRMED, reservation.id, reservation.seat_ids)
        for seat_id in reservation.seat_ids:
            self._move_seat(seat_id, Claim(seat_id, reservation.id, SeatStatus.CONFIRMED, reservation.expires_at))
        return self._put(
            replace(
                reservation,
                status=ReservationStatus.CONFIRMED,
                confirmed_at=now,
                changed_version=version,
            )
        )

    def release(self, reservation: Reservation, reason: CancelReason) -> Reservation:
        """End a hold, free its seats, and return the changed reservation."""
        kind = ChangeKind.EXPIRED if reason is CancelReason.EXPIRED else ChangeKind.CANCELLED
        kept_back = () if self.channels is None else self.channels.kept_back(reservation.seat_ids)
        version = self._record(kind, reservation.id, reservation.seat_ids, kept_back=kept_back)
        for seat_id in reservation.seat_ids:
            self._move_seat(seat_id, None)
        if self.max_seats_per_buyer is not None and reason is not CancelReason.EXPIRED:
            # The seats of a hold that ran out are not in the count: they left it at that instant, not now.
            self._count_seats(reservation.user_id, -len(reservation.seat_ids))
        return self._put(
            replace(
                reservation,
                status=ReservationStatus.CANCELLED,
                cancel_reason=reason,
                changed_version=version,
            )
        )

    def extend(self, reservation: Reservation, *, expires_at: datetime, change_id: UUID) -> Reservation:
        """Let a live hold end later, and return the changed reservation."""
        version = self._record(ChangeKind.EXTENDED, reservation.id, reservation.seat_ids, detail=str(change_id))
        for seat_id in reservation.seat_ids:
            self.claims[seat_id] = Claim(seat_id, reservation.id, SeatStatus.RESERVED, expires_at)
            self._touched_seats[seat_id] = None
        return self._put(
            replace(
                reservation,
                expires_at=expires_at,
                extensions=reservation.extensions + 1,
                changed_version=version,
            )
        )

    def change_seats(self, reservation: Reservation, command: ChangeSeats) -> Reservation:
        """Give a live hold other seats, of which those it does not have were found free; return the changed hold.

        A seat that stays keeps its price.
        """
        wanted = frozenset(command.seat_ids)
        added = command.added_to(reservation)
        freed = tuple([seat_id for seat_id in reservation.seat_ids if seat_id not in wanted])
        agreed = dict(zip(reservation.seat_ids, reservation.prices or (), strict=reservation.prices is not None))
        prices = tuple([agreed.get(seat_id, self.prices[seat_id]) for seat_id in command.seat_ids])
        version = self._record(
            ChangeKind.SEATS_CHANGED,
            reservation.id,
            added,
            freed=freed,
            kept_back=() if self.channels is None else self.channels.kept_back(freed),
            detail=str(command.change_id),
        )
        for seat_id in freed:
            self._move_seat(seat_id, None)
        for seat_id in added:
            self._move_seat(seat_id, Claim(seat_id, reservation.id, SeatStatus.RESERVED, reservation.expires_at))
        if self.max_seats_per_buyer is not None:
            self._count_seats(reservation.user_id, len(added) - len(freed))
        return self._put(
            replace(
                reservation,
                seat_ids=command.seat_ids,
                prices=prices,
                total_amount=sum(prices),
                beyond_limit=reservation.beyond_limit or command.beyond_limit,
                changed_version=version,
            )
        )

    def open_due_channels(self, now: datetime) -> None:
        """Record the opening of channels whose time has come. The store adds to the entries which seats it frees."""
        if self.channels is not None:
            for key in self.channels.open_due(now):
                self.has_opened_channels = True
                self.version += 1
                self._log.append(LogEntry(self.version, ChangeKind.CHANNEL_OPENED, None, (), detail=key))

    def net(self, now: datetime) -> Changes | None:
        """Return the changes to store, one per row; None if nothing changed."""
        if not self._log:
            return None
        changes = Changes(
            at=now,
            event=replace(
                self._loaded_event,
                version=self.version,
                available=self._seat_counts[SeatStatus.AVAILABLE],
                reserved=self._seat_counts[SeatStatus.RESERVED],
                confirmed=self._seat_counts[SeatStatus.CONFIRMED],
                pending_reservations=self._reservation_counts[ReservationStatus.PENDING],
                confirmed_reservations=self._reservation_counts[ReservationStatus.CONFIRMED],
            ),
            loaded_version=self._loaded_event.version,
            loaded_mark=self._loaded.mark,
            log=self._log,
            audit=self.audit,
        )
        if self.channels is not None:
            changes.channels = self.channels.changes()
        for reservation_id in self._touched_reservations:
            loaded = self._loaded.reservations.get(reservation_id)
            if loaded is None:
                changes.created.append(self.reservations[reservation_id])
            else:
                changes.changed.append((loaded, self.reservations[reservation_id]))
        for seat_id in self._touched_seats:
            before, after = self._loaded.claims.get(seat_id), self.claims.get(seat_id)
            if before is None and after is not None:
                changes.claims_added.append(after)
            elif before is not None and after is None:
                changes.claims_removed.append(before)
            elif before is not None and after is not None:
                changes.claims_moved.append((before, after))
        return changes

    def _record(
        self,
        kind: ChangeKind,
        reservation_id: UUID,
        seat_ids: tuple[UUID, ...],
        *,
        freed: tuple[UUID, ...] = (),
        kept_back: tuple[UUID, ...] = (),
        detail: str | None = None,
    ) -> int:
        self.version += 1
        self._log.append(LogEntry(self.version, kind, reservation_id, seat_ids, freed, kept_back, detail))
        return self.version

    def _move_seat(self, seat_id: UUID, claim: Claim | None) -> None:
        before = self.claims.get(seat_id)
        old = SeatStatus.AVAILABLE if before is None else before.status
        new = SeatStatus.AVAILABLE if claim is None else claim.status
        assert new in SEAT_TRANSITIONS[old], f"seat {seat_id}: {old} to {new}"
        assert before is None or claim is None or before.reservation_id == claim.reservation_id, seat_id
        if claim is None:
            del self.claims[seat_id]
        else:
            self.claims[seat_id] = claim
        self._seat_counts[old] -= 1
        self._seat_counts[new] += 1
        self._touched_seats[seat_id] = None
        if self.channels is not None and (before is None) != (claim is None):
            self.channels.count(seat_id, freed=claim is None)
        if self.free_seats is not None and (before is None) != (claim is None):
            self.free_seats.change(seat_id, free=claim is None)

    def _count_seats(self, user_id: str, more: int) -> None:
        self._seats_by_buyer[user_id] = self._seats_by_buyer.get(user_id, 0) + more

    def _put(self, reservation: Reservation) -> Reservation:
        before = self.reservations.get(reservation.id)
        if before is not None:
            self._reservation_counts[before.status] -= 1
        self._reservation_counts[reservation.status] += 1
        self.reservations[reservation.id] = reservation
        self.by_key[reservation.user_id, reservation.idempotency_key] = reservation
        self._touched_reservations[reservation.id] = None
        return reservation
