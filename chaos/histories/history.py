"""What clients saw: every operation from its call to its answer, on the client's monotonic clock.

A history is a file of JSON lines. A call is written before its request is sent, and its answer after it has arrived,
each with one `write` to a file opened for appending. So if a client is killed, all lines but the last are complete, and
an operation without an answer reads as `info`. Times of several processes on one machine are comparable.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import msgspec
from msgspec.structs import replace

from chaos.histories.compact_history import Arranger, CompactHistory
from chaos.histories.lines import Called, Head, Line, Returned
from chaos.histories.operation import FOREVER, NO_VERSION, Kind, Operation, Outcome, claim_from, held, sold
from chaos.histories.uncollected import uncollected

__all__ = [
    "FOREVER",
    "NO_VERSION",
    "Called",
    "Head",
    "Kind",
    "Line",
    "Operation",
    "Outcome",
    "Recorder",
    "Returned",
    "claim_from",
    "held",
    "in_order_of_return",
    "read_history",
    "sold",
    "wall_offset_ns",
]

_Decoder: TypeAlias = "msgspec.json.Decoder[Line]"
_BLOCK_BYTES = 1 << 16
"""How much of a file is read at once: little enough to fit into the processor's cache."""


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
        # After a crash the last line may be torn: this line feed separates it from what follows.
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
        """Record a call just before its request is sent; returns the number to complete it with."""
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
        """Record an answer as soon as it has arrived (fields: see `Operation`)."""
        at, seats = time.monotonic_ns(), dict(taken or {})
        self._write(
            Returned(number, at, outcome, answer, version, reservation, status, expires_at_us, named, seats, count)
        )

    def sync(self) -> None:
        """Flush to disk: needed only if the client's own machine may fail."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file; calls without an answer read as `info`."""
        os.close(self._file)

    def _write(self, line: Line, *, before: bytes = b"") -> None:
        data = before + self._encode(line) + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError("the history's disk is full; the last line is torn")


def read_history(*paths: Path) -> CompactHistory:
    """Read files back, operations in the order of their returns, those without an answer last.

    Raises:
        ValueError: for an invalid line that is not the last before a new head; the message has file and line.
    """
    arranger = Arranger()
    with uncollected():
        for path in paths:
            for calls, answers in _answered(path):
                arranger.add(calls, answers)
    return arranger.history().in_order_of_return()


def wall_offset_ns(path: Path) -> int:
    """Return what to add to this file's monotonic times to get nanoseconds since 1970."""
    with path.open("rb") as file:
        head = msgspec.json.decode(file.readline(), type=Head)
    return head.wall_ns - head.monotonic_ns


def in_order_of_return(operations: Iterable[Operation]) -> list[Operation]:
    """Sort operations in the order in which `read_history` returns them."""
    return sorted(operations, key=lambda operation: operation.returned_ns)


def _answered(path: Path) -> Iterator[tuple[list[Called], list[Returned]]]:
    """Yield calls with their answers, a block at a time, and finally those without an answer."""
    open_calls: dict[int, Called] = {}
    unanswered: list[Called] = []
    for lines in _blocks(path):
        calls: list[Called] = []
        answers: list[Returned] = []
        for line in lines:
            if isinstance(line, Called):
                open_calls[line.number] = line
            elif isinstance(line, Returned):
                call = open_calls.pop(line.number, None)
                if call is None:
                    raise ValueError(f"{path}: an answer to call {line.number}, which was not made or has one already")
                calls.append(call)
                answers.append(line if line.outcome != "info" else replace(line, returned_ns=FOREVER))
            else:
                unanswered.extend(open_calls.values())
                open_calls.clear()
        yield calls, answers
    unanswered.extend(open_calls.values())
    yield unanswered, [Returned(call.number, FOREVER, "info", "no answer") for call in unanswered]


def _blocks(path: Path) -> Iterator[list[Line]]:
    """Yield the lines of a file, many at a time: a call per line would double the time."""
    decoder = msgspec.json.Decoder(Line)
    torn: str | None = None
    lines_before = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES) + file.readline():
            lines = [] if torn else _lines(decoder, block)
            if not lines:
                for place, text in enumerate(block.splitlines(keepends=True), lines_before + 1):
                    line, torn = _line(decoder, text, torn, f"{path}:{place}")
                    lines += line
            lines_before += block.count(b"\n")
            yield lines


def _lines(decoder: _Decoder, block: bytes) -> list[Line]:
    """Decode lines; returns none of them if one is invalid."""
    try:
        return decoder.decode_lines(block)
    except msgspec.DecodeError:
        return []


def _line(decoder: _Decoder, text: bytes, torn: str | None, where: str) -> tuple[list[Line], str | None]:
    """Decode one line, or return the error to raise unless it is a torn line before a new head, as after a crash."""
    try:
        line = decoder.decode(text)
    except msgspec.DecodeError as error:
        if torn:
            raise ValueError(torn) from error
        return [], f"{where}: no line of a history: {error}"
    if torn and not isinstance(line, Head):
        raise ValueError(torn)
    return [line], None
