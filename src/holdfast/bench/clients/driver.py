"""The raw client at full speed: HTTP/1.1 over kept-alive connections, driven by epoll, in one thread.

A request costs it about 20 microseconds, which leaves most of a small machine's CPU for what is measured. Of a response
it only parses the status and the length.
"""

import select
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.bench.failure import LoadError

Address = tuple[str, int]
OnAnswer = Callable[[int, int, bytes], None]
"""Called with the number of the request (from 0, in the order of sending), the status, and the whole response."""

BROKEN = 0
"""The status counted for a request whose connection broke before the response was complete."""

_STALL_SECONDS = 30.0
_TICK_SECONDS = 0.25
_RECEIVE_BYTES = 256 * 1024


@dataclass
class Load:
    """The responses to a load."""

    statuses: Counter[int] = field(default_factory=Counter)
    """Responses by status; `BROKEN` for none."""
    latencies_seconds: "array[float]" = field(default_factory=lambda: array("d"))
    """Of every complete response, in the order of arrival; for a paced load, measured from the time the request was
    due.
    """
    seconds: float = 0.0
    """From the first request to the last response."""

    @property
    def answers(self) -> int:
        """How many responses were complete."""
        return len(self.latencies_seconds)

    @property
    def per_second(self) -> float:
        """Complete responses per second."""
        return self.answers / self.seconds if self.seconds else 0.0


def drive(
    address: Address,
    requests: Iterable[bytes],
    *,
    connections: int,
    seconds: float | None = None,
    per_second: float | None = None,
    on_answer: OnAnswer | None = None,
    on_tick: Callable[[int], None] | None = None,
) -> Load:
    """Send requests until none are left or time is up, with at most one in flight per connection.

    Args:
        address: Host and port.
        requests: Whole requests, head and body.
        connections: How many to open before the first request is sent.
        seconds: When to stop sending; requests in flight are still waited for.
        per_second: Send at this rate, however long responses take. By default a request is sent as soon as a connection
            is free.
        on_answer: Called with each response.
        on_tick: Called a few times per second with the number of responses so far.

    Raises:
        LoadError: The server cannot be reached, or sent no response for half a minute.
    """
    driver = _Driver(address, iter(requests), on_answer, on_tick)
    try:
        driver.open(connections)
        driver.run(seconds, per_second)
    finally:
        driver.close()
    return driver.load


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket.socket
    number: int = -1
    since: float = 0.0
    received: bytes | bytearray = b""
    wanted: int = 0
    """Length of the whole response; 0: its head is incomplete; -1: it is chunked."""
    closes: bool = False


