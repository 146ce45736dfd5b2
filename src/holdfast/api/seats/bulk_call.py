"""The body of a bulk call, and its place in the line."""

import asyncio
from contextlib import AsyncExitStack

from holdfast.application.catalogue.bulk_line import Place
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.http.endpoints.call import Call
from holdfast.http.protocol.refusal import TIMEOUT, RequestRefusedError

SMALL_BODY_BYTES = 160 * 1024
"""A bulk call may read a body of up to this size before its turn comes."""
LARGE_BODY_SECONDS_MAX = 60.0
"""For the largest body, this means 300 KB/s. The call occupies a place in the line meanwhile. Eight callers sending at
the lowest rate that the connection allows would otherwise lock everyone else out for hours."""


async def body_and_place(
    catalogue: Catalogue, call: Call, stack: AsyncExitStack, *, bytes_max: int | None = None
) -> tuple[bytes, Place]:
    """Read the body of a bulk call. A large one needs its place in the line first, so few are in memory at once."""
    line, declared = catalogue.bulk_line, call.declared_bytes()
    if declared is not None and declared <= SMALL_BODY_BYTES:
        return await call.body(bytes_max), await stack.enter_async_context(line.place())
    place = await stack.enter_async_context(line.place())
    try:
        async with asyncio.timeout(LARGE_BODY_SECONDS_MAX):
            return await call.body(bytes_max), place
    except TimeoutError:
        raise RequestRefusedError(TIMEOUT, "A body of this size must be sent faster.") from None
