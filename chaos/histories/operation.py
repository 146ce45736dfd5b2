"""One operation of a client, and the words for what it was told."""

from typing import Literal, TypeAlias

import msgspec

FOREVER = 1 << 62
"""The return time of an operation that never returned, and the version of what never came."""
NO_VERSION = -1

Kind: TypeAlias = Literal[
    "reserve", "confirm", "cancel", "read_reservation", "read_seat", "read_list", "read_free_list", "read_count"
]
Outcome: TypeAlias = Literal["ok", "fail", "info"]
"""`ok` took effect or read; `fail` certainly had no effect; `info` may have had one, at any time since its call."""


def held(reservation: str) -> str:
    """Give the claim of a live hold: the state of a seat is `""` (free) or a claim."""
    return f"held {reservation}"


def sold(reservation: str) -> str:
    """Give the claim of a sale."""
    return f"sold {reservation}"


def claim_from(status: str, reservation: str | None) -> str:
    """Make a seat's state out of the `status` and `reserved_by` of an answer."""
    if status == "available":
        return ""
    return held(reservation or "?") if status == "reserved" else sold(reservation or "?")


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation as its client saw it. Ids are texts; what does not belong to its `kind` stays empty."""

    process: int
    """Number of the client; a client has one operation at a time, and a new number after each `info`."""
    kind: Kind
    event: str
    called_ns: int
    returned_ns: int = FOREVER
    outcome: Outcome = "info"
    answer: str = ""
    """ok: `created`, `replayed`, `done`, `seen`; fail: the problem's code, or `none`; info: what went wrong."""
    version: int = NO_VERSION
    """`Event-Version` of the answer."""
    seats: tuple[str, ...] = ()
    """The seats wanted (reserve) or the one asked for (read_seat)."""
    user: str = ""
    key: str = ""
    reservation: str = ""
    """The one asked for, or (reserve) the one in the answer."""
    status: str = ""
    """Of a reservation in an answer: `pending`, `confirmed`, `cancelled` or `expired`. read_seat: the seat's state."""
    expires_at_us: int = 0
    """Microseconds since 1970; 0 when the answer did not say."""
    named: tuple[str, ...] = ()
    """The seats that a refusal names, or that read_free_list gave."""
    taken: dict[str, str] = {}
    """read_list: the state of every seat that is not free."""
    count: int = 0
    node: str = ""
    """Which API process was asked; empty when there is one, or it is not known."""
