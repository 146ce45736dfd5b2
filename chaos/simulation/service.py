"""A small correct seat service that decides one call at a time, for the clients of `chaos.simulation.clients`.

It shares no code with Holdfast, so the checkers are tested on something other than what they will judge.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from msgspec.structs import replace

from chaos.histories.database_rows import Change, Chart, ClaimRow, DatabaseRows, ReservationRow
from chaos.histories.history import FOREVER, Operation, held, sold
from chaos.histories.kept_back import channel_of_user
from chaos.histories.operation import KEPT_BACK
from chaos.simulation.special_seats import companions_alone

EVENT = "event"
EXTENSIONS_MAX = 2


@dataclass(slots=True)
class SimulatedService:
    """The seats, one decision at a time."""

    hold_ns: int
    seats: tuple[str, ...]
    limit: int = 0
    """How many seats one buyer may have; 0 for no limit."""
    opens_at_us: int = 0
    closes_at_us: int = FOREVER
    seller_confirms: bool = False
    channel: str = ""
    """A channel that keeps back the first third of the seats; empty for none."""
    opens_to_all_us: int = FOREVER
    """When the channel opens to all."""
    kept_back: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    """Places of areas for general admission."""
    companions: dict[str, str] = field(default_factory=dict)
    """Companion seats, each with its accessible seat."""
    states: dict[str, str] = field(default_factory=dict)
    reservations: dict[str, ReservationRow] = field(default_factory=dict)
    by_wish: dict[tuple[str, str], str] = field(default_factory=dict)
    first_seats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each reservation, those that its wish named."""
    changes: list[Change] = field(default_factory=list)
    live: dict[str, None] = field(default_factory=dict)
    """Pending reservations, ordered by expiry."""

    def __post_init__(self) -> None:
        self.changes.append(Change(EVENT, 1, "seats_added", "", (), 0))
        if self.channel:
            self.kept_back = frozenset(self.seats[: max(1, len(self.seats) // 3)])
            seats = tuple(sorted(self.kept_back))
            self.changes.append(Change(EVENT, 2, "channel_changed", "", (), 0, (), self.channel))
            self.changes.append(Change(EVENT, 3, "seats_kept_back", "", seats, 0, (), self.channel, (), seats))

    def decide(self, operation: Operation, now_ns: int) -> Operation:
        """Return the operation with its answer."""
        self._open(now_ns)
        if not operation.kind.startswith("read"):
            self._expire(now_ns)
        answered = getattr(self, f"_{operation.kind}")(operation, now_ns)
        assert isinstance(answered, Operation)
        return replace(answered, version=self.changes[-1].version)

    def _open(self, now_ns: int) -> None:
        if self.kept_back and self.opens_to_all_us <= now_ns // 1_000:
            freed = tuple(sorted(seat for seat in self.kept_back if seat not in self.states))
            self.kept_back = frozenset()
            version = len(self.changes) + 1
            self.changes.append(
                Change(EVENT, version, "channel_opened", "", (), now_ns // 1_000, (), self.channel, freed)
            )

    def _expire(self, now_ns: int) -> None:
        while self.live:
            reservation = next(iter(self.live))
            if self.reservations[reservation].expires_at_us > now_ns // 1_000:
                return
            self._end(reservation, "expired", now_ns)

    def _record(
        self, kind: str, reservation: str, seats: tuple[str, ...], now_ns: int, freed: tuple[str, ...] = ()
    ) -> int:
        version = len(self.changes) + 1
        left = freed if kind == "seats_changed" else seats if kind in ("cancelled", "expired") else ()
        kept = tuple(seat for seat in left if seat in self.kept_back)
        self.changes.append(Change(EVENT, version, kind, reservation, seats, now_ns // 1_000, freed, kept_back=kept))
        return version

    def _end(self, reservation: str, status: str, now_ns: int, reason: str = "user") -> None:
        row = self.reservations[reservation]
        version = self._record(status, reservation, row.seats, now_ns)
        reason = {"confirmed": "", "cancelled": reason, "expired": "expired"}[status]
        self.reservations[reservation] = replace(row, status=status, cancel_reason=reason, changed_version=version)
        del self.live[reservation]
        for seat in row.seats:
            if status == "confirmed":
                self.states[seat] = sold(reservation)
            else:
                del self.states[seat]

    def _reserve(self, operation: Operation, now_ns: int) -> Operation:
        prior = self.by_wish.get((operation.user, operation.key))
        if prior is not None:
            return self._replay(operation, self.reservations[prior])
        refused = self._refused_before_seats(operation, now_ns)
        if refused:
            return replace(operation, outcome="fail", answer=refused)
        closed = () if channel_of_user(operation.user) == self.channel else self.kept_back
        if operation.kind == "choose":
            free = [seat for seat in self.seats if seat not in self.states and seat not in closed]
            alone = companions_alone(free, self.companions)
            # A companion seat comes last, when every accessible seat is taken with it.
            free = sorted((seat for seat in free if seat not in alone), key=self.companions.__contains__)
            if len(free) < len(operation.seats):
                return replace(operation, outcome="fail", answer="not_enough_seats", count=len(free))
            return self._hold(operation, tuple(free[: len(operation.seats)]), now_ns)
        refusal = self._refusal_of(operation, operation.seats, more=len(operation.seats), closed=closed)
        return refusal or self._hold(operation, operation.seats, now_ns)

    def _replay(self, operation: Operation, row: ReservationRow) -> Operation:
        if sorted(self.first_seats[row.id]) != sorted(operation.seats):
            return replace(operation, outcome="fail", answer="idempotency_key_reused")
        chosen = row.seats if operation.kind == "choose" else ()
        return replace(operation, outcome="ok", answer="replayed", reservation=row.id, status=row.status, named=chosen)

    def _refused_before_seats(self, operation: Operation, now_ns: int) -> str:
        if not self.opens_at_us <= now_ns // 1_000 < self.closes_at_us:
            return "sale_not_open" if now_ns // 1_000 < self.opens_at_us else "booking_closed"
        if operation.kind == "choose" and self._limit_passed(operation.user, len(operation.seats)):
            return "purchase_limit_reached"
        return ""

    def _limit_passed(self, user: str, more: int) -> bool:
        return bool(self.limit) and more > 0 and self._seats_of(user) + more > self.limit

    def _refusal_of(
        self, operation: Operation, added: tuple[str, ...], *, more: int, closed: Collection[str]
    ) -> Operation | None:
        """Refuse a wish for named seats, of which some are new and some may be out of reach; None if it can be met."""
        if not self.areas.isdisjoint(added):
            return replace(operation, outcome="fail", answer="area_by_count")
        if companions_alone(operation.seats, self.companions):
            return replace(operation, outcome="fail", answer="companion_alone")
        if self._limit_passed(operation.user, more):
            return replace(operation, outcome="fail", answer="purchase_limit_reached")
        taken = tuple(seat for seat in added if seat in self.states or seat in closed)
        return replace(operation, outcome="fail", answer="seats_unavailable", named=taken) if taken else None

    def _hold(self, operation: Operation, seats: tuple[str, ...], now_ns: int) -> Operation:
        reservation = f"r{len(self.reservations)}"
        version = self._record("reserved", reservation, seats, now_ns)
        expires_at_us = (now_ns + self.hold_ns) // 1_000
        self.reservations[reservation] = ReservationRow(
            reservation,
            EVENT,
            operation.user,
            operation.key,
            seats,
            "pending",
            "",
            expires_at_us,
            version,
            version,
        )
        self.by_wish[operation.user, operation.key] = reservation
        self.first_seats[reservation] = operation.seats
        self.live[reservation] = None
        for seat in seats:
            self.states[seat] = held(reservation)
        return replace(
            operation,
            outcome="ok",
            answer="created",
            reservation=reservation,
            status="pending",
            expires_at_us=expires_at_us,
            named=seats if operation.kind == "choose" else (),
        )

    _choose = _reserve

    def _seats_of(self, user: str) -> int:
        mine = (row for row in self.reservations.values() if row.user == user)
        return sum(len(row.seats) for row in mine if row.status in ("pending", "confirmed"))

    def _confirm(self, operation: Operation, now_ns: int) -> Operation:
        row = self.reservations.get(operation.reservation)
        is_hold = row is not None and row.user == operation.user and row.status == "pending"
        if self.seller_confirms and is_hold:
            return replace(operation, outcome="fail", answer="seller_confirms")
        return self._sell(operation, now_ns)

    def _sell(self, operation: Operation, now_ns: int) -> Operation:
        return self._resolve(
            operation, now_ns, "confirmed", {"expired": "hold_expired", "cancelled": "already_cancelled"}
        )

    def _cancel(self, operation: Operation, now_ns: int) -> Operation:
        return self._resolve(operation, now_ns, "cancelled", {"confirmed": "already_confirmed"})

    def _resolve(self, operation: Operation, now_ns: int, wanted: str, refusals: dict[str, str]) -> Operation:
        row = self.reservations.get(operation.reservation)
        if row is None or row.user != operation.user:
            return replace(operation, outcome="fail", answer="reservation_not_found")
        if row.status in refusals:
            return replace(operation, outcome="fail", answer=refusals[row.status])
        if row.status == "pending":
            self._end(row.id, wanted, now_ns, "seller" if operation.kind == "release" else "user")
        return replace(operation, outcome="ok", answer="done", status=self.reservations[row.id].status)

    _release = _cancel

    def _extend(self, operation: Operation, now_ns: int) -> Operation:
        found = self._live_hold(operation)
        if isinstance(found, Operation):
            return found
        expires_at_us = (now_ns + self.hold_ns) // 1_000
        if found.extensions == EXTENSIONS_MAX or expires_at_us <= found.expires_at_us:
            return replace(operation, outcome="fail", answer="extension_limit_reached")
        version = self._record("extended", found.id, found.seats, now_ns)
        extensions = found.extensions + 1
        changed = replace(found, expires_at_us=expires_at_us, extensions=extensions, changed_version=version)
        self.reservations[found.id] = changed
        self.live = dict.fromkeys(sorted(self.live, key=lambda one: self.reservations[one].expires_at_us))
        return replace(operation, outcome="ok", answer="done", status="pending", expires_at_us=expires_at_us)

    def _change_seats(self, operation: Operation, now_ns: int) -> Operation:
        found = self._live_hold(operation)
        if isinstance(found, Operation):
            return found
        added = tuple(seat for seat in operation.seats if seat not in found.seats)
        freed = tuple(seat for seat in found.seats if seat not in operation.seats)
        if not (added or freed):
            return replace(operation, outcome="ok", answer="done", status="pending")
        if now_ns // 1_000 >= self.closes_at_us:
            return replace(operation, outcome="fail", answer="booking_closed")
        refusal = self._refusal_of(operation, added, more=len(added) - len(freed), closed=self.kept_back)
        if refusal is not None:
            return refusal
        version = self._record("seats_changed", found.id, added, now_ns, freed)
        self.reservations[found.id] = replace(found, seats=operation.seats, changed_version=version)
        for seat in freed:
            del self.states[seat]
        for seat in added:
            self.states[seat] = held(found.id)
        return replace(operation, outcome="ok", answer="done", status="pending")

    def _live_hold(self, operation: Operation) -> ReservationRow | Operation:
        row = self.reservations.get(operation.reservation)
        if row is None or row.user != operation.user:
            return replace(operation, outcome="fail", answer="reservation_not_found")
        if row.status == "pending":
            return row
        code = {"confirmed": "already_confirmed", "cancelled": "already_cancelled", "expired": "hold_expired"}
        return replace(operation, outcome="fail", answer=code[row.status])

    def _read_seat(self, operation: Operation, now_ns: int) -> Operation:
        state = self.states.get(operation.seats[0], "")
        if state.startswith("held") and self.reservations[state[5:]].expires_at_us <= now_ns // 1_000:
            state = ""
        if not state and operation.seats[0] in self.kept_back:
            state = KEPT_BACK
        return replace(operation, outcome="ok", answer="seen", status=state)

    def _read_reservation(self, operation: Operation, now_ns: int) -> Operation:
        row = self.reservations.get(operation.reservation)
        if row is None:
            return replace(operation, outcome="fail", answer="reservation_not_found")
        ran_out = row.status == "pending" and row.expires_at_us <= now_ns // 1_000
        return replace(operation, outcome="ok", answer="seen", status="expired" if ran_out else row.status)

    def _read_list(self, operation: Operation, _: int) -> Operation:
        taken = {**dict.fromkeys(self.kept_back, KEPT_BACK), **self.states}
        return replace(operation, outcome="ok", answer="seen", taken=taken)

    def _read_free_list(self, operation: Operation, _: int) -> Operation:
        free = tuple(seat for seat in self.seats if seat not in self.states and seat not in self.kept_back)
        return replace(operation, outcome="ok", answer="seen", named=free)

    def _read_count(self, operation: Operation, _: int) -> Operation:
        count = len(self.seats) - len(self.states.keys() | self.kept_back)
        return replace(operation, outcome="ok", answer="seen", count=count)

    def rows(self) -> DatabaseRows:
        """Return its contents, as a database would."""
        chart = Chart(
            EVENT,
            len(self.seats),
            self.limit,
            opens_at_us=self.opens_at_us,
            closes_at_us=self.closes_at_us,
            seller_confirms=self.seller_confirms,
            areas=tuple(sorted(self.areas)),
            companions=tuple(self.companions.items()),
        )
        claims = [ClaimRow(EVENT, seat, state) for seat, state in self.states.items()]
        return DatabaseRows(self.changes, list(self.reservations.values()), [chart], claims)
