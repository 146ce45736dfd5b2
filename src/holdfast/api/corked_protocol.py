"""uvicorn's HTTP protocol with one write for each answer.

uvicorn writes the head of an answer and its body apart, and each write is a system call that wakes the client. Holding
them back until the end of the event loop's turn halves that, which was the largest single cost of a short request.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HELD_BYTES_MAX = 64 * 1024
"""More than this is written at once: a long answer gains nothing by waiting."""
UNSENT_BYTES_MAX = 256 * 1024
"""What may wait for a client that is written to directly."""
DIRECT = "holdfast.direct"
"""The extension of the ASGI scope that gives an application the connection itself."""


class CorkedTransport:
    """A transport that gathers what is written during one turn of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold `data` back until the end of this turn, or until much is held."""
        if not self._held:
            self._loop.call_soon(self.uncork)
        self._held.append(data)
        if len(data) > HELD_BYTES_MAX:
            self.uncork()

    def uncork(self) -> None:
        """Write what is held."""
        if self._held:
            together = b"".join(self._held)
            self._held.clear()
            self._transport.write(together)

    def write_through(self, data: bytes) -> bool:
        """Write at once, past the HTTP protocol; False where the client does not keep up, or has gone."""
        transport = self._transport
        if transport.is_closing() or transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            return False
        if self._held:
            self.uncork()
        transport.write(data)
        return True

    def is_closing(self) -> bool:
        """Tell whether the connection has ended or is about to; asked with every request."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Write what is held, and close."""
        self.uncork()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the transport's own
        return getattr(self._transport, name)


class CorkedHttpProtocol(HttpToolsProtocol):
    """`HttpToolsProtocol` over a corked transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn narrows it
        """Cork the connection."""
        super().connection_made(CorkedTransport(transport, self.loop))  # type: ignore[arg-type] # it quacks

    def on_headers_complete(self) -> None:
        """Begin to answer, with the connection at hand for streams."""
        super().on_headers_complete()
        self.scope["extensions"] = {DIRECT: self.transport}  # type: ignore[dict-item] # no JSON, but the same process
