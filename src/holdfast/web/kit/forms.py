"""Reads the forms that browsers send."""

from collections.abc import AsyncGenerator
from typing import TypeVar
from uuid import UUID

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.call import Call

_FIELDS_MAX = 5_000
_FILES_MAX = 5
T = TypeVar("T")


class Form:
    """The fields of a form. A field that was not sent reads as empty, like a text field that was left empty."""

    def __init__(self, fields: FormData) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """Return what was typed into a field, without spaces around it."""
        value = self._fields.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def raw(self, name: str) -> str:
        """Return what was typed into a field as it is, for passwords and documents."""
        value = self._fields.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Return all values of a field that may be there several times, such as ticked boxes."""
        return [value.strip() for value in self._fields.getlist(name) if isinstance(value, str)]

    def has(self, name: str) -> bool:
        """Return whether a field was sent: a box was ticked, a button was pressed."""
        return name in self._fields

    def number(self, name: str, *, otherwise: int | None = None) -> int | None:
        """Return a whole number; `otherwise` where the field was left empty.

        Raises:
            InvalidValue: It is no whole number.
        """
        text = self.text(name)
        if not text:
            return otherwise
        if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 18:
            raise InvalidValue(name, "must be a whole number")
        return int(text)

    def ids(self, name: str) -> list[UUID]:
        """Return the ids of all values of a field, such as seats that were ticked.

        Raises:
            InvalidValue: One is no UUID.
        """
        try:
            return [UUID(text) for text in self.texts(name)]
        except ValueError:
            raise InvalidValue(name, "must be a UUID") from None

    async def file(self, name: str) -> bytes | None:
        """Return the content of a file that was chosen; None where none was."""
        given = self._fields.get(name)
        if not isinstance(given, UploadFile) or not given.filename:
            return None
        await given.seek(0)
        return await given.read()

    def fields(self) -> dict[str, str]:
        """Return the first text of every field, to show a form again as it was filled in."""
        return {name: value for name, value in self._fields.items() if isinstance(value, str)}

    def pairs(self) -> list[str]:
        """Return all names and texts in turn, as they were sent, without files."""
        return [part for name, value in self._fields.multi_items() if isinstance(value, str) for part in (name, value)]

    async def close(self) -> None:
        """Remove the files."""
        await self._fields.close()


async def read_form(call: Call, bytes_max: int) -> Form:
    """Read the body of a request as a form.

    Raises:
        BodyTooLarge: It has too many bytes.
        InvalidValue: It is no form, or has too many fields.
    """
    content_type = call.only_header(b"content-type") or ""
    body = await call.body(bytes_max)
    headers = Headers({"content-type": content_type})
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            _require_utf_8(content_type)
            parser = MultiPartParser(
                headers, _in_one(body), max_files=_FILES_MAX, max_fields=_FIELDS_MAX, max_part_size=bytes_max
            )
            return Form(await parser.parse())
        if kind == "application/x-www-form-urlencoded":
            if body.count(b"&") >= _FIELDS_MAX:
                raise InvalidValue("body", f"must have at most {_FIELDS_MAX} fields")
            # By default, Starlette takes fewer fields, and shorter ones, than our pages send.
            fields = FormParser(headers, _in_one(body), max_fields=_FIELDS_MAX, max_part_size=bytes_max)
            return Form(await fields.parse())
    except (MultiPartException, ValueError, LookupError):
        raise InvalidValue("body", "is not a form that can be read") from None
    if not body:
        return Form(FormData())
    raise InvalidValue("body", "must be a form")


def _require_utf_8(content_type: str) -> None:
    """Refuse other encodings, which browsers do not send.

    Python has some that make halves of characters of bytes, and one that takes a time that grows with their square.
    """
    _, options = parse_options_header(content_type)
    if options.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise InvalidValue("body", "must be in UTF-8")


async def _in_one(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""
