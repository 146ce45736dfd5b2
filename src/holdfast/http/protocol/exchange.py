"""One request and its answer, as an ASGI application sees them."""

import asyncio
from functools import lru_cache
from typing import Protocol

from holdfast.http.protocol.answer_head import BODILESS, answer_head
from holdfast.http.protocol.asgi import DIRECT, Message, Scope
from holdfast.http.protocol.body import BodyReader, ChunkedBody, LengthBody
from holdfast.http.protocol.forwarding import Address
from holdfast.http.protocol.head import Field, Head
from holdfast.http.protocol.inbound import Inbound
from holdfast.http.protocol.node import Node
from holdfast.http.protocol.outbound import SLICE_BYTES, Outbound
from holdfast.http.protocol.pace import Pace
from holdfast.http.protocol.refusal import INTERNAL, INTERNAL_DETAIL, TIMEOUT, RequestRefusedError
from holdfast.http.protocol.skipping import worth_skipping

_DISCONNECTED: Message = {"type": "http.disconnect"}
_UNSIZED = -1


class Wire(Protocol):
    """The connection as an exchange sees it."""

    inbound: Inbound
    outbound: Outbound
    pace: Pace
    client_address: Address | None
    server_address: Address | None

    def wait_for_body(self) -> None:
        """The application is waiting for more of the body: check that it arrives."""
        ...

    def body_came(self) -> None:
        """The application no longer waits for the body."""
        ...

    def body_read(self) -> None:
        """The whole body has arrived."""
        ...

    def finished(self, exchange: "Exchange") -> None:
        """The application has returned."""
        ...


