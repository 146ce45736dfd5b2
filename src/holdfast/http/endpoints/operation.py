"""One entry of the route table: an operation, its handler, and its description in the document."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.call import Call

Needs = TypeVar("Needs")
Handler: TypeAlias = Callable[[Any, Call], Awaitable[Answer]]
"""Answers a call. Its first argument is the capability that its operation needs."""

_PATH_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A query parameter. All are optional. An invalid value of a free string counts as missing."""

    name: str
    description: str
    example: str
    is_id: bool = False
    """It is a UUID; anything else is refused."""
    is_time: bool = False
    """It is an RFC 3339 time; anything else is refused."""
    values: tuple[str, ...] = ()
    """The only values, if it is not a free string; anything else is refused."""


@dataclass(frozen=True, slots=True)
class Link:
    """A follow-up operation that uses a value from an answer."""

    operation: str
    """The operation's name."""
    parameter: str
    value: str = "$response.body#/id"
    """The value's location in the answer, as an OpenAPI runtime expression."""


@dataclass(frozen=True, slots=True)
class IdInBody:
    """How to find the event that a request is about in its body, where events are in several databases."""

    bytes_max: int
    """The largest body that the handler reads."""
    find: Callable[[bytes], UUID | None]
    """Returns the id in a body; None if there is none. It raises nothing: the handler says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """The answer if all goes well."""

    status: int
    description: str
    body: object | None = None
    """A type, or several if the answer may have one of them; None if it has no JSON body."""
    media_type: str | None = "application/json"
    other_media_types: tuple[str, ...] = ()
    """What it can be besides, if the client asks for it (Accept)."""
    event_version: bool = False
    replayed: bool = False
    tagged: bool = False
    """Whether it has an entity tag."""
    example: object | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Needs]):
    """A method on a path template."""

    method: str
    path: str
    name: str
    """`operationId` in the document."""
    tag: str
    summary: str
    needs: type[Needs]
    """The type of the capability that its handler works with. The composition root has one of each type."""
    handler: Callable[[Needs, Call], Awaitable[Answer]]
    success: Success
    description: str = ""
    query: tuple[QueryParameter, ...] = ()
    texts_in_path: tuple[str, ...] = ()
    """Those of the names in the path that are no ids."""
    request: tuple[type, ...] = ()
    """The types of its request body; several if it has several forms."""
    request_examples: Mapping[str, object] | None = None
    needs_user: bool = False
    if_match: bool = False
    """Whether it can be made to depend on the entity tag that the caller has seen (If-Match)."""
    refusals: tuple[type[Refusal], ...] = ()
    """Refusals specific to it, besides those common to all operations of its kind."""
    uses_database: bool = True
    """Whether it needs the database, and may therefore be unavailable."""
    in_document: bool = True
    id_in_body: IdInBody | None = None
    """Where its body says what it is about, if its path does not."""
    lists_all: bool = False
    """Whether it lists what is in all databases, so that the answer says which of them it lacks."""

    @property
    def path_parameters(self) -> list[str]:
        """The parameter names in the path template."""
        return _PATH_PARAMETER.findall(self.path)
