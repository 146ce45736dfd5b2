"""What all connections of a process share."""

import asyncio
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

import structlog

from holdfast.http.protocol.admission import Admission
from holdfast.http.protocol.answer_head import answer_head
from holdfast.http.protocol.asgi import Application
from holdfast.http.protocol.forwarding import Address, Forwarding
from holdfast.http.protocol.head import Field, Head
from holdfast.http.protocol.meter import UNMATCHED, Meter
from holdfast.http.protocol.problem import NO_STORE, PROBLEM_JSON, problem_body
from holdfast.http.protocol.refusal import CONNECT_REFUSED, TOO_MANY_CONNECTIONS, RequestRefusedError
from holdfast.http.protocol.request_id import request_id_from
from holdfast.http.protocol.security_headers import SECURITY_HEADERS
from holdfast.http.protocol.watch import Watch
from holdfast.telemetry import callers
from holdfast.telemetry.request_log import log_request

_ALLOW: Field = (b"allow", b"GET, HEAD, POST, PUT, DELETE, OPTIONS")
_RETRY_AFTER: Field = (b"retry-after", b"1")


class Drain(Protocol):
    """Knows whether the node is shutting down."""

    begun: bool


class Node:
    """What all connections of a process share: the application, the watch, and how refusals are encoded."""

    def __init__(
        self,
        application: Application,
        *,
        connections_max: int,
        draining: Drain,
        forwarding: Forwarding,
        probes: AbstractSet[str] = frozenset(),
    ) -> None:
        """Set up the node, within the event loop that will serve.

        Args:
            application: Answers every request that can be read.
            connections_max: If there are more connections, only probes are answered.
            draining: Once it has begun, each answer is the last on its connection.
            forwarding: Determines who the client is.
            probes: Paths that are answered however many connections there are.
        """
        self.application = application
        self.draining = draining
        self.forwarding = forwarding
        self.probes = probes
        self.probe_starts = tuple(f"{method} {path} ".encode() for method in ("GET", "HEAD") for path in probes)
        """How the heads of probes begin. They do not wait in line: a node that is busy is not dead."""
        self.loop = asyncio.get_running_loop()
        self.admission = Admission(self.loop)
        self.watch = Watch(self.loop, connections_max)
        self._meter = Meter(UNMATCHED, ())
        self.log: Any = structlog.get_logger("holdfast.http")

    def refusal_answer(self, refused: RequestRefusedError, head: Head | None, client: Address | None) -> bytes:
        """Encode the whole answer to a request that cannot be read. It is counted and logged like any other.

        Args:
            refused: The reason.
            head: What could be parsed of the request.
            client: The sender, as far as it is known.
        """
        status, code, title = refused.refusal
        request_id = request_id_from(None if head is None else head.known.get(b"x-request-id"))
        extra: list[Field] = []
        data: dict[str, object] = {}
        if refused.refusal is CONNECT_REFUSED:
            extra.append(_ALLOW)
        if refused.refusal is TOO_MANY_CONNECTIONS:
            extra.append(_RETRY_AFTER)
            data = {"outcome": "none", "retry_after_seconds": 1}
        path = b"/" if head is None else head.raw_path
        body = problem_body(status, title, code, str(refused), path=path, request_id=request_id, data=data)
        fields = [
            (b"x-request-id", request_id.encode()),
            PROBLEM_JSON,
            (b"content-length", b"%d" % len(body)),
            *SECURITY_HEADERS,
            NO_STORE,
            *extra,
        ]
        method = self._meter.record("" if head is None else head.method, status, 0.0)
        log_request(
            request_id=request_id,
            method=method,
            path=UNMATCHED,
            status=status,
            outcome="unavailable" if status == 503 else "refused",
            seconds=0.0,
            code=code,
            client=callers.address(client),
            caller=None,
            reservation_id=None,
            batch=None,
            trace_id=None,
        )
        return answer_head(status, fields, close=True, chunked=False) + body