class Exchange:
    """One request, from its head to the last byte of its answer."""

    __slots__ = (
        "_chunked",
        "_connection",
        "_continue_wanted",
        "_fields",
        "_given",
        "_left",
        "_news",
        "_node",
        "_status",
        "_too_slow",
        "answered",
        "body",
        "close",
        "endless",
        "gone",
        "head",
        "started",
        "task",
    )

    def __init__(self, connection: Wire, node: Node, head: Head) -> None:
        self._connection = connection
        self._node = node
        self.head = head
        self.body: BodyReader | None = None
        """Parses the rest of the body; None once the body is complete."""
        if head.chunked or head.length:
            self.body = ChunkedBody() if head.chunked else LengthBody(head.length)
            connection.pace.begin_body()
        self.close = not head.keep_alive
        """Whether the connection ends with this answer."""
        self.started = False
        """Whether any bytes of the answer have been written."""
        self.answered = False
        """Whether the whole answer has been written."""
        self.gone = False
        """Whether nobody waits for the answer any more."""
        self.endless = False
        """Whether the answer goes on for as long as the client listens."""
        self.task: asyncio.Task[None] | None = None
        self._given = False
        """Whether the application has received the whole body."""
        self._continue_wanted = head.expects_continue
        self._too_slow = False
        self._news: asyncio.Future[None] | None = None
        """Set while the application waits for more of the body, or for the client to leave."""
        self._status = 0
        self._fields: list[Field] = []
        self._chunked = False
        self._left = _UNSIZED
        """The part of the announced length that has not been sent yet."""

    async def run(self) -> None:
        """Run the application for this request."""
        head = self.head
        connection = self._connection
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1" if head.minor else "1.0",
            "server": connection.server_address,
            "peer": connection.client_address,
            "client": self._node.forwarding.client_of(connection.client_address, head.known),
            "scheme": "http",
            "method": head.method,
            "root_path": "",
            "path": head.path,
            "raw_path": head.raw_path,
            "query_string": head.query,
            "headers": head.fields,
            "extensions": {DIRECT: self},
        }
        try:
            await self._node.application(scope, self.receive, self.send)
        except RequestRefusedError as refused:
            self._refuse(refused)
        except Exception:
            self._node.log.exception("unexpected error")
            self._refuse(RequestRefusedError(INTERNAL, INTERNAL_DETAIL))
        finally:
            connection.finished(self)

    async def receive(self) -> Message:
        """Return the next piece of the body. After the last one, wait until the client has gone.

        Raises:
            RequestRefusedError: if the body is malformed, or arrives too slowly.
        """
        body = self.body
        if body is None:
            if not self._given:
                self._given = True
                return {"type": "http.request", "body": b"", "more_body": False}
            while not self.gone:
                await self._something_new()
            return _DISCONNECTED
        try:
            while not self.gone:
                piece = self._connection.inbound.read(body)
                if body.complete:
                    self.body = None
                    self._given = True
                    self._connection.body_read()
                    return {"type": "http.request", "body": piece, "more_body": False}
                if piece:
                    self._connection.pace.body_came(len(piece))
                    # Otherwise an application that reads on at once would delay all others until it had read what has
                    # arrived.
                    await asyncio.sleep(0)
                    return {"type": "http.request", "body": piece, "more_body": True}
                await self._more_of_body()
        except RequestRefusedError:
            self.close = True
            raise
        return _DISCONNECTED

    async def send(self, message: Message) -> None:
        """Take the head of the answer, or a piece of its body. Returns when the client has taken enough of it.

        Anything sent to a client that has gone is dropped.
        """
        if self.gone:
            return
        if message["type"] == "http.response.start":
            self._status, self._fields = message["status"], list(message.get("headers", ()))
            return
        body: bytes = message.get("body", b"")
        last = not message.get("more_body", False)
        outbound = self._connection.outbound
        head = b"" if self.started else self._head()
        body = self._framed(body, last=last)
        self.started = True
        self.answered = last
        if len(body) <= SLICE_BYTES:
            if head or body:
                outbound.write(head + body)
            if outbound.paused:
                await outbound.write_all(b"")
        else:
            if head:
                outbound.write(head)
            await outbound.write_all(body)

    def write_through(self, data: bytes) -> bool:
        """Write a piece of an endless answer at once; return False if the client is too slow, or has gone."""
        return not self.gone and self._connection.outbound.write_through(_chunk_of(data) if self._chunked else data)

    def wake(self) -> None:
        """Wake the application: bytes have arrived, or the client has left."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def abandon(self) -> None:
        """Stop the work on this request, because nobody waits for the answer. Its commands leave their queue."""
        self.gone = True
        if not self.answered and self.task is not None:
            self.task.cancel()
        self.wake()

    def too_slow(self) -> None:
        """The body arrives too slowly to wait for it."""
        self._too_slow = True
        self.wake()

    def _head(self) -> bytes:
        """Encode the head of the answer. Now it is known whether the connection goes on."""
        if self.body is not None:
            inbound = self._connection.inbound
            if self._continue_wanted or not worth_skipping(self.body, inbound):
                # A client waiting for `100 Continue` may send its next request instead of the body once it sees an
                # answer.
                self.close = True
            elif self.body.complete:
                self.body = None
                self._given = True
        for name, value in self._fields:
            if name == b"content-length":
                self._left = int(value)
        if self._left == _UNSIZED and self._status not in BODILESS:
            self._chunked = self.head.minor == 1
            self.close = self.close or not self._chunked
        return answer_head(self._status, self._fields, close=self.close, chunked=self._chunked)

    def _framed(self, body: bytes, *, last: bool) -> bytes:
        """Frame a piece of the body as the head has announced it.

        Raises:
            ValueError: if it exceeds or falls short of the announced length; the next answer would then be misread.
        """
        if self.head.method == "HEAD" or self._status in BODILESS:
            return b""
        if self._left != _UNSIZED:
            self._left -= len(body)
            if self._left < 0 or (last and self._left):
                raise ValueError("the answer has not the length that it announced")
        elif self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk + b"0\r\n\r\n" if last else chunk
        return body

    async def _more_of_body(self) -> None:
        connection = self._connection
        if connection.inbound.closed:
            self.gone = True
            return
        if self._continue_wanted and not self.started:
            self._continue_wanted = False
            connection.outbound.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.wait_for_body()
        try:
            await self._something_new()
        finally:
            connection.body_came()
        if self._too_slow:
            raise RequestRefusedError(TIMEOUT, "The body comes too slowly.")

    async def _something_new(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _refuse(self, refused: RequestRefusedError) -> None:
        """Answer in place of the application. If it has already begun to answer, cut the connection."""
        self.close = True
        if not self.gone and not self.started:
            self.started = self.answered = True
            client = self._connection.client_address
            self._connection.outbound.write(self._node.refusal_answer(refused, self.head, client))


@lru_cache(maxsize=16)
def _chunk_of(frame: bytes) -> bytes:
    """Encode a chunk. The result is cached, because thousands of clients are sent the same frame."""
    return b"%x\r\n%b\r\n" % (len(frame), frame)
