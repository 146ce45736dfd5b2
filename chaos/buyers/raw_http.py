"""Bytes to a server as they stand, for requests that no well-behaved client would make."""

import asyncio
import contextlib
import re

from chaos.buyers.caller import Target

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


async def exchange(
    target: Target, *segments: bytes, pause_seconds: float = 0.15, quiet_seconds: float = 1.5
) -> tuple[bytes, bool]:
    """Send segments one after another and read what comes back.

    Args:
        target: Whom to ask.
        segments: What to send, each in a segment of its own.
        pause_seconds: The time between two of them.
        quiet_seconds: How long to wait for more when nothing comes.

    Returns:
        Everything that came, and whether the other side closed the connection.
    """
    reply = bytearray()
    reader, writer = await asyncio.open_connection(*target)
    closed = False
    try:
        with contextlib.suppress(OSError):
            for number, segment in enumerate(segments):
                if number:
                    await asyncio.sleep(pause_seconds)
                writer.write(segment)
                await writer.drain()
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(quiet_seconds):
                    part = await reader.read(65_536)
                if not part:
                    closed = True
                    break
                reply += part
    except OSError:
        closed = True
    finally:
        writer.transport.abort()
    return bytes(reply), closed


def statuses(reply: bytes) -> list[int]:
    """Name the status of each answer in what came back."""
    return [int(found) for found in _STATUS.findall(reply)]
