"""One line per request: the one log line that is written thousands of times a second.

In production it is encoded straight from its fields, which costs a few microseconds; all other lines, and those that a
person reads, go through structlog.
"""

import os
import time
from typing import Any
from uuid import UUID

import msgspec
import structlog

from holdfast.telemetry import lines

_WARNING_STATUS = 503


class _Line(msgspec.Struct, omit_defaults=True):
    """The fields in the order in which they are written. None of them is a caller's word, but the checked id."""

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
_log: Any = structlog.get_logger("holdfast.request")
_from_level = 0
"""The least severe level that is written, a number of the standard library's."""
_direct = False
"""Whether lines are encoded here, and do not go through structlog."""
_pid = os.getpid()
_second = 0
_second_text = ""


def set_up(from_level: int, *, direct: bool) -> None:
    """Say from which level of the standard library on lines are written; `direct`: straight to JSON."""
    global _from_level, _direct, _pid
    _from_level, _direct, _pid = from_level, direct, os.getpid()


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
        request_id: As it was answered.
        method: One of a fixed set.
        path: The route's template.
        status: As it was answered; 499 where the caller had gone.
        outcome: What became of the request: done, replayed, refused, unavailable, failed or caller_gone.
        seconds: From the request's arrival to its last byte.
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
    milliseconds = round(seconds * 1000, 3)
    if not _direct:
        reservation = None if reservation_id is None else str(reservation_id)
        facts = {
            "client": client,
            "caller": caller,
            "code": code,
            "reservation_id": reservation,
            "batch": batch,
            "trace_id": trace_id,
        }
        write = _log.warning if level == 30 else _log.info
        write(
            "request",
            request_id=request_id,
            method=method,
            path=path,
            status=status,
            outcome=outcome,
            milliseconds=milliseconds,
            **{name: fact for name, fact in facts.items() if fact is not None},
        )
    else:
        line = _Line(
            "request",
            "warning" if level == 30 else "info",
            _timestamp(),
            _pid,
            request_id,
            method,
            path,
            status,
            outcome,
            milliseconds,
            client,
            caller,
            code,
            reservation_id,
            batch,
            trace_id,
        )
        lines.sink().write(_encode(line) + b"\n")


def _timestamp() -> str:
    """Now, as RFC 3339 with microseconds; the part up to the second is made once a second."""
    global _second, _second_text
    now = time.time_ns()
    second, rest = divmod(now, 1_000_000_000)
    if second != _second:
        _second, _second_text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return f"{_second_text}.{rest // 1000:06d}Z"
