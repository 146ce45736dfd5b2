"""Endless or misplaced bytes: header fields, trailers, offers to upgrade, floods of pipelined requests."""

import asyncio
import contextlib
from collections.abc import Iterator

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, Load
from chaos.buyers.pace import watched_health
from chaos.faults.edge.connections import crowd_at
from chaos.site.process_memory import watched_memory
from chaos.site.processes import off_loop
from chaos.trial import Trial, fault
from holdfast.bench.clients.raw import exchange, open_raw, statuses

_FLOOD_BYTES = 60_000_000
_FLOOD_MIB_MAX = 24.0
_CLOSED_SECONDS_MAX = 20.0
_CALM = Habits(pause_seconds=0.05)
_TIMES = '"start_at":"2090-01-01T00:00:00Z","end_at":"2090-01-01T00:00:00Z"'


def _fields(size_bytes: int) -> Iterator[bytes]:
    """Header fields of 1 KiB, in pieces of 64 KiB."""
    for piece in range(size_bytes // 65_536):
        yield b"".join(b"X-Flood-%d-%d: %s\r\n" % (piece, number, b"x" * 1_000) for number in range(64))


async def _flood(target: Target, head: bytes) -> tuple[list[int], bool]:
    """Send a head and then endless fields; returns the statuses that came back, and whether the connection was closed.

    After a refusal the server may read and discard for a while, so that the client can read the refusal.
    """
    connection = await open_raw(target)
    reading = asyncio.create_task(connection.reader.read())
    try:
        with contextlib.suppress(OSError, TimeoutError):
            connection.writer.write(head)
            for piece in _fields(_FLOOD_BYTES):
                if reading.done():
                    break
                connection.writer.write(piece)
                async with asyncio.timeout(5.0):
                    await connection.writer.drain()
        await asyncio.wait([reading], timeout=_CLOSED_SECONDS_MAX)
        closed = reading.done()
    finally:
        reading.cancel()
        (reply,) = await asyncio.gather(reading, return_exceptions=True)
        connection.abort()
    return statuses(reply) if isinstance(reply, bytes) else [], closed


_CHUNKED = (
    "POST {path} HTTP/1.1\r\nHost: chaos\r\nX-User-ID: flood\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n"
)


@fault(
    "header-and-trailer-floods",
    "edge",
    injection="60 MB of header fields on one connection to a node, 60 MB of trailers on another; 40 KiB, 120 fields",
    expected="431, and the connection is closed; memory stays as it is; buyers notice nothing",
    invariants="all",
    quick=True,
)
async def _header_floods(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "flooded", {}) as node,
        trial.load([node.address], habits=_CALM) as load,
        watched_memory(node) as growth,
        watched_health(node.address) as healthy,
    ):
        get = b"GET /health HTTP/1.1\r\nHost: chaos\r\n"
        chunked = _CHUNKED.format(path=f"{BASE}/events").encode()
        for name, head in (("header fields", get), ("trailers", chunked)):
            told, closed = await _flood(node.address, head)
            # A reset may overtake the answer.
            trial.expect(told in ([], [431]), f"a flood of {name} is refused with 431 ({told})")
            trial.expect(closed, f"a flood of {name} is broken off")
        many = b"".join(b"X-%d: 1\r\n" % number for number in range(120))
        large = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 4_000) for number in range(10))
        for name, fields in (("120 fields", many), ("40 KiB of fields", large)):
            reply, _ = await exchange(node.address, get + fields + b"\r\n")
            trial.expect(statuses(reply)[:1] == [431], f"{name}: 431 ({statuses(reply)})")
        trial.expect(growth.mib <= _FLOOD_MIB_MAX, f"memory is bounded (it grew by {growth.mib:.0f} MiB)")
        trial.expect(all(healthy), f"/health answers throughout ({healthy.count(False)} times not)")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")


