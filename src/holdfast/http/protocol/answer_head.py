"""Encodes the head of an answer."""

from collections.abc import Iterable
from http import HTTPStatus
from time import time
from wsgiref.handlers import format_date_time

from holdfast.http.protocol.head import Field

BODILESS = frozenset({204, 304})

_STATUS_LINES = {status.value: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}


class _Clock:
    """The Date field, rebuilt once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._field = b""

    def field(self) -> bytes:
        second = int(time())
        if second != self._second:
            self._second = second
            self._field = b"date: " + format_date_time(second).encode("ascii") + b"\r\n"
        return self._field


_date_field = _Clock().field


def answer_head(status: int, fields: Iterable[Field], *, close: bool, chunked: bool) -> bytes:
    """Encode a head, including the empty line at its end.

    Raises:
        ValueError: if a field contains a line break. What followed it would be read as another field, or as another
            answer.
    """
    parts = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status, _date_field()]
    lines = 3
    for name, value in fields:
        parts += (name, b": ", value, b"\r\n")
        lines += 1
    if chunked:
        parts.append(b"transfer-encoding: chunked\r\n")
        lines += 1
    if close:
        parts.append(b"connection: close\r\n")
        lines += 1
    parts.append(b"\r\n")
    head = b"".join(parts)
    if head.count(b"\n") != lines or head.count(b"\r") != lines:
        raise ValueError("a header field holds a line break")
    return head
