"""COPY of seats over a connection that stops accepting data and then breaks."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest

from box_office import open_engine, put_on_sale
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.domain.catalogue.seat import numbered_seats

PASSED_BYTES = 200_000
"""What is let through of what a client says: the beginning of a COPY."""


class Stall:
    """A proxy to PostgreSQL that stops reading in the middle of what a client sends, and later cuts the connection."""

    def __init__(self) -> None:
        self.on = True
        self.met = asyncio.Event()
        self._ends: list[asyncio.StreamWriter] = []

    def cut(self) -> None:
        self.on = False
        for end in self._ends:
            end.transport.abort()

    @asynccontextmanager
    async def before(self, database_url):
        parts = urlsplit(database_url)

        async def carry(reader, writer, *, stalls):
            passed = 0
            try:
                while data := await reader.read(16_384):
                    passed += len(data)
                    if stalls and self.on and passed > PASSED_BYTES:
                        self.met.set()
                        return
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            writer.close()

        async def meet(reader, writer):
            there, back = await asyncio.open_connection(parts.hostname, parts.port)
            self._ends += writer, back
            await asyncio.gather(carry(reader, back, stalls=True), carry(there, writer, stalls=False))

        server = await asyncio.start_server(meet, "127.0.0.1", 0, limit=16_384)
        port = server.sockets[0].getsockname()[1]
        try:
            yield urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}"))
        finally:
            self.cut()
            server.close()
            await asyncio.sleep(0.05)  # for the ends to be closed


@pytest.mark.timeout(30)
async def test_seats_are_added_after_all_when_the_connection_goes_away_while_it_takes_nothing(database_url):
    """The driver waits until the socket accepts more, and never learns that it will not. Once the call never ended,
    and no later bulk call could begin."""
    stall = Stall()
    async with stall.before(database_url) as url, open_engine(url) as engine:
        sale = await put_on_sale(engine, total_seats=100_000)
        adding = asyncio.create_task(
            add_seats(engine.catalogue, sale.event_id, numbered_seats(prefix="B", count=50_000, price=1))
        )
        async with asyncio.timeout(10):
            await stall.met.wait()
            await asyncio.sleep(0.2)
            stall.cut()
            added, _ = await adding
        assert len(added) == 50_000
