"""Loads the named statements of `sql/`.

A file holds statements, each headed by `-- name` and then one sentence, or more, in comments.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"^-- ([a-z][a-z0-9_]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """A statement with its name and what it is for."""

    name: str
    purpose: str
    sql: str


@cache
def load_queries(file_name: str) -> dict[str, Query]:
    """Read one file of `sql/`, by name without the ending.

    Raises:
        ValueError: for a statement without a sentence, or a name used twice.
    """
    text = (files(__package__) / "sql" / f"{file_name}.sql").read_text(encoding="utf-8")
    _, *parts = _HEAD.split(text)
    queries: dict[str, Query] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip().splitlines()
        head = 0
        while head < len(lines) and lines[head].startswith("-- "):
            head += 1
        purpose = " ".join(line.removeprefix("-- ") for line in lines[:head])
        if not purpose or name in queries:
            raise ValueError(f"{file_name}.sql: {name} has no sentence of its own, or stands twice")
        queries[name] = Query(name, purpose, "\n".join(lines[head:]))
    return queries