class _Driver:
    def __init__(
        self,
        address: Address,
        requests: Iterator[bytes],
        on_answer: OnAnswer | None,
        on_tick: Callable[[int], None] | None,
    ) -> None:
        self.load = Load()
        self._address = address
        self._requests = requests
        self._on_answer = on_answer
        self._on_tick = on_tick
        self._epoll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        self._idle: deque[_Connection] = deque()
        self._busy = 0
        self._number = 0
        self._exhausted = False

    def open(self, connections: int) -> None:
        for _ in range(connections):
            self._idle.append(self._connect())

    def close(self) -> None:
        for connection in self._connections.values():
            connection.socket.close()
        self._epoll.close()

    def run(self, seconds: float | None, per_second: float | None) -> None:
        begin = last = time.perf_counter()
        end = None if seconds is None else begin + seconds
        tick_at = begin + _TICK_SECONDS
        while True:
            now = time.perf_counter()
            if end is not None and now >= end:
                self._exhausted = True
            self._send_what_is_due(begin, now, per_second)
            if self._exhausted and not self._busy:
                break
            if self._look(self._pause(begin, per_second)):
                last = time.perf_counter()
            elif self._busy and time.perf_counter() - last > _STALL_SECONDS:
                raise LoadError(f"{self._address[0]}:{self._address[1]} answered nothing for {_STALL_SECONDS:.0f} s")
            if self._on_tick is not None and now >= tick_at:
                tick_at = now + _TICK_SECONDS
                self._on_tick(self.load.answers)
        self.load.seconds = time.perf_counter() - begin

    def _pause(self, begin: float, per_second: float | None) -> float:
        """Return the longest time to wait for responses."""
        if per_second is None or self._exhausted or not self._idle:
            return _TICK_SECONDS
        return min(_TICK_SECONDS, max(0.0, begin + self._number / per_second - time.perf_counter()))

    def _send_what_is_due(self, begin: float, now: float, per_second: float | None) -> None:
        while self._idle and not self._exhausted:
            since = now if per_second is None else begin + self._number / per_second
            if since > now:
                return
            request = next(self._requests, None)
            if request is None:
                self._exhausted = True
                return
            self._send(self._idle.popleft(), request, since)

    def _send(self, connection: _Connection, request: bytes, since: float) -> None:
        connection.number = self._number
        self._number += 1
        connection.since = since
        connection.received = b""
        connection.wanted = 0
        self._busy += 1
        try:
            connection.socket.sendall(request)
        except OSError:
            self._lose(connection)

    def _look(self, pause: float) -> bool:
        """Read what has arrived; return whether anything had."""
        events = self._epoll.poll(pause)
        for number, _ in events:
            connection = self._connections.get(number)
            if connection is not None:
                self._receive(connection)
        return bool(events)

    def _receive(self, connection: _Connection) -> None:
        try:
            piece = connection.socket.recv(_RECEIVE_BYTES)
        except OSError:
            piece = b""
        if not piece or connection.number < 0:
            self._lose(connection)
            return
        if not connection.received:
            connection.received = piece
        elif isinstance(connection.received, bytearray):
            connection.received += piece
        else:
            connection.received = bytearray(connection.received + piece)
        received = connection.received
        if connection.wanted == 0:
            _read_head(connection)
        if (connection.wanted > 0 and len(received) >= connection.wanted) or (
            connection.wanted < 0 and received.endswith(b"\r\n0\r\n\r\n")
        ):
            self._complete(connection)

    def _complete(self, connection: _Connection) -> None:
        now = time.perf_counter()
        status = int(connection.received[9:12])
        self.load.latencies_seconds.append(now - connection.since)
        self.load.statuses[status] += 1
        self._busy -= 1
        number, connection.number = connection.number, -1
        if self._on_answer is not None:
            self._on_answer(number, status, bytes(connection.received))
        if connection.closes:
            self._drop(connection)
            connection = self._connect()
        self._idle.append(connection)

    def _lose(self, connection: _Connection) -> None:
        """Replace a broken connection; its request is not sent again."""
        if connection.number >= 0:
            self._busy -= 1
            self.load.statuses[BROKEN] += 1
        else:
            self._idle.remove(connection)
        self._drop(connection)
        self._idle.append(self._connect())

    def _drop(self, connection: _Connection) -> None:
        del self._connections[connection.socket.fileno()]
        connection.socket.close()

    def _connect(self) -> _Connection:
        try:
            opened = socket.create_connection(self._address, timeout=10.0)
        except OSError as error:
            host, port = self._address
            raise LoadError(f"{host}:{port} cannot be reached: {error.strerror or error}") from None
        opened.settimeout(None)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(opened)
        self._connections[opened.fileno()] = connection
        self._epoll.register(opened.fileno(), select.EPOLLIN)
        return connection


def _read_head(connection: _Connection) -> None:
    """Parse the length of the response once its head has arrived."""
    received = connection.received
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return
    head = received[:end].lower()
    connection.closes = b"\r\nconnection: close" in head
    place = head.find(b"\r\ncontent-length:")
    if place >= 0:
        line_end = head.find(b"\r\n", place + 2)
        connection.wanted = end + 4 + int(head[place + 17 : line_end if line_end > 0 else end])
    elif b"\r\ntransfer-encoding: chunked" in head:
        connection.wanted = -1
    else:
        connection.wanted = end + 4


def body_of(answer: bytes) -> bytes:
    """Return the body of a whole response, with chunks joined."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return body
    pieces = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        if length == 0:
            break
        pieces.append(body[:length])
        body = body[length + 2 :]
    return b"".join(pieces)
