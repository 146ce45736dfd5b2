"""The lines of a CSV file as people's spreadsheets write it."""

import codecs
import csv
import io
from collections.abc import Iterator

from holdfast.domain.complaint import BODY, printable
from holdfast.domain.formulas import restored
from holdfast.domain.refusal import InvalidValue

COLUMNS = ("section", "row", "number", "category", "price", "x", "y", "accessible")
_REQUIRED = ("section", "number")
_LINE_MAX = 4_096
"""Characters in a line. The texts of a seat take fewer than 400."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def lines_of(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a file with a header, and return the number of each line and its values by column, without empty lines.

    The header's columns may be in any order. They are separated by commas, or by semicolons or tabs, as spreadsheets in
    some languages do.

    Args:
        raw: UTF-8 or, with a byte order mark, UTF-16.

    Raises:
        InvalidValue: naming the line, and the column where it is about one.
    """
    text = _decoded(raw)
    header = text[: text.find("\n") if "\n" in text else len(text)]
    separator = max(",;\t", key=header.count)
    reader = csv.reader(_bounded(text), delimiter=separator, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _check_header(names)
        for values in reader:
            if not any(values):
                continue
            if len(values) > len(names):
                raise InvalidValue(f"line {reader.line_num}", f"has {len(values)} values for {len(names)} columns")
            yield reader.line_num, {name: restored(value.strip()) for name, value in zip(names, values, strict=False)}
    except csv.Error as error:
        raise InvalidValue(f"line {reader.line_num}", f"is not valid CSV: {error}") from None


def place(line: int, column: str) -> str:
    """Return how a value is named in an error."""
    return f"line {line}, column {column}"


def _decoded(raw: bytes) -> str:
    encoding = "utf-16" if raw[:2] in _UTF16 else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidValue(f"line {line}", "is not UTF-8: save the file as CSV with the encoding UTF-8") from None


def _bounded(text: str) -> Iterator[str]:
    """Return the lines one by one, so that a reader never makes a million values of a single one."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > _LINE_MAX:
            raise InvalidValue(f"line {number}", f"must have at most {_LINE_MAX} characters")
        yield line


def _check_header(names: list[str]) -> None:
    if names in ([], [""]):
        raise InvalidValue(BODY, f"must begin with a header: {','.join(COLUMNS)}")
    for at, name in enumerate(names):
        if name not in COLUMNS:
            raise InvalidValue("line 1", f"has the column {printable(name)!r}; the columns are {','.join(COLUMNS)}")
        if name in names[:at]:
            raise InvalidValue("line 1", f"has the column {name} twice")
    for name in _REQUIRED:
        if name not in names:
            raise InvalidValue("line 1", f"must have the column {name}")
    if "category" not in names and "price" not in names:
        raise InvalidValue("line 1", "must have the column category or price")
    if ("x" in names) != ("y" in names):
        raise InvalidValue("line 1", "must have both columns x and y, or neither")
