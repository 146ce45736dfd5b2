"""One entry of the route table: what is served, by whom, and what the document says of it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.call import Call

Needs = TypeVar("Needs")
Handler: TypeAlias = Callable[[Any, Call], Awaitable[Answer]]
"""Answers a call. Its first argument is what its operation needs."""

_PATH_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A query parameter. All are optional free strings: what makes no sense counts as not given."""

    name: str
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class Link:
    """An operation that takes something out of an answer."""

    operation: str
    """Its name."""
    parameter: str
    value: str = "$response.body#/id"
    """Where in the answer it stands, as an OpenAPI runtime expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """What is answered when all goes well."""

    status: int
    description: str
    body: object | None = None
    """A type, or several of which one is answered; None where the answer has no JSON body."""
    media_type: str | None = "application/json"
    event_version: bool = False
    replayed: bool = False
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
    """The capability that its handler works with, by type; the composition root has one of each."""
    handler: Callable[[Needs, Call], Awaitable[Answer]]
    success: Success
    description: str = ""
    query: tuple[QueryParameter, ...] = ()
    request: tuple[type, ...] = ()
    """The types of its request body; several where there are several forms."""
    request_examples: Mapping[str, object] | None = None
    needs_user: bool = False
    refusals: tuple[type[Refusal], ...] = ()
    """What it may refuse beside what every operation of its kind may."""
    uses_database: bool = True
    """It needs the database, so it may be unavailable."""
    in_document: bool = True

    @property
    def path_parameters(self) -> list[str]:
        """The names in the path template."""
        return _PATH_PARAMETER.findall(self.path)
