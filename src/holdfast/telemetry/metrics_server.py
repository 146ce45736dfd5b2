"""Serves GET /metrics of a process that has no API."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

log = structlog.get_logger(__name__)

HEAD_BYTES_MAX = 8 * 1024
HEAD_SECONDS_MAX = 5.0


async def serve_metrics(
    host: str, port: int, account: Callable[[], Awaitable[bytes]], headers: Iterable[tuple[bytes, bytes]] = ()
) -> asyncio.Server | None:
    """Listen; None where that is not possible: the process has more important things to do than to be measured.

    Args:
        host: Address to listen on.
        port: TCP port.
        account: Gives the metrics.
        headers: What every answer carries beside.
    """
    common = b"".join(b"%b: %b\r\n" % header for header in headers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS_MAX):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _response(head.split(b"\r\n", 1)[0], account, common))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, host, port, limit=HEAD_BYTES_MAX)
    except OSError as error:
        log.warning(
            "no_metrics",
            reason=f"WORKER_METRICS_HOST and WORKER_METRICS_PORT: cannot listen on {host} port {port}: "
            f"{error.strerror or error}",
        )
        return None


async def _response(request_line: bytes, account: Callable[[], Awaitable[bytes]], common: bytes) -> bytes:
    method, _, rest = request_line.partition(b" ")
    path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
    if path not in (b"/metrics", b"/livez"):
        return _answer(b"404 Not Found", b"There is /metrics and /livez.\n", b"text/plain; charset=utf-8", common)
    if method not in (b"GET", b"HEAD"):
        return _answer(b"405 Method Not Allowed", b"", b"text/plain; charset=utf-8", b"allow: GET, HEAD\r\n" + common)
    body = b"ok\n" if path == b"/livez" else await account()
    kind = b"text/plain; charset=utf-8" if path == b"/livez" else CONTENT_TYPE_LATEST.encode()
    return _answer(b"200 OK", body, kind, common, with_body=method == b"GET")


def _answer(status: bytes, body: bytes, kind: bytes, more: bytes = b"", *, with_body: bool = True) -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n"
    return head % (status, kind, len(body), more) + (body if with_body else b"")
