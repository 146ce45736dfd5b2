"""Finds the database of what a request is about, where there are several.

With a single one, none of this is in the way of a request. With several, the capability that an operation needs is not
one per process, but one per cell. Handlers do not know of that: which one they get is decided here, by the first id in
the path, or the one in the body.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias
from uuid import UUID

import msgspec

from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Handler, IdInBody
from holdfast.http.endpoints.problems import BodyTooLarge
from holdfast.http.protocol.asgi import Receive

Capabilities: TypeAlias = Mapping[type, object]
_MISSING_CELLS = b"missing-cells"
_FIRST_PARAMETER = re.compile(r"\{(\w+)\}")


class Routing(Protocol):
    """Knows where everything is."""

    @property
    def kinds(self) -> frozenset[type]:
        """The capabilities of which each cell has its own."""
        ...

    @property
    def misses(self) -> tuple[type[Refusal], ...]:
        """The refusals that mean that what the id names is not in this cell."""
        ...

    def where(self, thing_id: UUID) -> Sequence[int]:
        """Return the numbers of the cells in which something can be, in the order in which to ask."""
        ...

    def at(self, number: int) -> Capabilities:
        """Return the capabilities of a cell.

        Raises:
            Unavailable: It is not in use.
        """
        ...

    def started(self) -> float:
        """Return the present time, for `missing`."""
        ...

    def missing(self, since: float) -> Sequence[int]:
        """Return the numbers of the cells that a list lacks that was begun then."""
        ...


class Routed(Protocol):
    """What has to be known of an operation."""

    @property
    def handler(self) -> Handler:
        """Answers a call."""
        ...

    @property
    def needs(self) -> type:
        """The type of the capability that its handler works with."""
        ...

    @property
    def id_in_body(self) -> IdInBody | None:
        """Where its body says what it is about."""
        ...

    @property
    def lists_all(self) -> bool:
        """Whether it lists what is in all cells."""
        ...


def handler_of(operation: Routed, path: str, routing: Routing | None) -> Handler:
    """Return what answers the calls to an operation on a path template."""
    if routing is None:
        return operation.handler
    if operation.lists_all:
        return _listed(operation.handler, routing)
    if operation.needs not in routing.kinds:
        return operation.handler
    if operation.id_in_body is not None:
        return _routed_by_body(operation.handler, operation.needs, operation.id_in_body, routing)
    parameter = _FIRST_PARAMETER.search(path)
    if parameter is None:
        return operation.handler
    return _routed(operation.handler, operation.needs, parameter[1], routing)


def _routed(handler: Handler, needs: type, parameter: str, routing: Routing) -> Handler:
    """Have a handler answered by the cell of the id in the path."""

    async def in_its_cell(_: object, call: Call) -> Answer:
        return await _answered(handler, needs, call, id_in(call.path_text(parameter)), routing)

    return in_its_cell


def _routed_by_body(handler: Handler, needs: type, in_body: IdInBody, routing: Routing) -> Handler:
    """Have a handler answered by the cell of an id in the body."""

    async def in_its_cell(_: object, call: Call) -> Answer:
        replay = Replay(call)
        try:
            thing_id = in_body.find(await call.body(in_body.bytes_max))
        except BodyTooLarge:
            thing_id = None  # the handler says so, after it has looked at the caller
        replay.again()
        return await _answered(handler, needs, call, thing_id, routing)

    return in_its_cell


def _listed(handler: Handler, routing: Routing) -> Handler:
    """Have the answer name the cells that are missing from a list."""

    async def with_missing(needed: object, call: Call) -> Answer:
        since = routing.started()
        answer = await handler(needed, call)
        answer.headers += missing_header(routing, since)
        return answer

    return with_missing


def missing_header(routing: Routing, since: float) -> tuple[Header, ...]:
    """Return the header that names the cells that a list lacks; nothing if it is complete."""
    missing = routing.missing(since)
    return ((_MISSING_CELLS, ",".join(map(str, missing)).encode()),) if missing else ()


class Replay:
    """Has the body of a call read once more by whoever reads it next."""

    def __init__(self, call: Call) -> None:
        self._receive: Receive = call.receive
        self._messages: list[Any] = []
        self._next = 0
        call.receive = self._receive_again

    def again(self) -> None:
        """Begin again with the first message."""
        self._next = 0

    async def _receive_again(self) -> Any:  # noqa: ANN401 - ASGI's messages
        if self._next == len(self._messages):
            self._messages.append(await self._receive())
        self._next += 1
        return self._messages[self._next - 1]


async def _answered(handler: Handler, needs: type, call: Call, thing_id: UUID | None, routing: Routing) -> Answer:
    async def at(number: int) -> Answer:
        return await handler(routing.at(number)[needs], call)

    # What is no id is refused by the handler, in its own order: who asks comes before what is asked.
    return await (at(0) if thing_id is None else answered_where(thing_id, call, routing, at))


async def answered_where(
    thing_id: UUID, call: Call, routing: Routing, at: Callable[[int], Awaitable[Answer]]
) -> Answer:
    """Return the answer of the first cell in which something is. `at` answers the call from the cell of a number."""
    first, *others = routing.where(thing_id)
    if not others:
        return await at(first)
    replay = Replay(call)
    try:
        return await at(first)
    except routing.misses as missed:
        replay.again()
        try:
            return await at(others[0])
        except routing.misses:
            # The one of the first cell: it may have the event, but not the reservation in it.
            raise missed from None


def id_in(text: str) -> UUID | None:
    """Return the id in a path; None if it is none."""
    try:
        return msgspec.convert(text, UUID)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return None
