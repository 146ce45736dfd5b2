"""Connects ASGI to handlers: errors, headers, metrics and the log line, all in one place."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol, TypeAlias

import structlog

from holdfast.application.failures import ClientOutcome, OperationalFailure, Unavailable
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints import problems
from holdfast.http.endpoints.answer import REPLAYED, Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.cors import CorsPolicy
from holdfast.http.endpoints.operation import Handler
from holdfast.http.endpoints.problems import MethodNotAllowed, PathNotFound, Problems
from holdfast.http.endpoints.routing import Routed, Routing, handler_of
from holdfast.http.protocol.asgi import DIRECT, ClientGoneError, Receive, Scope, Send
from holdfast.http.protocol.meter import UNMATCHED, Meter, label_of
from holdfast.http.protocol.refusal import RequestRefusedError
from holdfast.http.protocol.streaming import send_stream
from holdfast.telemetry import callers, context, tracing
from holdfast.telemetry.request_log import log_request

NO_STORE: Header = (b"cache-control", b"no-store")

_BODILESS = frozenset({204, 304})

_CLIENT_GONE_STATUS = 499
"""Used only in metrics and the log: nobody was left to be answered."""
PROBES = frozenset({"/health", "/api/v1/health", "/livez", "/readyz", "/metrics"})
"""Polled by machines, and answered even when a node is full. They are not traced, or they would bury the rest."""


Admit: TypeAlias = Callable[[Call], Awaitable[None]]
"""Finds out who a call is by, or refuses it; before anything else of it is looked at."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What all endpoints are built with."""

    capabilities: Mapping[type, object]
    """The capabilities handlers work with, by type (`Operation.needs`)."""
    problems: Problems
    admission: Callable[[str], Admit | None]
    """Makes what lets calls in to the operation of a name; None where nobody is asked anything."""
    cors: CorsPolicy
    body_bytes_max: int
    public_path: bytes = b""
    """The path prefix that callers see, and that a proxy removes."""
    routing: Routing | None = None
    """Knows in which database everything is; None if there is only one."""


