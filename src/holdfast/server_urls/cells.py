"""CELLS: the databases of an installation that has more than one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast.server_urls import postgres

PlanMode = Literal["generic", "custom"]

NUMBER_MAX = 4095
"""Ids have twelve bits for it."""

_SCHEMA = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}", re.ASCII)
_MEMBERS = ("url", "schema", "plan_mode", "citus")
_PLAN_MODES: tuple[PlanMode, ...] = ("generic", "custom")


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the tables of one cell are, and how to connect to them."""

    number: int
    url: str = field(repr=False)
    """With its password, which tracebacks must not show."""
    schema: str | None = None
    """The schema that has its tables; None for the role's own `search_path`."""
    plan_mode: PlanMode = "generic"
    """`generic` on plain PostgreSQL; `custom` where each execution must be planned, as on Citus."""
    citus: bool = False
    """Whether the schema is distributed by Citus, and lives on the node that owns it."""

    @staticmethod
    def of(where: "Cell | str") -> "Cell":
        """Return the cell, or cell 0 by its URL, whose `options` say what CELLS says of others."""
        return where if isinstance(where, Cell) else _home(where)

    @property
    def search_path(self) -> Mapping[str, str]:
        """The setting by which a session finds its tables; empty for the role's own."""
        return {} if self.schema is None else {"search_path": self.schema}

    @property
    def label(self) -> str:
        """Its number as a metric's label."""
        return str(self.number)


def _home(url: str) -> Cell:
    """Read a URL such as `…?options=-c%20search_path%3Dsales%20-c%20holdfast.citus%3Don`.

    `holdfast.citus=on` is not a setting of the server, which ignores it, but says that Citus distributes the schema.
    """
    settings = postgres.settings_in(url)
    schema = settings.get("search_path")
    citus = schema is not None and settings.get("holdfast.citus") == "on"
    custom = citus or settings.get("plan_cache_mode") == "force_custom_plan"
    return Cell(number=0, url=url, schema=schema, plan_mode="custom" if custom else "generic", citus=citus)


def parse(text: str) -> tuple[Cell, ...]:
    """Read the cells beside cell 0, in the order of their numbers.

    Raises:
        ValueError: naming the cell and the member that is wrong, without its value, which may be a secret.
    """
    try:
        given = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(given, dict):
        raise ValueError('must be an object such as {"1": {"url": "postgresql://…"}}')  # noqa: TRY004 - as all here
    cells = tuple(sorted((_cell(name, members) for name, members in given.items()), key=lambda cell: cell.number))
    require_distinct(cells)
    return cells


def require_distinct(cells: tuple[Cell, ...]) -> None:
    """Check that no two cells have the same tables.

    Raises:
        ValueError: naming two that do.
    """
    known: dict[tuple[str, str | None], int] = {}
    for cell in cells:
        other = known.setdefault((cell.url, cell.schema), cell.number)
        if other != cell.number:
            raise ValueError(f"cells {other} and {cell.number} have the same url and schema")


def urls_in(text: str) -> list[str]:
    """Find the URLs of cells, also where something else of them is wrong, so that their passwords are never shown."""
    try:
        given = json.loads(text)
    except ValueError:
        return []
    members = given.values() if isinstance(given, dict) else ()
    found = [member.get("url") for member in members if isinstance(member, dict)]
    return [url for url in found if isinstance(url, str)]


def _cell(name: str, members: object) -> Cell:
    if not (name.isascii() and name.isdecimal() and str(int(name[:9])) == name and 1 <= int(name) <= NUMBER_MAX):
        raise ValueError(f"has a cell whose number is not 1 to {NUMBER_MAX}; cell 0 is DATABASE_URL")
    if not isinstance(members, dict):
        raise _wrong(name, "", "must be an object with a url")
    for member in members:
        if member not in _MEMBERS:
            raise _wrong(name, "", f"has a member that is not known; known are {', '.join(_MEMBERS)}")
    return Cell(
        number=int(name),
        url=_url(name, members),
        schema=_schema(name, members),
        plan_mode=_plan_mode(name, members),
        citus=_citus(name, members),
    )


def _url(name: str, members: Mapping[str, Any]) -> str:
    url = members.get("url")
    if not isinstance(url, str):
        raise _wrong(name, "url", "must be a text, such as postgresql://user:password@host:5432/name")
    try:
        return postgres.checked(url)
    except ValueError as error:
        raise _wrong(name, "url", str(error)) from None


def _schema(name: str, members: Mapping[str, Any]) -> str | None:
    schema = members.get("schema")
    if schema is not None and not (isinstance(schema, str) and _SCHEMA.fullmatch(schema)):
        raise _wrong(
            name, "schema", "must be a name of at most 63 lower-case letters, digits and _, and not begin with pg_"
        )
    return schema


def _plan_mode(name: str, members: Mapping[str, Any]) -> PlanMode:
    on_citus = members.get("citus") is True
    wanted = members.get("plan_mode", "custom" if on_citus else "generic")
    if on_citus and wanted == "generic":
        raise _wrong(name, "plan_mode", "must be custom: Citus cannot plan a statement without its values")
    for mode in _PLAN_MODES:
        if mode == wanted:
            return mode
    raise _wrong(name, "plan_mode", "must be one of: generic, custom")


def _citus(name: str, members: Mapping[str, Any]) -> bool:
    citus = members.get("citus", False)
    if not isinstance(citus, bool):
        raise _wrong(name, "citus", "must be true or false")
    if citus and members.get("schema") is None:
        raise _wrong(name, "citus", "needs a schema: Citus distributes schemas")
    return citus


def _wrong(name: str, member: str, problem: str) -> ValueError:
    return ValueError(f"cell {name}{member and f', {member}'}: {problem}")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) != len(pairs):
        raise ValueError("names the same cell or member twice")
    return given
