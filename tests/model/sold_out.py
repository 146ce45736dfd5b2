"""The model: what a box office with a pencil would do. It is compared with all of Holdfast, call by call."""

from dataclasses import dataclass, field

ENDED = {
    "user": "already_cancelled",
    "seller": "already_cancelled",
    "event_deleted": "already_cancelled",
    "expired": "hold_expired",
}
CHANGED_NO_MORE = {**ENDED, "confirmed": "already_confirmed"}


@dataclass
class Ticket:
    """A reservation: `state` is pending, confirmed, or why it ended."""

    user: str
    seats: frozenset[int]
    state: str = "pending"
    first: frozenset[int] = frozenset()
    """The seats that were asked for at first."""
    extensions: int = 0
    best: int | None = None
    """How many seats were asked for, if the choice was left to the box office."""


@dataclass
class Channel:
    """A channel that keeps seats back."""

    code: str | None
    open: bool
    """To all, from its time on."""


@dataclass
class BoxOffice:
    """One event. Every call returns the new state, or the code of the refusal."""

    seats: int
    areas: frozenset[int] = frozenset()
    """Places of areas for general admission."""
    companions: dict[int, int] = field(default_factory=dict)
    """Companion seats, each with its accessible seat."""
    total: int = 12
    deleted: bool = False
    sale: str = "open"
    """Otherwise the refusal of everybody who comes now."""
    seller_confirms: bool = False
    limit: int | None = None
    """How many seats one buyer may have."""
    tickets: dict[tuple[str, str], Ticket] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    channel_of: dict[int, str] = field(default_factory=dict)
    """The channel of each seat that is in one."""

    def taken(self) -> set[int]:
        return {seat for t in self.tickets.values() if t.state in ("pending", "confirmed") for seat in t.seats}

    def has(self, user: str) -> int:
        live = [t for t in self.tickets.values() if t.user == user and t.state in ("pending", "confirmed")]
        return sum(len(ticket.seats) for ticket in live)

    def kept_back(self, code: str | None = None) -> set[int]:
        """Return the seats that channels keep back from those who name this code, or none."""
        closed = {key for key, each in self.channels.items() if not each.open and (code is None or each.code != code)}
        return {seat for seat, key in self.channel_of.items() if key in closed}

    def free_of(self, channel: str) -> list[int]:
        """Return the seats of a channel that are neither held nor sold."""
        return sorted(seat for seat, key in self.channel_of.items() if key == channel and seat not in self.taken())

    def alone(self, seats: frozenset[int]) -> frozenset[int]:
        """Return the companion seats without their accessible seat. Those of an open channel are like any other."""
        opened = {seat for seat, key in self.channel_of.items() if self.channels[key].open}
        return frozenset(seat for seat in seats - opened if self.companions.get(seat, seat) not in seats)

    def reserve(
        self, user: str, key: str, seats: frozenset[int], *, code: str | None = None, by_seller: bool = False
    ) -> str:
        prior = self.tickets.get((user, key))
        if prior is not None:
            return prior.state if (prior.first, prior.best) == (seats, None) else "idempotency_key_reused"
        refusal = self.refusal_of_anybody() or self.refusal_of_seats(user, seats, code=code, by_seller=by_seller)
        if refusal is not None:
            return refusal
        self.tickets[user, key] = Ticket(user, seats, first=seats)
        return "pending"

    def reserve_best(self, user: str, key: str, count: int, chosen: frozenset[int], *, code: str | None = None) -> str:
        """Seats that are `chosen` for a user must be free; there are none if the user was refused."""
        prior = self.tickets.get((user, key))
        if prior is not None:
            return prior.state if prior.best == count and prior.seats == chosen else "idempotency_key_reused"
        refusal = self.refusal_of_anybody()
        if refusal is None and self.limit is not None and self.has(user) + count > self.limit:
            refusal = "purchase_limit_reached"
        free = frozenset(range(self.seats)) - self.taken() - self.kept_back(code)
        fitting = free - self.alone(free)
        if refusal is None and len(fitting) < count:
            refusal = "not_enough_seats"
        if refusal is not None:
            return refusal
        if len(chosen) != count or not chosen <= fitting or self.alone(chosen):
            return f"{count} of the seats {sorted(fitting)}, no companion seat alone"
        self.tickets[user, key] = Ticket(user, chosen, best=count)
        return "pending"

    def refusal_of_anybody(self) -> str | None:
        if self.deleted:
            return "event_not_found"
        return None if self.sale == "open" else self.sale

    def refusal_of_seats(
        self,
        user: str,
        seats: frozenset[int],
        held: frozenset[int] = frozenset(),
        *,
        code: str | None = None,
        by_seller: bool = False,
    ) -> str | None:
        """Return why a user does not get these seats in place of those that they hold.

        The seller names places of areas, goes beyond the limit and reaches the seats of every channel.
        """
        if any(seat >= self.seats for seat in seats):
            return "seats_not_found"
        if (seats - held) & self.areas and not by_seller:
            return "area_by_count"
        if self.alone(seats):
            return "companion_alone"
        more = len(seats) - len(held)
        if self.limit is not None and more > 0 and self.has(user) + more > self.limit and not by_seller:
            return "purchase_limit_reached"
        if (seats - held) & (self.taken() | (set() if by_seller else self.kept_back(code))):
            return "seats_unavailable"
        return None

    def confirm(self, ticket: Ticket, *, by_seller: bool = False) -> str:
        if ticket.state == "pending":
            if self.seller_confirms and not by_seller:
                return "seller_confirms"
            ticket.state = "confirmed"
        return ENDED.get(ticket.state, ticket.state)

    def extend(self, ticket: Ticket) -> str:
        """Extend a hold whose end the caller knows."""
        if ticket.state != "pending":
            return CHANGED_NO_MORE[ticket.state]
        if ticket.extensions == 2:
            return "extension_limit_reached"
        ticket.extensions += 1
        return "pending"

    def change_seats(self, ticket: Ticket, seats: frozenset[int], *, by_seller: bool = False) -> str:
        if ticket.state != "pending":
            return CHANGED_NO_MORE[ticket.state]
        if seats == ticket.seats:
            return "pending"
        if self.sale == "booking_closed":
            return self.sale
        refusal = self.refusal_of_seats(ticket.user, seats, held=ticket.seats, by_seller=by_seller)
        if refusal is not None:
            return refusal
        ticket.seats = seats
        return "pending"

    def release(self, ticket: Ticket) -> str:
        if ticket.state == "pending":
            ticket.state = "seller"
        return "already_confirmed" if ticket.state == "confirmed" else ticket.state

    def cancel(self, ticket: Ticket) -> str:
        if ticket.state == "pending":
            ticket.state = "user"
        return "already_confirmed" if ticket.state == "confirmed" else ticket.state

    def run_out(self, tickets: list[Ticket]) -> None:
        for ticket in tickets:
            if ticket.state == "pending":
                ticket.state = "expired"

    def add_seats(self, count: int) -> str:
        if self.deleted:
            return "event_not_found"
        if self.seats + count > self.total:
            return "seats_exceed_total"
        self.seats += count
        return "added"

    def put_channel(self, key: str, channel: Channel) -> str:
        if self.deleted:
            return "event_not_found"
        self.channels[key] = channel
        return "put"

    def delete_channel(self, key: str) -> str:
        if self.deleted or key not in self.channels:
            return "event_not_found" if self.deleted else "channel_not_found"
        del self.channels[key]
        self.channel_of = {seat: other for seat, other in self.channel_of.items() if other != key}
        return "deleted"

    def keep_back(self, key: str, seats: frozenset[int]) -> str:
        return self.move(key, seats) or "kept back"

    def give_back(self, key: str, seats: frozenset[int]) -> str:
        return self.move(key, seats, back=True) or "given back"

    def move(self, key: str, seats: frozenset[int], *, back: bool = False) -> str | None:
        if self.deleted or key not in self.channels:
            return "event_not_found" if self.deleted else "channel_not_found"
        if any(seat >= self.seats for seat in seats):
            return "seats_not_found"
        for seat in seats:
            if not back:
                self.channel_of[seat] = key
            elif self.channel_of.get(seat) == key:
                del self.channel_of[seat]
        return None

    def edit(self, *, total: int, sale: str, limit: int | None, seller_confirms: bool) -> str:
        if self.deleted:
            return "event_not_found"
        if total < self.seats:
            return "seats_exceed_total"
        self.total, self.sale, self.limit, self.seller_confirms = total, sale, limit, seller_confirms
        return "edited"

    def delete(self) -> str:
        if self.deleted:
            return "event_not_found"
        if any(ticket.state == "confirmed" for ticket in self.tickets.values()):
            return "event_has_confirmed_reservations"
        self.deleted = True
        for ticket in self.tickets.values():
            if ticket.state == "pending":
                ticket.state = "event_deleted"
        return "deleted"