class Served(Routed, Protocol):
    """What an endpoint has to know of an operation or a page."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        ...

    @property
    def name(self) -> str:
        """Its name, by which callers are admitted."""
        ...


class Endpoint:
    """An ASGI application: all operations on one path template."""

    def __init__(self, path: str, operations: Iterable[Served], dependencies: Dependencies) -> None:
        self._path = path
        self._dependencies = dependencies
        self._handlers: dict[str, tuple[Admit | None, Handler, object]] = {
            operation.method: (
                dependencies.admission(operation.name),
                handler_of(operation, path, dependencies.routing),
                dependencies.capabilities[operation.needs],
            )
            for operation in operations
        }
        if "GET" in self._handlers:
            self._handlers["HEAD"] = self._handlers["GET"]
        self._methods = (*self._handlers, "OPTIONS")
        self._meter = Meter(path, self._handlers)
        self._log: Any = structlog.get_logger("holdfast.api").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = perf_counter()
        call = Call(scope, receive, self._dependencies.body_bytes_max, self._dependencies.public_path)
        work = context.Work(call.request_id)
        token = context.begin(work)
        span = self._span(call, work)
        try:
            answer = await self._answer(call)
            try:
                await self._send(answer, call, send)
            except OperationalFailure as failure:
                answer = await self._cut_off(failure, call, send)
        except ClientGoneError:
            answer = Answer(_CLIENT_GONE_STATUS)
        except asyncio.CancelledError:
            # The server cancels a request when its client has gone, because nobody wants the result any more.
            self._conclude(Answer(_CLIENT_GONE_STATUS), call, started, work, span)
            raise
        self._conclude(answer, call, started, work, span)
        context.end(token)

    def _conclude(
        self, answer: Answer, call: Call, started: float, work: context.Work, span: tracing.RequestSpan | None
    ) -> None:
        """Count, log and trace the result of a request."""
        self._record(call, answer, perf_counter() - started, work)
        if span is not None:
            reservation_id = None if call.reservation_id is None else str(call.reservation_id)
            span.end(status=answer.status, code=answer.code, reservation_id=reservation_id, batch=work.batch)

    async def _answer(self, call: Call) -> Answer:
        found = self._handlers.get(call.scope["method"])
        try:
            if found is None:
                return self._without_handler(call)
            self._dependencies.cors.require_allowed(call)
            admit, handler, needed = found
            if admit is not None:
                await admit(call)
            return await handler(needed, call)
        except (Refusal, RequestRefusedError, Unavailable) as foreseen:
            return self._dependencies.problems.foreseen(foreseen, call.source())
        except OperationalFailure as failure:
            # Every write handles these itself, so here they come from reads.
            self._log.warning("read failed", error=repr(failure))
            outcome: ClientOutcome = "unknown" if context.is_stored() else "none"
            return problems.unavailable(Unavailable("The database is away.", outcome=outcome), call.source())
        except ClientGoneError:
            raise
        except Exception:  # noqa: BLE001 - the caller must get an answer and the log a traceback
            self._log.exception("unexpected error", path=self._path)
            if context.is_stored():
                # Only the answer failed. A 500 would hide that sending the request again with the same key settles it.
                again = "It was done, but not answered; send the request again, and it settles."
                return problems.unavailable(Unavailable(again, outcome="unknown"), call.source())
            return problems.internal(call.source())

    async def _cut_off(self, failure: OperationalFailure, call: Call, send: Send) -> Answer:
        """End a streamed answer whose rest cannot be read.

        Without its last chunk, the client sees that the answer is not complete: the connection is cut when nothing
        more is sent. If nothing has been sent yet, it gets a proper answer instead.
        """
        self._log.warning("answer cut off", error=repr(failure))
        answer = problems.unavailable(Unavailable("The database is away.", outcome="none"), call.source())
        if not call.scope["extensions"][DIRECT].started:
            await self._send(answer, call, send)
        return answer

    def _without_handler(self, call: Call) -> Answer:
        if not self._handlers:
            raise PathNotFound
        if call.scope["method"] == "OPTIONS":
            return self._dependencies.cors.options(call, self._methods)
        raise MethodNotAllowed(self._methods)

    async def _send(self, answer: Answer, call: Call, send: Send) -> None:
        pieces = answer.body if isinstance(answer.body, list) else (answer.body,)
        headers: list[Header] = [
            (b"x-request-id", call.request_id.encode()),
            *answer.headers,
            *self._dependencies.cors.headers(call),
            *answer.security,
        ]
        if answer.content_type is not None:
            headers.append(answer.content_type)
        if answer.status not in _BODILESS and answer.stream is None:
            headers.append((b"content-length", b"%d" % sum(map(len, pieces))))
        for name, _ in answer.headers:
            if name == b"cache-control":
                break
        else:
            headers.append(NO_STORE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if call.scope["method"] == "HEAD":
            pieces = (b"",)
            if answer.stream is not None:
                # Nobody will listen to the stream, so stop it, or what it holds would never be released.
                answer.stream.stop()
        elif answer.stream is not None:
            await send_stream(answer.stream, call.scope, send)
            return
        last = len(pieces) - 1
        for place, piece in enumerate(pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": place != last})

    def _span(self, call: Call, work: context.Work) -> tracing.RequestSpan | None:
        if tracing.active is None or self._path in PROBES:
            return None
        span = tracing.active.request(label_of(call.scope["method"]), self._path, call.headers, call.request_id)
        work.trace_id = span.trace_id
        return span

    def _record(self, call: Call, answer: Answer, seconds: float, work: context.Work) -> None:
        method = self._meter.record(call.scope["method"], answer.status, seconds)
        name = call.headers.get(b"x-user-id", b"").strip(b" \t") if call.caller_name is None else call.caller_name
        log_request(
            request_id=call.request_id,
            method=method,
            path=self._path,
            status=answer.status,
            outcome=_outcome(answer),
            seconds=seconds,
            client=callers.address(call.scope.get("client")),
            caller=callers.pseudonym(name) if name else None,
            code=answer.code,
            reservation_id=call.reservation_id,
            batch=work.batch,
            trace_id=work.trace_id,
        )


def _outcome(answer: Answer) -> str:
    """Summarise the result of a request in one word for the log."""
    if answer.status < 400:
        return "replayed" if REPLAYED in answer.headers else "done"
    if answer.status == _CLIENT_GONE_STATUS:
        return "caller_gone"
    if answer.status < 500:
        return "refused"
    return "unavailable" if answer.status == problems.UNAVAILABLE.status else "failed"


def unmatched(dependencies: Dependencies) -> Endpoint:
    """Build the endpoint for every path that is not in the table."""
    return Endpoint(UNMATCHED, (), dependencies)
