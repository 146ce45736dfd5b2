"""What clients saw: every operation from its call to its answer, on the client's monotonic clock.

A history is a file of JSON lines. A call is written before its request is sent and its answer after it has come, each
with one `write` to a file opened for appending: a client that is killed leaves whole lines behind and at most one torn
last line, and an operation without an answer reads as `info`. Times of several processes of one machine compare.
"""

import heapq
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

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


class Head(msgspec.Struct, frozen=True, array_like=True, tag="history"):
    """The first line of a file: what the client's monotonic clock and its wall clock said at one instant."""

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
    """An answer, or the end of waiting for one."""

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


class Recorder:
    """Writes the history of the clients of one process; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open `path` to append.

        Raises:
            OSError: when it cannot be written.
        """
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._encode = msgspec.json.Encoder().encode
        self._calls = 0
        # After a crash the last line may be torn: the line feed parts it from what follows.
        first = b"\n" if os.fstat(self._file).st_size else b""
        self._write(Head(time.monotonic_ns(), time.time_ns()), before=first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(
        self,
        process: int,
        kind: Kind,
        event: str,
        *,
        seats: tuple[str, ...] = (),
        user: str = "",
        key: str = "",
        reservation: str = "",
        node: str = "",
    ) -> int:
        """Record a call just before its request is sent; gives the number to complete it with."""
        number = self._calls
        self._calls += 1
        # The call's time is read before the line is written, the return's too: an interval may only be too wide at
        # its beginning, and the next call of the same client still comes after this return.
        self._write(Called(number, process, time.monotonic_ns(), kind, event, seats, user, key, reservation, node))
        return number

    def complete(
        self,
        number: int,
        outcome: Outcome,
        answer: str,
        *,
        version: int = NO_VERSION,
        reservation: str = "",
        status: str = "",
        expires_at_us: int = 0,
        named: tuple[str, ...] = (),
        taken: Mapping[str, str] | None = None,
        count: int = 0,
    ) -> None:
        """Record an answer as soon as it has come (fields: see `Operation`)."""
        at, seats = time.monotonic_ns(), dict(taken or {})
        self._write(
            Returned(number, at, outcome, answer, version, reservation, status, expires_at_us, named, seats, count)
        )

    def sync(self) -> None:
        """Have the disk hold what was written: needed only where the client's machine itself may fail."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file; calls without an answer read as `info`."""
        os.close(self._file)

    def _write(self, line: Line, *, before: bytes = b"") -> None:
        data = before + self._encode(line) + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError("the history's disk is full; the last line is torn")


def read_history(*paths: Path) -> Iterator[Operation]:
    """Read files back, operations in the order of their returns, those without an answer last.

    Raises:
        ValueError: for a line, not the last before a new head, that is no line of a history; it names file and line.
    """
    if len(paths) == 1:
        return _operations(paths[0])
    return heapq.merge(*(_operations(path) for path in paths), key=lambda operation: operation.returned_ns)


def wall_offset_ns(path: Path) -> int:
    """Give what to add to this file's monotonic times to get nanoseconds since 1970."""
    with path.open("rb") as file:
        head = msgspec.json.decode(file.readline(), type=Head)
    return head.wall_ns - head.monotonic_ns


def _operations(path: Path) -> Iterator[Operation]:
    calls: dict[int, Called] = {}
    unanswered: list[Called] = []
    texts: dict[str, str] = {}
    once = texts.setdefault
    for line in _lines(path):
        if isinstance(line, Called):
            calls[line.number] = line
        elif isinstance(line, Returned):
            call = calls.pop(line.number, None)
            if call is None:
                raise ValueError(f"{path}: an answer to call {line.number}, which was not made or has one already")
            yield _operation(call, line, once)
        else:
            unanswered.extend(calls.values())
            calls.clear()
    for call in (*unanswered, *calls.values()):
        yield _operation(call, Returned(call.number, FOREVER, "info", "no answer"), once)


def _operation(call: Called, answer: Returned, once: Callable[[str, str], str]) -> Operation:
    # The same text twice is two to look at: what is told again and again is kept once, which speeds up what follows.
    # By place, as this is done millions of times, and names would cost more than all the rest.
    return Operation(
        call.process,
        call.kind,
        once(call.event, call.event),
        call.called_ns,
        answer.returned_ns if answer.outcome != "info" else FOREVER,
        answer.outcome,
        once(answer.answer, answer.answer),
        answer.version,
        call.seats,
        call.user,
        call.key,
        answer.reservation or call.reservation,
        answer.status,
        answer.expires_at_us,
        call.seats if answer.named == call.seats else answer.named,
        answer.taken,
        answer.count,
        call.node,
    )


def _lines(path: Path) -> Iterator[Line]:
    decode = msgspec.json.Decoder(Line).decode
    torn: str | None = None
    with path.open("rb") as file:
        for place, text in enumerate(file, 1):
            try:
                line = decode(text)
            except msgspec.DecodeError as error:
                if torn:
                    raise ValueError(torn) from error
                torn = f"{path}:{place}: no line of a history: {error}"
                continue
            if torn and not isinstance(line, Head):
                raise ValueError(torn)
            torn = None
            yield line


def in_order_of_return(operations: Iterable[Operation]) -> list[Operation]:
    """Sort operations as `read_history` gives them."""
    return sorted(operations, key=lambda operation: operation.returned_ns)
