"""The ways in which PostgreSQL, or a server in its place, refuses a new connection."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

Refusal: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_TLS_REQUEST = 80877103
_GARBAGE = bytes(range(256)) * 4

REFUSING_STATES = {
    "28000": 'no pg_hba.conf entry for host "127.0.0.1", user "holdfast", database "holdfast", no encryption',
    "28P01": 'password authentication failed for user "holdfast"',
    "3D000": 'database "holdfast" does not exist',
    "53300": "sorry, too many clients already",
    "57P03": "the database system is starting up",
    "42501": 'permission denied for database "holdfast"',
}
"""The SQLSTATE and the message of each."""


async def _startup(reader: asyncio.StreamReader) -> int:
    """Read one of the first packets of a connection; returns its code."""
    size, code = struct.unpack("!ii", await reader.readexactly(8))
    await reader.readexactly(size - 8)
    return int(code)


def refuse_with(sqlstate: str) -> Refusal:
    """Answer the start of a connection with FATAL, as PostgreSQL does."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            if await _startup(reader) == _TLS_REQUEST:
                writer.write(b"N")
                await _startup(reader)
            fields = (("S", "FATAL"), ("V", "FATAL"), ("C", sqlstate), ("M", REFUSING_STATES[sqlstate]))
            body = b"".join(f"{name}{value}\0".encode() for name, value in fields) + b"\0"
            writer.write(b"E" + struct.pack("!i", len(body) + 4) + body)
            writer.write_eof()
            # A reset that overtakes the message would be another kind of refusal.
            async with asyncio.timeout(1.0):
                await reader.read()

    return refuse


async def refuse_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept TLS and break its handshake; without TLS, close."""
    with suppress(OSError, EOFError):
        if await _startup(reader) == _TLS_REQUEST:
            writer.write(b"S" + _GARBAGE)
            await writer.drain()
            async with asyncio.timeout(1.0):
                await reader.read()


async def answer_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak another protocol."""
    with suppress(OSError, EOFError):
        if await _startup(reader) == _TLS_REQUEST:
            writer.write(b"N")
            await _startup(reader)
        writer.write(_GARBAGE)
        await writer.drain()
        async with asyncio.timeout(1.0):
            await reader.read()


async def reset(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Send nothing: the wire resets the connection."""


async def stay_silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept the connection, and never send anything."""
    await asyncio.sleep(60)


def in_turn(*refusals: Refusal) -> Refusal:
    """Refuse the first connection in the first way, the second in the second, and all further ones in the last."""
    waiting = list(refusals)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        await way(reader, writer)

    return refuse
