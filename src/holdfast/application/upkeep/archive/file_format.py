"""The format of an archive's file: gzip, and in it lines of JSON.

The first line is the header: the format's name, the schema's migration, the event's row, and for each table its columns
and the number of its rows. Then there is one line per row, an array of the table's name and the values of its columns,
by table and in the order of a key. The last line has the SHA-256 of everything before it.

The same event in the same schema gives the same bytes.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from holdfast.application.upkeep.archive.ports import TABLES, Export, Lines, Table
from holdfast.application.upkeep.archive.refusals import FileDamagedError

FORMAT = "holdfast-archive/1"
_PREFIXES: Mapping[bytes, Table] = {b'["%s"' % table.encode(): table for table in TABLES}


def header_line(export: Export) -> bytes:
    """Return the first line, with its line break."""
    return _line(
        {
            "format": FORMAT,
            "schema": export.schema,
            "event": json.loads(export.event_row),
            "tables": {table: {"columns": list(export.columns[table]), "rows": export.rows[table]} for table in TABLES},
        }
    )


def last_line(sha256: bytes) -> bytes:
    """Return the last line, with its line break, from the digest of all lines before it."""
    return _line({"sha256": sha256.hex()})


def _line(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class Reading:
    """Checks a file while it is read, line by line."""

    event_id: UUID
    version: int
    columns: dict[Table, Sequence[str]] = field(default_factory=dict)
    """The columns of each table, from the header on."""
    _left: dict[Table, int] = field(default_factory=dict)
    """How many rows of each table are still to come."""
    _digest: Any = field(default_factory=hashlib.sha256)
    _ended: bool = False

    async def rows(self, portions: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[Lines]:
        """Yield the rows of a file, portion by portion.

        Args:
            portions: The file's lines, each with its line break.

        Raises:
            FileDamagedError: it is not the file of this event, or not all of it.
        """
        first = True
        async for portion in portions:
            if first and portion:
                self._header(portion[0])
                portion, first = portion[1:], False  # noqa: PLW2901 - the rest is like the other portions
            for lines in self._of_one_table(portion):
                yield lines
        if not self._ended or any(self._left.values()):
            raise FileDamagedError("the file ends too early")

    def _header(self, line: bytes) -> None:
        header = _json_object(line)
        if header.get("format") != FORMAT:
            raise FileDamagedError(f"the file's format is not {FORMAT}")
        event = header.get("event")
        if not isinstance(event, dict) or event.get("id") != str(self.event_id):
            raise FileDamagedError("it is the file of another event")
        if event.get("version") != self.version:
            raise FileDamagedError(f"it has the event's version {event.get('version')}, not {self.version}")
        try:
            tables = cast("dict[str, Any]", header["tables"])
            self.columns = {table: [str(name) for name in tables[table]["columns"]] for table in TABLES}
            self._left = {table: int(tables[table]["rows"]) for table in TABLES}
        except (KeyError, TypeError, ValueError):
            raise FileDamagedError("the file's header does not tell of its tables") from None
        self._digest.update(line)

    def _of_one_table(self, portion: Iterable[bytes]) -> Iterable[Lines]:
        table: Table | None = None
        lines: list[bytes] = []
        for line in portion:
            of = _PREFIXES.get(line[: line.find(b",")]) if line.startswith(b"[") else None
            if of is None:
                self._end(line)
                continue
            if self._ended or not line.endswith(b"\n"):
                raise FileDamagedError("the file does not end with its last line")
            if of != table and table is not None:
                yield Lines(table, b"".join(lines), len(lines))
                lines = []
            table = of
            lines.append(line)
            self._digest.update(line)
            self._left[of] -= 1
            if self._left[of] < 0:
                raise FileDamagedError(f"there are more {of} than the header says")
        if table is not None and lines:
            yield Lines(table, b"".join(lines), len(lines))

    def _end(self, line: bytes) -> None:
        if self._ended or _json_object(line).get("sha256") != self._digest.hexdigest():
            raise FileDamagedError("the lines are not those that were written")
        self._ended = True


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise FileDamagedError("the file has a line that is not of an archive")
    return found
