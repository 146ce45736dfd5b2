"""One operation of a client, and the vocabulary of its answers."""

from typing import Literal, TypeAlias

import msgspec

FOREVER = 1 << 62
"""The return time of an operation that never returned, and the version of anything that never happened."""
NO_VERSION = -1
ANY_SEAT = "*"
"""In the wanted seats of `choose`: one for each seat that is asked for."""

Kind: TypeAlias = Literal[
    "reserve",
    "choose",
    "confirm",
    "sell",
    "cancel",
    "extend",
    "change_seats",
    "release",
    "read_reservation",
    "read_seat",
    "read_list",
    "read_free_list",
    "read_count",
    "archive",
    "restore",
]
"""`choose` reserves the best free seats. `sell` is a confirmation by the seller, for the reservation's user; `release`
is a cancellation by the seller. `archive` and `restore` are done by an operator, one after the other."""
Outcome: TypeAlias = Literal["ok", "fail", "info"]
"""`ok`: took effect, or read. `fail`: certainly no effect. `info`: may have taken effect at any time since its call."""


def held(reservation: str) -> str:
    """Return the claim of a live hold: the state of a seat is `""` (free) or a claim."""
    return f"held {reservation}"


def sold(reservation: str) -> str:
    """Return the claim of a sale."""
    return f"sold {reservation}"


KEPT_BACK = "kept back"
"""The state of a free seat that a channel keeps back."""


def claim_from(status: str, reservation: str | None, *, blocked: bool = False) -> str:
    """Make a seat's state from the `status`, `reserved_by` and `blocked` of an answer."""
    if blocked:
        return KEPT_BACK
    if status == "available":
        return ""
    return held(reservation or "?") if status == "reserved" else sold(reservation or "?")


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation as its client saw it. Ids are texts; fields that do not apply to its `kind` are empty."""

    process: int
    """Number of the client; a client has one operation at a time, and a new number after each `info`."""
    kind: Kind
    event: str
    called_ns: int
    returned_ns: int = FOREVER
    outcome: Outcome = "info"
    answer: str = ""
    """ok: `created`, `replayed`, `done`, `seen`, `archived`, `restored`; fail: the problem's code, or `none`; info:
    what went wrong."""
    version: int = NO_VERSION
    """`Event-Version` of the answer."""
    seats: tuple[str, ...] = ()
    """The seats wanted (reserve, choose, change_seats) or the one asked for (read_seat)."""
    user: str = ""
    key: str = ""
    reservation: str = ""
    """The requested one, or (reserve) the one in the answer."""
    status: str = ""
    """Of a reservation in an answer: `pending`, `confirmed`, `cancelled` or `expired`. read_seat: the seat's state."""
    expires_at_us: int = 0
    """Microseconds since 1970; 0 if not in the answer."""
    named: tuple[str, ...] = ()
    """The seats named in a refusal, returned by read_free_list, or chosen (choose)."""
    taken: dict[str, str] = {}
    """read_list: the state of every seat that is not free."""
    count: int = 0
    """read_count: the free seats. choose: those left, if it was refused for lack of seats."""
    node: str = ""
    """The API process that was asked; empty if there is only one, or if unknown."""

    @property
    def got(self) -> tuple[str, ...]:
        """The seats of the reservation in the answer."""
        return self.named if self.kind == "choose" else self.seats
