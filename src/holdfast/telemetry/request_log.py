"""The log line of a request, the only one that is written thousands of times a second.

It is encoded directly from its fields, as JSON or as readable text, which takes a few microseconds. Through structlog,
which handles all other lines, it took ten times as long.
"""

import os
import time
from collections.abc import Callable
from uuid import UUID

import msgspec

from holdfast.telemetry import lines

_WARNING_STATUS = 503


class RequestLine(msgspec.Struct, omit_defaults=True):
    """The fields, in the order they are written. None of them is a caller's own text, except the checked request id."""

    event: str
    level: str
    timestamp: str
    pid: int
    request_id: str
    method: str
    path: str
    status: int
    outcome: str
    milliseconds: float
    client: str | None = None
    caller: str | None = None
    code: str | None = None
    reservation_id: UUID | None = None
    batch: int | None = None
    trace_id: str | None = None


_encode = msgspec.json.Encoder().encode


def as_json(line: RequestLine) -> bytes:
    """Encode a line as a JSON object."""
    return _encode(line) + b"\n"


class Readable:
    """Encodes a line as readable text, in structlog's console format: `name=value`, coloured on a terminal."""

    _EVENT_WIDTH = 30
    _LEVEL_WIDTH = 9
    _ALWAYS = ("request_id", "method", "path", "status", "outcome", "milliseconds")

    def __init__(self, *, colours: bool) -> None:
        dim, bold, green, yellow, cyan, magenta, end = (
            f"\x1b[{code}m" if colours else "" for code in (2, 1, 32, 33, 36, 35, 0)
        )

        def fact(name: str) -> str:
            return f" {cyan}{name}{end}={magenta}%s{end}"

        always = "".join(map(fact, self._ALWAYS))
        self._templates = {
            level: f"{dim}%s{end} [{colour}{bold}{level:<{self._LEVEL_WIDTH}}{end}] "
            f"{bold}{'request':<{self._EVENT_WIDTH}}{end}{always}"
            for level, colour in (("info", green), ("warning", yellow))
        }
        self._client, self._caller, self._code, self._reservation_id, self._batch, self._trace_id = (
            fact(name) for name in ("client", "caller", "code", "reservation_id", "batch", "trace_id")
        )

    def __call__(self, line: RequestLine) -> bytes:
        """Encode one line. Its values never contain spaces or control characters, so none is quoted."""
        text = self._templates[line.level] % (
            line.timestamp,
            line.request_id,
            line.method,
            line.path,
            line.status,
            line.outcome,
            line.milliseconds,
        )
        if line.client is not None:
            text += self._client % line.client
        if line.caller is not None:
            text += self._caller % line.caller
        if line.code is not None:
            text += self._code % line.code
        if line.reservation_id is not None:
            text += self._reservation_id % line.reservation_id
        if line.batch is not None:
            text += self._batch % line.batch
        if line.trace_id is not None:
            text += self._trace_id % line.trace_id
        return text.encode() + b"\n"


_from_level = 0
"""The least severe level that is written, as one of the standard library's numbers."""
_encoded: Callable[[RequestLine], bytes] = as_json
"""Encodes a line."""
_pid = os.getpid()
_second = 0
_second_text = ""


def set_up(from_level: int, encoded: Callable[[RequestLine], bytes]) -> None:
    """Set the least severe level (a number of the standard library's) and the encoder: `as_json` or a `Readable`."""
    global _from_level, _encoded, _pid
    _from_level, _encoded, _pid = from_level, encoded, os.getpid()


def log_request(
    *,
    request_id: str,
    method: str,
    path: str,
    status: int,
    outcome: str,
    seconds: float,
    client: str | None,
    caller: str | None,
    code: str | None,
    reservation_id: UUID | None,
    batch: int | None,
    trace_id: str | None,
) -> None:
    """Write the line of one answered request.

    Args:
        request_id: The id that the answer carried.
        method: One of a fixed set.
        path: The route's template.
        status: The status of the answer; 499 if the caller had gone.
        outcome: The result: done, replayed, refused, unavailable, failed or caller_gone.
        seconds: The time from the request's arrival to its last byte.
        client: The address that the request came from.
        caller: The pseudonym of X-User-ID.
        code: The problem's code.
        reservation_id: The reservation that was made or asked for.
        batch: The batch in which it was decided.
        trace_id: The trace that it belongs to.
    """
    level = 30 if status == _WARNING_STATUS else 20
    if level < _from_level:
        return
    line = RequestLine(
        "request",
        "warning" if level == 30 else "info",
        _timestamp(),
        _pid,
        request_id,
        method,
        path,
        status,
        outcome,
        round(seconds * 1000, 3),
        client,
        caller,
        code,
        reservation_id,
        batch,
        trace_id,
    )
    lines.sink().write(_encoded(line))


def _timestamp() -> str:
    """Return the time as RFC 3339 with microseconds. The part up to the second is cached for a second."""
    global _second, _second_text
    now = time.time_ns()
    second, rest = divmod(now, 1_000_000_000)
    if second != _second:
        _second, _second_text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return f"{_second_text}.{rest // 1000:06d}Z"