@fault(
    "upgrade-offers-and-trailers",
    "edge",
    injection="requests that offer h2c or WebSocket, with a request as their body in a second segment; trailers that "
    "name a caller; directly at a node, 3 rounds",
    expected="the offer is ignored, the body is read as a body; no trailer is a header",
    invariants="all: nothing is undone by a smuggled request",
)
async def _upgrade_offers(trial: Trial) -> None:
    node = trial.site.nodes[0].address
    async with trial.load(trial.site.node_targets, habits=_CALM) as load:
        sale = await trial.sale(2, node)
        for number in range(3):
            offers = ("h2c", "websocket", "foo/2")
            await asyncio.gather(*(_offer(trial, node, offer, f"{BASE}/events/{sale.event}") for offer in offers))
            await _name_by_trailer(trial, load, node, number)
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")


async def _offer(trial: Trial, node: Target, offer: str, path: str) -> None:
    inner = f"DELETE {path} HTTP/1.1\r\nHost: chaos\r\n\r\n".encode()
    wish = f'{{"name":"Upgraded",{_TIMES},"total_seats":1}}'.encode()
    for body, wanted in ((inner, 400), (wish, 201)):
        head = f"POST {BASE}/events HTTP/1.1\r\nHost: chaos\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {offer}"
        head += f"\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: {len(body)}\r\n\r\n"
        reply, _ = await exchange(node, head.encode(), body, pause_seconds=0.02, quiet_seconds=0.3)
        told = statuses(reply)
        trial.expect(told == [wanted], f"a POST that offers {offer}: one answer, {wanted} ({told})")
    async with Caller(node) as caller:
        answer = await caller.call("GET", path)
        trial.expect(answer.status == 200, f"the event is still there ({answer.status})")


async def _name_by_trailer(trial: Trial, load: Load, node: Target, number: int) -> None:
    client = load.client(node)
    wish = load.wish(f"victim-{number}")
    held = await client.reserve(wish)
    client.close()
    if not held.reservation:
        return
    head = f"POST {BASE}/reservations/{held.reservation}/cancel HTTP/1.1\r\nHost: chaos\r\n"
    body = f"Transfer-Encoding: chunked\r\n\r\n0\r\nX-User-ID: {wish.user}\r\n\r\n"
    reply, _ = await exchange(node, (head + body).encode(), quiet_seconds=0.3)
    told = statuses(reply)
    trial.expect(told in ([401], [400]), f"a trailer names nobody (401, {told})")


_PIPELINED = 20_000
_PIPELINED_MIB_MAX = 48.0


@fault(
    "pipelined-floods",
    "edge",
    injection=f"{_PIPELINED} requests in one breath on each of eight connections to a node, four of which read nothing",
    expected="those who read get their answers in order; memory is bounded; buyers notice nothing",
    invariants="all",
)
async def _pipelined_floods(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "flooded", {}) as node,
        trial.load([node.address], habits=_CALM) as load,
        crowd_at(node.address, small_buffers=True) as crowd,
        watched_memory(node) as growth,
        watched_health(node.address) as healthy,
    ):
        one = f"GET {BASE}/events/{load.sale.event}/seats/available/count HTTP/1.1\r\nHost: chaos\r\n\r\n".encode()
        await off_loop(lambda: crowd.open(4, [one * 5_000]))
        replies = await asyncio.gather(*(_pipeline(node.address, one * _PIPELINED) for _ in range(4)))
        for reply in replies:
            told = statuses(reply)
            trial.expect(set(told) == {200}, f"whoever reads is answered ({len(told)} answers, {sorted(set(told))})")
        trial.expect(growth.mib <= _PIPELINED_MIB_MAX, f"memory is bounded (it grew by {growth.mib:.0f} MiB)")
        trial.expect(all(healthy), f"/health answers throughout ({healthy.count(False)} times not)")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")


async def _pipeline(target: Target, requests: bytes) -> bytes:
    """Send all of them while reading, for 5 s or until they are answered."""
    connection = await open_raw(target)
    reply = bytearray()

    async def read() -> None:
        while part := await connection.reader.read(65_536):
            reply.extend(part)

    reading = asyncio.create_task(read())
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(5.0):
                await connection.send(requests)
                await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        connection.abort()
    return bytes(reply)
