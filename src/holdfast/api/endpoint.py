"""From an ASGI request to a handler and back: errors, headers, metrics and the log line, in one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars

from holdfast.api import problems
from holdfast.api.answer import Answer, Header
from holdfast.api.call import Call, ClientGoneError, Receive, Scope, Send
from holdfast.api.cors import CorsPolicy
from holdfast.api.meter import UNMATCHED, Meter
from holdfast.api.operation import Handler, Operation
from holdfast.api.problems import MethodNotAllowed, PathNotFound
from holdfast.application.desk import Desk
from holdfast.application.failures import OperationalFailure, Unavailable
from holdfast.domain.errors import Refusal

NO_STORE: Header = (b"cache-control", b"no-store")
_NOSNIFF: Header = (b"x-content-type-options", b"nosniff")

_CLIENT_GONE_STATUS = 499
"""Only in metrics and the log: nobody was there to be answered."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all endpoints share."""

    desk: Desk
    cors: CorsPolicy
    body_bytes_max: int


class Endpoint:
    """An ASGI application: all operations on one path template."""

    def __init__(self, path: str, operations: Iterable[Operation], surroundings: Surroundings) -> None:
        self._path = path
        self._surroundings = surroundings
        self._handlers: dict[str, Handler] = {operation.method: operation.handler for operation in operations}
        if "GET" in self._handlers:
            self._handlers["HEAD"] = self._handlers["GET"]
        self._methods = (*self._handlers, "OPTIONS")
        self._meter = Meter(path)
        self._log: Any = structlog.get_logger("holdfast.api").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        started = perf_counter()
        call = Call(scope, receive, self._surroundings.body_bytes_max)
        bind_contextvars(request_id=call.request_id)
        try:
            answer = await self._answer(call)
            await self._send(answer, call, send)
        except ClientGoneError:
            answer = Answer(_CLIENT_GONE_STATUS)
        self._record(call, answer, perf_counter() - started)

    async def _answer(self, call: Call) -> Answer:
        handler = self._handlers.get(call.scope["method"])
        try:
            if handler is None:
                return self._without_handler(call)
            return await handler(self._surroundings.desk, call)
        except Refusal as refusal:
            return problems.refused(refusal, call.source())
        except Unavailable as failure:
            return problems.unavailable(failure, call.source())
        except OperationalFailure as failure:
            # Every write settles these for itself; here they come from reads.
            self._log.warning("read failed", error=repr(failure))
            return problems.unavailable(Unavailable("The database is away.", outcome="none"), call.source())
        except ClientGoneError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer and the log the traceback
            self._log.exception("unexpected error", path=self._path)
            return problems.internal(call.source())

    def _without_handler(self, call: Call) -> Answer:
        if not self._handlers:
            raise PathNotFound
        if call.scope["method"] == "OPTIONS":
            return self._surroundings.cors.options(call, self._methods)
        raise MethodNotAllowed(self._methods)

    async def _send(self, answer: Answer, call: Call, send: Send) -> None:
        pieces = answer.body if isinstance(answer.body, list) else (answer.body,)
        headers: list[Header] = [
            (b"x-request-id", call.request_id.encode()),
            *answer.headers,
            *self._surroundings.cors.headers(call),
        ]
        if answer.content_type is not None:
            headers.append(answer.content_type)
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % sum(map(len, pieces))))
        if answer.code is not None:
            headers.append(_NOSNIFF)
        if not any(name == b"cache-control" for name, _ in answer.headers):
            headers.append(NO_STORE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if call.scope["method"] == "HEAD":
            pieces = (b"",)
        last = len(pieces) - 1
        for place, piece in enumerate(pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": place != last})

    def _record(self, call: Call, answer: Answer, seconds: float) -> None:
        method = self._meter.record(call.scope["method"], answer.status, seconds)
        facts: dict[str, object] = {
            "method": method,
            "path": self._path,
            "status": answer.status,
            "milliseconds": round(seconds * 1000, 3),
        }
        if answer.code is not None:
            facts["code"] = answer.code
        if call.reservation_id is not None:
            facts["reservation_id"] = str(call.reservation_id)
        if answer.status == problems.UNAVAILABLE.status:
            self._log.warning("request", **facts)
        else:
            self._log.info("request", **facts)


def unmatched(surroundings: Surroundings) -> Endpoint:
    """Make the endpoint of every path that is not in the table."""
    return Endpoint(UNMATCHED, (), surroundings)
