"""The floor: what the same HTTP stack achieves when there is nothing to decide.

`python -m holdfast.bench.stack.floor` serves fixed bytes on every path: the files of a folder, one for each kind of
request, as large as the measured server's responses. It uses the same HTTP server, and stops when its standard input is
closed.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from holdfast.bench.failure import LoadError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

KINDS = {"POST": "reserve", "/available/count": "count", "/seats": "seats", "": "events"}
"""The file to serve, by the method or the end of the path."""

_BACKLOG = 4_096


class StaticFiles:
    """An ASGI application that serves files from memory."""

    def __init__(self, folder: Path) -> None:
        """Read all files."""
        self._answers: dict[str, tuple[MutableMapping[str, Any], MutableMapping[str, Any]]] = {}
        for name in KINDS.values():
            path = folder / name
            body = path.read_bytes() if path.exists() else b"{}"
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            status = 201 if name == "reserve" else 200
            self._answers[name] = (
                {"type": "http.response.start", "status": status, "headers": headers},
                {"type": "http.response.body", "body": body},
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request after reading all of it."""
        name = "reserve" if scope["method"] == "POST" else _name(scope["path"])
        while (await receive()).get("more_body"):
            pass
        start, body = self._answers[name]
        await send(start)
        await send(body)


def _name(path: str) -> str:
    return next(name for end, name in KINDS.items() if end != "POST" and path.endswith(end))


@contextmanager
def static_floor(bodies: dict[str, bytes]) -> Iterator[str]:
    """Run the floor on a free port and yield its URL.

    Args:
        bodies: By the names in `KINDS`.

    Raises:
        LoadError: It does not start.
    """
    with TemporaryDirectory(prefix="holdfast-floor-") as folder:
        for name, body in bodies.items():
            (Path(folder) / name).write_bytes(body)
        words = [sys.executable, "-m", "holdfast.bench.stack.floor", folder]
        with Popen(words, stdin=PIPE, stdout=PIPE, text=True) as process:  # noqa: S603 - this program itself
            assert process.stdin is not None
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            try:
                if not port:
                    raise LoadError("the static floor did not start")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.stdin.close()


class _Ending:
    """Stops the floor at once."""

    begun = False

    def begin(self) -> None:
        self.begun = True

    def end(self) -> None:
        pass

    async def give_up(self) -> None:
        pass

    def left(self, *, for_others: float = 0.0) -> float:
        return 1.0 - for_others / 4


def _keep_quiet() -> None:
    """Silence the server's log: standard output is only for the port, and logging would fail once it is closed."""
    import logging  # noqa: PLC0415

    import structlog  # noqa: PLC0415

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


async def _serve(folder: Path) -> None:
    from holdfast.http.server import NodeServer  # noqa: PLC0415 - only the serving process needs it

    settings = SimpleNamespace(host="127.0.0.1", port=0, trusted_proxies="", drain_seconds=0.0, connections_max=20_000)
    ending = _Ending()
    server = NodeServer(StaticFiles(folder), settings, ending, ending)
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), server.drain)
    with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - read by the parent; early connections wait
        await server.serve([listener], signals=False)


def _calm_garbage_collection() -> None:
    """Tune garbage collection like the measured server, so that the floor is not slower because of it."""
    import gc  # noqa: PLC0415

    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


if __name__ == "__main__":
    import uvloop

    _keep_quiet()
    _calm_garbage_collection()
    uvloop.run(_serve(Path(sys.argv[1])))
