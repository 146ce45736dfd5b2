"""One connection: one exchange after another, each starting when the one before has ended.

Nothing is read before someone wants it, and nothing is written before the client takes it, beyond a fixed size each.
This limits what one client can make a node hold, whatever it sends.
"""

import asyncio
from typing import cast

from holdfast.http.protocol.body import BodyReader
from holdfast.http.protocol.exchange import Exchange
from holdfast.http.protocol.forwarding import Address, address_of
from holdfast.http.protocol.head import Head, read_head, refuse_incomplete
from holdfast.http.protocol.inbound import Inbound
from holdfast.http.protocol.node import Node
from holdfast.http.protocol.outbound import Outbound
from holdfast.http.protocol.pace import Pace, grace_seconds
from holdfast.http.protocol.refusal import TIMEOUT, TOO_MANY_CONNECTIONS, RequestRefusedError
from holdfast.http.protocol.skipping import Linger
from holdfast.http.protocol.watch import Place


class Connection(asyncio.Protocol):
    """The asyncio protocol of one connection."""

    inbound: Inbound
    outbound: Outbound
    client_address: Address | None
    """The address at the other end."""
    server_address: Address | None

    def __init__(self, node: Node) -> None:
        self._node = node
        self._loop = node.loop
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._scanned_bytes = 0
        """How much of an incomplete head has been scanned."""
        self._blank_line_seen = False
        self._exchange: Exchange | None = None
        self._waiting: bytes | None = None
        """The head of a request that waits for its turn to begin."""
        self._skipping: BodyReader | None = None
        """The rest of a body that nobody wanted. Its request has been answered, so an error in it is not reported."""
        self._linger = Linger()
        self.over_limit = False
        """Whether it was accepted when the node already had its maximum of connections."""
        self.place: Place | None = None
        """The line in which `Watch` has put it."""
        self.pace = Pace()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set up the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self.inbound = Inbound(self._transport)
        self.outbound = Outbound(self._transport, self._loop)
        self.server_address = address_of(transport.get_extra_info("sockname"))
        self.client_address = address_of(transport.get_extra_info("peername"))
        self._node.watch.opened(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        if self._linger.begun:
            if self._linger.goes_on(self._loop.time(), len(data)):
                self._node.watch.lingering(self)
            else:
                self._transport.abort()
            return
        self.inbound.feed(data)
        if self._exchange is not None:
            self._exchange.wake()
        elif self._waiting is None:
            self._next()
        self.inbound.hold_back()

    def eof_received(self) -> bool:
        """The client has finished sending. Returning True keeps the connection open for the answer under way."""
        self.inbound.closed = True
        exchange = self._exchange
        if exchange is None:
            return self._waiting is not None or (self.outbound.paused and not self._linger.begun)
        if exchange.endless:
            self._leave(exchange)
            return False
        self._leave_after_grace(exchange)
        exchange.wake()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason does not matter
        """The connection has ended: stop the work done for it."""
        self._node.watch.closed(self)
        self.inbound.closed = True
        self._waiting = None
        if self._exchange is not None:
            self._exchange.abandon()
        self.outbound.resume()

    def pause_writing(self) -> None:
        """The client takes bytes more slowly than they are written."""
        self.outbound.paused = True
        self._watch_writing()

    def resume_writing(self) -> None:
        """The client has taken most of them."""
        self.outbound.resume()
        if self._exchange is None and self._waiting is None and not self._transport.is_closing():
            self._next()

    # Called by an exchange.

    def wait_for_body(self) -> None:
        """The application is waiting for more of the body: check that it arrives."""
        self.pace.body_from(self._loop.time())
        self._node.watch.slow.add(self)
        self._node.watch.body_begun(self)

    def body_came(self) -> None:
        """The application no longer waits for the body."""
        self.pace.body_until(self._loop.time())

    def body_read(self) -> None:
        """The whole body has arrived."""
        self._node.watch.busy(self)

    def finished(self, exchange: Exchange) -> None:
        """The application has returned: continue with the next request, or end the connection."""
        if self._transport.is_closing():
            return
        self._exchange = None
        if exchange.gone or not exchange.answered:
            self._transport.abort()
        elif exchange.close:
            self._end(exchange)
        else:
            self._skipping = exchange.body
            self._node.watch.idle_from_now(self)
            if len(self.inbound) or self.inbound.closed or self._skipping is not None:
                self._next()

    # Called by the watch and the server.

    @property
    def idle(self) -> bool:
        """Whether no request, nor any part of one, is under way."""
        return self._exchange is None and self._waiting is None and not len(self.inbound) and not self._linger.begun

    @property
    def under_way(self) -> bool:
        """Whether a request, or the rest of an answer, is under way."""
        begun = self._exchange is not None or self._waiting is not None
        return begun or (not self._linger.begun and self.outbound.unsent_bytes > 0)

    def close_after_answer(self) -> None:
        """Close after the answer under way. An idle connection stays open, and is told with its next answer."""
        if self._exchange is not None and not self._exchange.started:
            self._exchange.close = True

    def close(self) -> None:
        """Close an idle connection. If the client has not even taken its last answer, cut it."""
        if self.outbound.unsent_bytes:
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def time_out_head(self) -> None:
        """The head of a request has not arrived in time."""
        if self._skipping is not None:
            self._begin_lingering()
            return
        self._refuse(RequestRefusedError(TIMEOUT, "The request comes too slowly."))

    def check_pace(self, now: float) -> bool:
        """Cut or refuse the client if it is too slow; return False if nothing is waited for any more."""
        exchange = self._exchange
        unsent = self.outbound.unsent_bytes > 0 and not (exchange is not None and exchange.endless)
        if unsent and self.pace.takes_too_little(now, self.outbound.taken_bytes):
            self._transport.abort()
            return False
        if exchange is not None and self.pace.sends_too_little(now):
            exchange.too_slow()
        return unsent or self.pace.body_wanted

    # From one request to the next.

    def _next(self) -> None:
        """Start the next exchange, if the whole head of its request has arrived."""
        if self.outbound.paused or self._linger.begun:
            return
        try:
            if self._skipping is not None and not self._skip(self._skipping):
                return
            if not self._blank_line_seen:
                # Some clients send an empty line after a body.
                self._blank_line_seen = self.inbound.skip_blank_line()
            head = self.inbound.take_head()
            if head is None:
                self._wait_for_head()
                return
            if self._node.admission.admits() or head.startswith(self._node.probe_starts):
                self._begin(head)
            else:
                self._waiting = head
                self._node.watch.busy(self)
                self._node.admission.wait(self)
        except RequestRefusedError as refused:
            self._refuse(refused)

    def begin(self) -> None:
        """Begin the request that has waited for its turn, unless its client has gone."""
        head, self._waiting = self._waiting, None
        if head is not None and not self._transport.is_closing():
            self._begin(head)

    def _begin(self, start: bytes) -> None:
        node = self._node
        try:
            head = self._read(start)
        except RequestRefusedError as refused:
            self._refuse(refused)
            return
        self._scanned_bytes = 0
        self._blank_line_seen = False
        self._exchange = exchange = Exchange(self, node, head)
        if self.over_limit or node.draining.begun:
            exchange.close = True
        node.watch.busy(self)
        exchange.task = self._loop.create_task(exchange.run())
        if self.inbound.closed:
            self._leave_after_grace(exchange)

    def _read(self, start: bytes) -> Head:
        head = read_head(start)
        if self.over_limit and head.path not in self._node.probes:
            raise RequestRefusedError(TOO_MANY_CONNECTIONS, "This node has as many connections as it takes.")
        return head

    def _wait_for_head(self) -> None:
        start = self.inbound.peek()
        if self.inbound.closed:
            self._transport.close()
        elif start or self._blank_line_seen:
            refused = refuse_incomplete(start, self._scanned_bytes)
            self._scanned_bytes = len(start)
            if refused is not None:
                raise refused
            self._node.watch.head_begun(self)

    def _skip(self, body: BodyReader) -> bool:
        """Skip a body that nobody wanted; return False if its end has not arrived yet."""
        self.inbound.read(body)
        if body.complete:
            self._skipping = None
            return True
        if self.inbound.closed:
            self._transport.close()
        else:
            self._node.watch.head_begun(self)
        return False

    def _refuse(self, refused: RequestRefusedError) -> None:
        """Answer a request that cannot be read, and end the connection."""
        self.outbound.write(self._node.refusal_answer(refused, None, self.client_address))
        self._begin_lingering()

    def _end(self, exchange: Exchange) -> None:
        """Close in such a way that the client gets the answer even if more of its bytes are on the way."""
        if exchange.body is not None or len(self.inbound):
            self._begin_lingering()
            return
        self._transport.close()
        if self.outbound.unsent_bytes:
            self._watch_writing()

    def _begin_lingering(self) -> None:
        self._linger.begin(self._loop.time())
        self._node.watch.lingering(self)
        self.inbound.drop()
        if self.inbound.closed:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()

    def _watch_writing(self) -> None:
        self.pace.writing_from(self._loop.time(), self.outbound.taken_bytes)
        self._node.watch.slow.add(self)

    def _leave_after_grace(self, exchange: Exchange) -> None:
        """Make sure that this exchange ends soon after the client has closed its sending side."""
        self._loop.call_later(grace_seconds(exchange.head.method), self._leave, exchange)

    def _leave(self, exchange: Exchange) -> None:
        """End the exchange of a client that closed its sending side and has had its time."""
        if self._exchange is exchange and (exchange.endless or not exchange.started):
            exchange.abandon()
            self._transport.abort()
