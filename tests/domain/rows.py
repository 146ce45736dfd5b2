"""The tables as plain dictionaries: what PostgreSQL does with a batch, in a page of Python."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from holdfast.application.booking.seatings.seatings import leaves_choice
from holdfast.domain.booking.changing import Extensions
from holdfast.domain.booking.channels import Channel
from holdfast.domain.booking.choosing.build import built
from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.seating import Seating
from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.commands import Cancel, ChangeSeats, Command, Confirm, Expire, Extend, Release, Reserve
from holdfast.domain.booking.decide import decide
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.seat import Claim
from holdfast.domain.booking.snapshot import ChangeKind, Changes, Decision, EventState, LogEntry, Snapshot
from holdfast.domain.booking.states import ReservationStatus, SeatStatus

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
HOLD = timedelta(minutes=15)
EXTENSIONS = Extensions(count_max=2, total_max=timedelta(minutes=40))
EVENT_ID = UUID(int=1)
SEATS = [UUID(int=100 + number) for number in range(6)]
PRICES = {seat_id: 1_000 * (number + 1) for number, seat_id in enumerate(SEATS)}

_changes = iter(range(10**6, 10**9))
_LIVE = {ReservationStatus.PENDING: SeatStatus.RESERVED, ReservationStatus.CONFIRMED: SeatStatus.CONFIRMED}


def new_event(**values) -> EventState:
    given = {
        "id": EVENT_ID,
        "version": 1,
        "start_at": NOON + timedelta(days=1),
        "deleted": False,
        "available": len(SEATS),
        "reserved": 0,
        "confirmed": 0,
        "pending_reservations": 0,
        "confirmed_reservations": 0,
    }
    return EventState(**{**given, **values})


def wish(number, user="ann", key=None, seats=(SEATS[0],), **options) -> Reserve:
    """Return a wish whose reservation would be `UUID(int=number)`."""
    return Reserve.wish(
        reservation_id=UUID(int=number),
        event_id=EVENT_ID,
        user_id=user,
        idempotency_key=key or f"key-{number}",
        seat_ids=tuple(seats),
        **options,
    )


def longer(known, number=7, user="ann") -> Extend:
    """Return a wish of somebody who knows this end of a hold, and wants a later one."""
    return Extend(UUID(int=next(_changes)), UUID(int=number), user, known)


def change(*seats, number=7, user="ann", **more) -> ChangeSeats:
    """Return a wish to have these seats in a hold."""
    return ChangeSeats.wish(
        change_id=UUID(int=next(_changes)), reservation_id=UUID(int=number), user_id=user, seat_ids=seats, **more
    )


@cache
def _seating(channels: tuple[str | None, ...]) -> Seating:
    seats = zip(SEATS, channels, strict=True)
    return built([ChartSeat(seat, "stalls", "A", price=PRICES[seat], channel=channel) for seat, channel in seats])


def best(number, count, user="ann", key=None, **wanted) -> Reserve:
    """Return a wish for the best free seats."""
    choice = BestAvailable.wish(count=count, **wanted)
    return wish(number, user, key, seats=(), best=choice)


@dataclass
class Rows:
    """One event's rows."""

    event: EventState = field(default_factory=new_event)
    claims: dict[UUID, Claim] = field(default_factory=dict)
    reservations: dict[UUID, Reservation] = field(default_factory=dict)
    log: list[LogEntry] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)
    channel_of: dict[UUID, str] = field(default_factory=dict)
    prices: dict[UUID, int] = field(default_factory=lambda: dict(PRICES))

    def decide(self, commands: Sequence[Command], now=NOON) -> Decision:
        return decide(self.snapshot(commands, now), commands, now, hold=HOLD, extensions=EXTENSIONS)

    def write(self, commands: Sequence[Command], now=NOON) -> Decision:
        """Decide a batch and store it."""
        decision = self.decide(commands, now)
        if decision.changes is not None:
            self.apply(decision.changes)
        return decision

    def snapshot(self, commands: Sequence[Command], now: datetime, overdue_max=64) -> Snapshot:
        """Load what a batch can touch, as `load_batch` does."""
        wanting = [command for command in commands if isinstance(command, Reserve | ChangeSeats)]
        wanted = {seat for command in wanting for seat in command.seat_ids}
        touched: set[UUID] = set()
        for command in commands:
            match command:
                case Reserve(user_id=user, idempotency_key=key):
                    touched |= {
                        r.id for r in self.reservations.values() if (r.user_id, r.idempotency_key) == (user, key)
                    }
                case (
                    Confirm(reservation_id=named)
                    | Cancel(reservation_id=named)
                    | Extend(reservation_id=named)
                    | ChangeSeats(reservation_id=named)
                    | Release(reservation_id=named)
                ):
                    touched |= {named} & set(self.reservations)
                case Expire(holds_max=holds_max):
                    overdue_max = max(overdue_max, holds_max)
        overdue = sorted((r for r in self.reservations.values() if r.is_overdue(now)), key=lambda r: r.expires_at)
        touched |= {reservation.id for reservation in overdue[:overdue_max]}
        touched |= {r.id for r in overdue if wanted & set(r.seat_ids)}
        loaded = {named: self.reservations[named] for named in touched}
        held = {seat for r in loaded.values() if r.status is ReservationStatus.PENDING for seat in r.seat_ids}
        claims = {seat: claim for seat, claim in self.claims.items() if seat in wanted | held}
        prices = {seat: self.prices[seat] for seat in wanted if seat in self.prices}
        changes = {str(c.change_id): c.change_id for c in commands if isinstance(c, Extend | ChangeSeats)}
        return Snapshot(
            EVENT_ID,
            self.event,
            prices,
            claims,
            loaded,
            seats_by_buyer=self._seats_by_buyer(commands, now),
            channels=dict(self.channels),
            channel_of={seat: self.channel_of[seat] for seat in wanted | held if seat in self.channel_of},
            free_seats=self.free_seats() if leaves_choice(commands) else None,
            more_overdue=len(overdue) > overdue_max,
            logged_changes=frozenset(changes[entry.detail] for entry in self.log if entry.detail in changes),
        )

    def free_seats(self) -> FreeSeats:
        """Return the seats that have no claim: one row of all seats."""
        free = FreeSeats.all_of(_seating(tuple(map(self.channel_of.get, SEATS))))
        for seat in self.claims:
            free.change(seat, free=False)
        return free

    def _seats_by_buyer(self, commands: Sequence[Command], now: datetime) -> dict[str, int]:
        if self.event.max_seats_per_buyer is None:
            return {}
        users = {command.user_id for command in commands if isinstance(command, Reserve | ChangeSeats)}
        return {user: self.seats_of(user, now) for user in users}

    def seats_of(self, user: str, now: datetime) -> int:
        """Return how many seats a user has, without those of overdue holds."""
        mine = [r for r in self.reservations.values() if r.user_id == user and r.status in _LIVE]
        return sum(len(r.seat_ids) for r in mine if not r.is_overdue(now))

    def apply(self, changes: Changes) -> None:
        """Store changes as one statement would: each row once, and only if it is unchanged since it was loaded."""
        touched_seats = [claim.seat_id for claim in (*changes.claims_added, *changes.claims_removed)]
        touched_seats += [before.seat_id for before, _ in changes.claims_moved]
        assert len(touched_seats) == len(set(touched_seats))
        touched = [r.id for r in changes.created] + [before.id for before, _ in changes.changed]
        assert len(touched) == len(set(touched))

        assert self.event.version == changes.loaded_version
        self.event = changes.event
        for reservation in changes.created:
            assert reservation.id not in self.reservations
            self.reservations[reservation.id] = reservation
        for before, after in changes.changed:
            assert self.reservations[before.id] == before
            self.reservations[after.id] = after
        for claim in changes.claims_removed:
            assert self.claims.pop(claim.seat_id) == claim
        for before, moved in changes.claims_moved:
            assert self.claims[before.seat_id] == before
            self.claims[moved.seat_id] = moved
        for claim in changes.claims_added:
            assert claim.seat_id not in self.claims
            self.claims[claim.seat_id] = claim
        for channel, changed in changes.channels:
            assert self.channels[channel.key] == channel
            self.channels[channel.key] = changed
        self.log += changes.log

    def check(self) -> None:
        """Check every promise that can be checked from the rows."""
        live = [r for r in self.reservations.values() if r.status in _LIVE]
        owned = {seat: Claim(seat, r.id, _LIVE[r.status], r.expires_at) for r in live for seat in r.seat_ids}
        assert sum(len(r.seat_ids) for r in live) == len(owned), "a seat has two owners"
        assert self.claims == owned
        held = sum(claim.status is SeatStatus.RESERVED for claim in owned.values())
        assert self.event == replace(
            self.event,
            available=len(SEATS) - len(owned),
            reserved=held,
            confirmed=len(owned) - held,
            pending_reservations=sum(r.status is ReservationStatus.PENDING for r in live),
            confirmed_reservations=sum(r.status is ReservationStatus.CONFIRMED for r in live),
        )
        assert [entry.version for entry in self.log] == list(range(2, self.event.version + 1))
        for key, channel in self.channels.items():
            free = [seat for seat, of in self.channel_of.items() if of == key and seat not in owned]
            assert channel.kept_back == len(free), "a channel miscounts its free seats"
        for entry in self.log:
            assert set(entry.kept_back_seat_ids) <= set(entry.freed_seat_ids or entry.seat_ids)
        keys = [(r.user_id, r.idempotency_key) for r in self.reservations.values()]
        assert len(keys) == len(set(keys)), "a key made two reservations"
        for reservation in self.reservations.values():
            assert reservation.confirmed_at is None or reservation.confirmed_at < reservation.expires_at
            assert reservation.prices is None or len(reservation.prices) == len(reservation.seat_ids)
            assert reservation.prices is None or reservation.total_amount == sum(reservation.prices)
            assert reservation.extensions <= EXTENSIONS.count_max
            assert reservation.expires_at <= reservation.created_at + EXTENSIONS.total_max
            assert set(reservation.seat_ids) == self._seats_told(reservation.id)

    def _seats_told(self, reservation_id: UUID) -> set[UUID]:
        """Return the seats of a reservation by its log entries, each of which must agree with those before it."""
        seats: set[UUID] = set()
        for entry in self.log:
            if entry.reservation_id != reservation_id:
                continue
            told, freed = set(entry.seat_ids), set(entry.freed_seat_ids)
            if entry.kind is ChangeKind.SEATS_CHANGED:
                assert freed <= seats
                assert not told & seats
                seats = (seats - freed) | told
            else:
                assert entry.kind is ChangeKind.RESERVED or told == seats
                assert not freed
                seats = told
        return seats
