"""Loads the named statements that are kept beside their callers, and checks at start that they fit the code.

A file contains statements. Each is headed by `-- name` and a comment of at least one sentence, and names its values
(`:event_id`). Beside each file, a dataclass has a field for each statement, whose type says which values it takes:

    class OfEvent(TypedDict):
        event_id: UUID

    @dataclass(frozen=True)
    class ReadQueries:
        event: Query[OfEvent]

    READS = bound(ReadQueries, load_queries("reading/reads"))
    row = await READS.event({"event_id": event_id}).fetchrow(connection)

Compared with numbered arguments, a call costs one more dictionary and one `itemgetter`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypedDict, TypeVar, get_args, get_origin, get_type_hints

import asyncpg
from asyncpg.cursor import Cursor

from holdfast.infrastructure.postgres.driver.named_parameters import numbered

_HEAD = re.compile(r"^-- ([a-z][a-z0-9_]*)$", re.MULTILINE)

GivenT = TypeVar("GivenT", bound=Mapping[str, object])
GivenT_contra = TypeVar("GivenT_contra", bound=Mapping[str, object], contravariant=True)
BoundT = TypeVar("BoundT")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Nothing(TypedDict):
    """The parameters of a statement that takes none."""


class Filled:
    """A statement with its values."""

    __slots__ = ("_arguments", "_query")

    def __init__(self, query: "Query[Any]", arguments: tuple[object, ...]) -> None:
        self._query = query
        self._arguments = arguments

    def __str__(self) -> str:
        """Return the statement's name. Its values may be personal and are not shown."""
        return self._query.name

    def fetch(self, connection: Connection) -> Awaitable[list[asyncpg.Record]]:
        """Run it and return all rows."""
        return connection.fetch(self._query.sql, *self._arguments)

    def fetchrow(self, connection: Connection) -> Awaitable[asyncpg.Record | None]:
        """Run it and return the first row, if there is one."""
        return connection.fetchrow(self._query.sql, *self._arguments)

    def fetchval(self, connection: Connection) -> Awaitable[Any]:
        """Run it and return the first value of the first row; None if there is no row."""
        return connection.fetchval(self._query.sql, *self._arguments)

    def cursor(self, connection: Connection) -> Awaitable["Cursor[asyncpg.Record]"]:
        """Run it within a transaction, and return a cursor that fetches its rows in portions."""
        return connection.cursor(self._query.sql, *self._arguments)

    def execute(self, connection: Connection) -> Awaitable[str]:
        """Run it and return its status, such as `UPDATE 1`."""
        return connection.execute(self._query.sql, *self._arguments)


@dataclass(frozen=True, slots=True)
class Query(Generic[GivenT_contra]):
    """A statement with its name, what it is for, and the names of the values it takes."""

    file_name: str
    name: str
    purpose: str
    sql: str
    """The statement, with numbers in place of names."""
    parameters: tuple[str, ...] = ()
    """The names, in the order of their numbers."""
    arguments: Callable[[GivenT_contra], tuple[object, ...]] = field(init=False, repr=False, compare=False)
    """Puts the values of a call in that order."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", _in_order(self.parameters))

    def __call__(self, given: GivenT_contra) -> Filled:
        """Fill in the values, so that the statement can be run."""
        return Filled(self, self.arguments(given))


_names: dict[str, str] = {}
"""The names of the statements that have been loaded, by what is sent."""


def name_of(sql: str) -> str | None:
    """Return the name of a statement; None if it is in no file that this process uses."""
    return _names.get(sql)


def _in_order(names: tuple[str, ...]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    if not names:
        return lambda _: ()
    if len(names) == 1:  # with a single name, `itemgetter` returns the bare value
        [name] = names
        return lambda given: (given[name],)
    return itemgetter(*names)


@cache
def load_queries(file_name: str) -> dict[str, Query[Any]]:
    """Read one file, given its path below `infrastructure/postgres` without `.sql`, such as `booking/batch`.

    Raises:
        ValueError: for a statement without a comment, a duplicate name, or an ambiguous parameter.
    """
    text = (files("holdfast.infrastructure.postgres") / f"{file_name}.sql").read_text(encoding="utf-8")
    _, *parts = _HEAD.split(text)
    queries: dict[str, Query[Any]] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip().splitlines()
        head = 0
        while head < len(lines) and lines[head].startswith("-- "):
            head += 1
        purpose = " ".join(line.removeprefix("-- ") for line in lines[:head])
        if not purpose or name in queries:
            raise ValueError(f"{file_name}.sql: {name} has no sentence of its own, or stands twice")
        try:
            sql, parameters = numbered("\n".join(lines[head:]))
        except ValueError as odd:
            raise ValueError(f"{file_name}.sql: {name}: {odd}") from None
        queries[name] = Query(file_name, name, purpose, sql, parameters)
        _names[sql] = name
    return queries


def bound(to: type[BoundT], queries: Mapping[str, Query[Any]]) -> BoundT:
    """Build the dataclass that represents a file of statements.

    Args:
        to: A dataclass with a field `name: Query[Values]` for each statement; `Values` is a TypedDict.
        queries: What `load_queries` read.

    Raises:
        ValueError: if a statement has no field or a field no statement, or if the names in a statement and the keys of
            its values are not the same.
    """
    types = {name: _values_of(hint) for name, hint in get_type_hints(to).items()}
    wrong = [
        f"{queries[name].file_name}.sql: {name}: {to.__name__} has no field for it"
        for name in sorted(queries.keys() - types.keys())
    ]
    wrong += [f"{to.__name__}.{name} has no statement" for name in sorted(types.keys() - queries.keys())]
    for name in sorted(types.keys() & queries.keys()):
        query, keys = queries[name], types[name].__required_keys__
        where = f"{query.file_name}.sql: {name}"
        values = types[name].__name__
        wrong += [f"{where}: :{key} has no value in {values}" for key in query.parameters if key not in keys]
        wrong += [f"{where}: {values}.{key} has no name" for key in sorted(keys.difference(query.parameters))]
    if wrong:
        raise ValueError("; ".join(wrong))
    return to(**queries)


def _values_of(hint: Any) -> Any:  # noqa: ANN401 - what `get_type_hints` finds is a type of any kind
    if get_origin(hint) is not Query:
        raise TypeError(f"{hint} is not Query[…]")
    [values] = get_args(hint)
    return values
