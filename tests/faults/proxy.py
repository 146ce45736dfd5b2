"""Stands between Holdfast and PostgreSQL, reads what passes, and breaks it where a test wants it broken."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_CANCEL_REQUEST, _SSL_REQUEST = 80877102, 80877103
_STEPS = {
    "lock": re.compile(rb"BEGIN; SELECT"),
    "load": re.compile(rb"WITH clock AS MATERIALIZED.*wanted", re.DOTALL),
    "store": re.compile(rb"WITH guard AS"),
    "commit": re.compile(rb"^COMMIT"),
    "change": re.compile(rb"^(SELECT 1 FROM events WHERE id|INSERT INTO events)"),
}


class _CutError(Exception):
    pass


@dataclass
class Fault:
    """What happens, the next times, to the request or the reply of a step: `cut`, or `hold` until released."""

    side: str
    step: str
    action: str = "cut"
    times: int = 1
    after: "Fault | None" = None
    """It only happens after this one has."""
    met: asyncio.Event = field(default_factory=asyncio.Event)
    """It has happened."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Line:
    """One connection: where its client's statements stand in the steps of a batch."""

    client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    server: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    statements: dict[bytes, str] = field(default_factory=dict)
    step: str | None = None


class Proxy:
    """Forwards connections message by message. `url` is PostgreSQL's, through here."""

    def __init__(self, database_url: str) -> None:
        self._target = urlsplit(database_url)
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()
        """Requests per step that were seen."""
        self.cancel_requests = 0
        self.connections = 0
        self.url = ""
        self.away = False
        """Whoever connects is cut off at once."""
        self._lines: set[asyncio.Task[None]] = set()

    def arm(self, side: str, step: str, action: str = "cut", *, times: int = 1, after: Fault | None = None) -> Fault:
        fault = Fault(side, step, action, times, after)
        self.faults.append(fault)
        return fault

    async def go_away(self) -> None:
        """Be gone, for connections that are open and for new ones, until `away` is false again."""
        self.away = True
        await self._cut_lines()

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        server = await asyncio.open_connection(self._target.hostname, self._target.port)
        line = _Line((reader, writer), server)
        ways = [asyncio.create_task(self._requests(line)), asyncio.create_task(self._replies(line))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, server[1]):
                end.transport.abort()

    async def close(self) -> None:
        if self._lines:  # whose client has left ends by itself
            await asyncio.wait(set(self._lines), timeout=0.2)
        await self._cut_lines()

    async def _cut_lines(self) -> None:
        for line in list(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _requests(self, line: _Line) -> None:
        reader, to_server = line.client[0], line.server[1]
        while True:
            head = await reader.readexactly(8)
            code = int.from_bytes(head[4:])
            to_server.write(head + await reader.readexactly(int.from_bytes(head[:4]) - 8))
            self.cancel_requests += code == _CANCEL_REQUEST
            if code != _SSL_REQUEST:
                break
        self.connections += 1
        while True:
            kind, message = await _message(reader)
            line.step = self._step_of(line, kind, message[5:])
            if line.step is not None:
                self.requests[line.step] += 1
                await self._meet("request", line.step)
            to_server.write(message)

    async def _replies(self, line: _Line) -> None:
        reader, to_client = line.server[0], line.client[1]
        kind = await reader.readexactly(1)
        if kind in b"NS":
            assert kind == b"N", "the test server has no certificate"
            to_client.write(kind)
            kind = b""
        while True:
            kind, message = await _message(reader, kind)
            if kind == b"Z" and line.step is not None:
                await self._meet("reply", line.step)
                line.step = None
            to_client.write(message)
            kind = b""

    def _step_of(self, line: _Line, kind: bytes, body: bytes) -> str | None:
        if kind == b"P":
            name, statement, _ = body.split(b"\0", 2)
            for step, shape in _STEPS.items():
                if shape.search(statement):
                    line.statements[name] = step
        elif kind == b"B":
            return line.statements.get(body.split(b"\0", 2)[1])
        elif kind == b"Q":
            return next((step for step, shape in _STEPS.items() if shape.search(body)), None)
        return line.step if kind in b"ES" else None

    async def _meet(self, side: str, step: str) -> None:
        for fault in self.faults:
            ready = fault.after is None or fault.after.met.is_set()
            if ready and (fault.side, fault.step) == (side, step) and fault.times > 0:
                fault.times -= 1
                fault.met.set()
                if fault.action == "cut":
                    raise _CutError
                await fault.go_on.wait()


async def _message(reader: asyncio.StreamReader, kind: bytes = b"") -> tuple[bytes, bytes]:
    kind = kind or await reader.readexactly(1)
    length = await reader.readexactly(4)
    return kind, kind + length + await reader.readexactly(int.from_bytes(length) - 4)


@asynccontextmanager
async def between(database_url: str) -> AsyncIterator[Proxy]:
    """Run a proxy before a database."""
    proxy = Proxy(database_url)
    server = await asyncio.start_server(proxy.forward, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    parts = urlsplit(database_url)
    login = parts.netloc.rpartition("@")[0]
    proxy.url = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        with contextlib.suppress(OSError):
            await server.wait_closed()
