"""Sends one case to one server and collects the answers: with many others, or alone and with longer time-outs."""

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass

from chaos.edge_fuzz.case import Case

QUIET_SECONDS = 0.03
"""If a server is silent for this long after the last byte, it is waiting for more. The sending side is then closed."""
EXCHANGE_SECONDS_MAX = 4.0
PATIENT_QUIET_SECONDS = 0.4
VERY_PATIENT_QUIET_SECONDS = 2.0
"""For suspicious cases: on a busy machine a server may be silent for longer than expected."""
PATIENT_SECONDS_MAX = 12.0
"""Longer than the node's own time limit for a head (10 s): a server that takes longer has hung."""


@dataclass(slots=True)
class Exchange:
    """The result of a case at one server."""

    port: int
    """The client's port, by which readings are found."""
    data: bytes
    closed: bool
    """The server closed the connection."""
    broken: bool = False
    """The connection was reset; some of the server's answer may be lost."""


class _Sender(asyncio.Protocol):
    def __init__(self, case: Case, loop: asyncio.AbstractEventLoop) -> None:
        self.data = bytearray()
        self.port = 0
        self.broken = False
        self.closed = False
        self.done: asyncio.Future[None] = loop.create_future()
        self._case = case
        self._loop = loop
        self._next = 0
        self._quiet_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # what a stream gets
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        self._send()

    def _send(self) -> None:
        transport, case = self._transport, self._case
        if transport is None or transport.is_closing():
            return
        transport.write(case.segments[self._next])
        self._next += 1
        self._quiet_since = self._loop.time()
        if self._next < len(case.segments):
            pause = case.pauses[self._next - 1] if case.pauses else 0.0
            self._timer = self._loop.call_later(pause, self._send)
        else:
            self._timer = self._loop.call_later(QUIET_SECONDS, self._ask_to_end)

    def _ask_to_end(self) -> None:
        quiet = self._loop.time() - self._quiet_since
        if quiet < QUIET_SECONDS:
            self._timer = self._loop.call_later(QUIET_SECONDS - quiet, self._ask_to_end)
        elif self._transport is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError):  # it was reset meanwhile
                self._transport.write_eof()

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._quiet_since = self._loop.time()

    def eof_received(self) -> None:
        self.closed = True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.broken = exc is not None
        self.closed = True
        if not self.done.done():
            self.done.set_result(None)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def send_quickly(case: Case, port: int) -> Exchange:
    """Send a case together with others. A suspicious one has to be repeated alone."""
    loop = asyncio.get_running_loop()
    try:
        _, sender = await loop.create_connection(lambda: _Sender(case, loop), "127.0.0.1", port)
    except OSError:
        return Exchange(0, b"", closed=False, broken=True)
    try:
        async with asyncio.timeout(EXCHANGE_SECONDS_MAX):
            await sender.done
    except TimeoutError:
        sender.abort()
        return Exchange(sender.port, bytes(sender.data), closed=False)
    return Exchange(sender.port, bytes(sender.data), sender.closed, sender.broken)


def send_patiently(case: Case, port: int, quiet_seconds: float) -> Exchange:
    """Send a case alone. Sending stops when the server closes the connection, so a reset destroys no answer."""
    deadline = time.monotonic() + PATIENT_SECONDS_MAX
    data = bytearray()
    with socket.create_connection(("127.0.0.1", port), 5.0) as connection:
        own_port: int = connection.getsockname()[1]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange = Exchange(own_port, b"", closed=False)
        try:
            for number, segment in enumerate(case.segments):
                pause = case.pauses[number - 1] if number and case.pauses else 0.0
                if number and _ended(connection, data, max(pause, 0.01)):
                    exchange.closed = True
                    break
                connection.sendall(segment)
            else:
                if not _ended(connection, data, quiet_seconds):
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_WR)
            while not exchange.closed and time.monotonic() < deadline:
                exchange.closed = _ended(connection, data, deadline - time.monotonic())
        except OSError:
            exchange.broken = exchange.closed = True
    exchange.data = bytes(data)
    return exchange


def _ended(connection: socket.socket, data: bytearray, quiet_seconds: float) -> bool:
    """Read until nothing arrives for a while; returns whether the server has closed the connection."""
    connection.settimeout(max(0.001, quiet_seconds))
    try:
        while piece := connection.recv(65536):
            data += piece
    except TimeoutError:
        return False
    finally:
        connection.settimeout(5.0)
    return True
