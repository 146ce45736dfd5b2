"""The lines of a history file: a head, and for each operation its call and its answer."""

from typing import TypeAlias

import msgspec

from chaos.histories.operation import NO_VERSION, Kind, Outcome


class Head(msgspec.Struct, frozen=True, array_like=True, tag="history"):
    """The first line of a file: the client's monotonic clock and its wall clock at the same instant."""

    monotonic_ns: int
    wall_ns: int


class Called(msgspec.Struct, frozen=True, array_like=True, tag="call", gc=False):
    """A call, written before its request is sent."""

    number: int
    process: int
    called_ns: int
    kind: Kind
    event: str
    seats: tuple[str, ...] = ()
    user: str = ""
    key: str = ""
    reservation: str = ""
    node: str = ""


class Returned(msgspec.Struct, frozen=True, array_like=True, tag="return", gc=False):
    """An answer, or the fact that none will come."""

    number: int
    returned_ns: int
    outcome: Outcome
    answer: str = ""
    version: int = NO_VERSION
    reservation: str = ""
    status: str = ""
    expires_at_us: int = 0
    named: tuple[str, ...] = ()
    taken: dict[str, str] = {}
    count: int = 0


Line: TypeAlias = Head | Called | Returned
