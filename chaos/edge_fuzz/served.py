"""The process under test: a node's HTTP server with an application that reports what it received.

This is the only module that knows how a node's server is made. The fuzzer runs it:
`python -m chaos.edge_fuzz.served FOLDER`.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path

import msgspec
import structlog
import uvloop

from chaos.edge_fuzz.reading import reading_of
from holdfast.application.lifecycle.readiness import Draining
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.problems import MissingUserId, Problems
from holdfast.http.protocol.asgi import ClientGoneError, Receive, Scope, Send
from holdfast.http.protocol.problem import PROBLEM_JSON
from holdfast.http.server import NodeServer
from holdfast.settings import Settings

_problems = Problems({})

BODY_BYTES_MAX = 1024 * 1024
READINGS = "readings"
"""The socket in the folder to which every reading is sent, one per line, before it is answered."""
PORT = "port"
"""The file that gets the node's port."""
TOLD: tuple[bytes, bytes] = (b"x-told", b"yes")
"""Marks the application's own answers, so that those of the server itself can be told apart."""


class Teller:
    """An ASGI application that reports each request to the fuzzer and answers it."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(folder / READINGS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read one request as the API does: the caller, then the body."""
        call = Call(scope, receive, BODY_BYTES_MAX)
        refusal: Refusal | None = None
        body = b""
        try:
            with contextlib.suppress(MissingUserId):
                call.user_id()
            body = await call.body()
        except ClientGoneError:
            return
        except Refusal as refused:
            refusal = refused
        await self._tell(scope, body, refused=refusal is not None)
        status, content = 200, b"{}"
        headers = [TOLD, (b"x-request-id", call.request_id.encode()), (b"content-type", b"application/json")]
        if refusal is not None:
            answer = _problems.refused(refusal, call.source())
            assert isinstance(answer.body, bytes)
            status, content = answer.status, answer.body
            headers[-1] = PROBLEM_JSON
        headers.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        shown = b"" if scope["method"] == "HEAD" else content
        await send({"type": "http.response.body", "body": shown, "more_body": False})

    async def _tell(self, scope: Scope, body: bytes, *, refused: bool) -> None:
        query: bytes = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        reading = reading_of(scope["method"], target, scope["headers"], body, refused=refused)
        # This blocks while the fuzzer is behind, so that nothing is lost.
        self._socket.sendall(msgspec.json.encode((scope["client"][1], reading)) + b"\n")


async def _serve(folder: Path) -> None:
    settings = Settings(host="127.0.0.1")
    listener = socket.create_server((settings.host, 0), backlog=4096)
    waiting = folder / "port.new"
    waiting.write_text(str(listener.getsockname()[1]))
    waiting.rename(folder / PORT)
    await NodeServer(Teller(folder), settings, Draining(), Deadline(settings.shutdown_seconds)).serve([listener])


def main() -> None:
    """Serve until SIGTERM."""
    for name in [name for name in os.environ if name.endswith("_URL")]:
        del os.environ[name]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(40), logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    uvloop.run(_serve(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
