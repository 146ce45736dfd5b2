"""Decodes a hall document piece by piece, so that no step takes longer than a few milliseconds.

msgspec holds the GIL until it has decoded a whole value, in a thread as well: the longest documents stopped everything
else for up to 0.7 s. Here the frame of a large value is decoded with its sections, rows and so on left as they are
written, which takes about 1.5 ms for each megabyte; then those one after another.
"""

import codecs
import re
from collections.abc import Mapping
from typing import Annotated, Any, Union, cast, get_args, get_origin

import msgspec
from msgspec import Raw, Struct

from holdfast.domain.complaint import printable
from holdfast.domain.hall.decoding.bounded import counting, counting_values, decode_piece
from holdfast.domain.hall.document import Floor, Hall, Name, Point, Row, SeatException, Section, Shape
from holdfast.domain.hall.imported import Steps
from holdfast.domain.refusal import InvalidValue

_PIECE_BYTES = 32_768
"""What is decoded as a whole, in about a millisecond; also what is decoded between two pauses."""
_STEP_TOKENS = 2_000
_TOKEN = re.compile(rb'(?P<text>"(?:[^"\\]++|\\.)*+")(?P<colon>\s*+:)?|[\[\]{}]', re.DOTALL)


class _Form:
    """How values of one type are decoded: as a whole, and if they are large, as a frame and its pieces."""

    def __init__(self, whole: object, pieces: "Mapping[str, _Form] | None" = None) -> None:
        self.made = cast("Any", whole)
        self.whole: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self.made)
        self.pieces = dict(pieces or {})
        self.frame = self.whole if pieces is None else msgspec.json.Decoder(_frame_of(self.made, pieces))

    def undivided(self, raw: bytes) -> bool:
        """Return whether a value is decoded as a whole."""
        return len(raw) <= _PIECE_BYTES or not self.pieces


def _frame_of(whole: type[Struct], pieces: "Mapping[str, _Form]") -> type[Struct]:
    """Return the type of a document's part, with its pieces as they are written."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(whole):
        kind = _unread(field.type) if field.name in pieces else field.type
        if field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, kind, msgspec.field(default_factory=field.default_factory)))
        elif field.default is not msgspec.NODEFAULT:
            fields.append((field.name, kind, field.default))
        else:
            fields.append((field.name, kind))
    return msgspec.defstruct(
        whole.__name__, fields, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True
    )


def _unread(kind: object) -> object:
    """Return the type of a list, perhaps with bounds or None, with its entries as they are written."""
    if get_origin(kind) is Annotated:
        return Annotated[(list[Raw], *get_args(kind)[1:])]
    if kind is type(None):
        return kind
    return Union[tuple(_unread(one) for one in get_args(kind))]  # noqa: UP007 - the number of types varies


class OneSection(Section, frozen=True, kw_only=True):
    """A section that is added by itself, with its floor."""

    floor: str | None = None


_name = _Form(Name)
_exception = _Form(SeatException, {"seats": _name})
_row = _Form(Row, {"numbers": _name, "positions": _Form(Point), "seat_numbers": _name, "exceptions": _exception})
_section = _Form(Section, {"rows": _row})
_shape = _Form(Shape)
_floor = _Form(Floor, {"sections": _section, "shapes": _shape})
_hall = _Form(Hall, {"sections": _section, "floors": _floor, "shapes": _shape})
_one_section = _Form(OneSection, {"rows": _row})


def decoding_hall(raw: bytes, *, values_max: int) -> Steps[Hall]:
    """Decode a whole document.

    Args:
        raw: UTF-8, perhaps with a byte order mark.
        values_max: How many commas and brackets it may have.

    Raises:
        InvalidValue: naming the place in the document.
    """
    hall: Hall = yield from _decoding_document(_hall, raw, values_max)
    return hall


def decoding_section(raw: bytes, *, values_max: int) -> Steps[OneSection]:
    """Decode a section that is added by itself.

    Raises:
        InvalidValue: naming the place in the section.
    """
    section: OneSection = yield from _decoding_document(_one_section, raw, values_max)
    return section


def _decoding_document(form: _Form, raw: bytes, values_max: int) -> Steps[Any]:
    raw = raw.removeprefix(codecs.BOM_UTF8)
    yield from counting_values(raw, values_max)
    return (yield from _Decoding().value(form, raw, ""))


class _Decoding:
    """The decoding of one document."""

    def __init__(self) -> None:
        self._bytes = 0
        """Decoded since the last pause."""

    def value(self, form: _Form, raw: bytes, within: str) -> Steps[Any]:
        """Decode a value, piece by piece if it is large."""
        if form.undivided(raw):
            return decode_piece(form.whole, raw, within=within)
        frame = decode_piece(form.frame, raw, repeats=True, within=within)
        yield
        yield from _refuse_repeats(form, frame, raw)
        found = {name: getattr(frame, name) for name in form.made.__struct_fields__}
        for name, piece in form.pieces.items():
            if found[name] is not None:
                field = f"{within}.{name}" if within else name
                found[name] = yield from self._values(piece, found[name], field)
        return form.made(**found)

    def _values(self, form: _Form, pieces: list[Raw], field: str) -> Steps[list[Any]]:
        values = []
        for at, piece in enumerate(pieces):
            raw, within = bytes(piece), f"{field}[{at}]"
            self._bytes += 100 + len(raw)
            if self._bytes > _PIECE_BYTES:
                self._bytes = 0
                yield
            if form.undivided(raw):
                values.append(decode_piece(form.whole, raw, within=within))
            else:
                values.append((yield from self.value(form, raw, within)))
        return values


def _refuse_repeats(form: _Form, frame: Struct, raw: bytes) -> Steps[None]:
    """Refuse a frame with a field that is given twice.

    Its fields are counted by their quotation marks, of which each name has two. Where that is not as expected, the
    frame is decoded without knowing its fields, so that nothing but a repeated one can make a difference.

    Raises:
        InvalidValue: naming the field.
    """
    marks = yield from counting(raw, b'"')
    left = marks
    for name in form.pieces:
        left -= yield from _marks_in(getattr(frame, name) or [])
    bare = msgspec.structs.replace(frame, **{name: [] for name in form.pieces if getattr(frame, name) is not None})
    if left == msgspec.json.encode(bare).count(b'"'):
        return
    fields = msgspec.json.decode(raw, type=dict[str, Raw])
    yield
    if marks == 2 * len(fields) + (yield from _marks_in(list(fields.values()))):
        return
    depth, seen = 0, set()
    for count, token in enumerate(_TOKEN.finditer(raw)):
        if count % _STEP_TOKENS == 0:
            yield
        if token["text"] is None:
            depth += 1 if token[0] in b"[{" else -1
        elif depth == 1 and token["colon"]:
            name = msgspec.json.decode(token["text"], type=str)
            if name in seen:
                raise InvalidValue(printable(name), "is given twice")
            seen.add(name)


def _marks_in(values: list[Raw]) -> Steps[int]:
    """Count the quotation marks in values as they are written."""
    count, passed = 0, 0
    for value in values:
        raw = bytes(value)
        count += yield from counting(raw, b'"')
        passed += 100 + len(raw)
        if passed > 10 * _PIECE_BYTES:
            passed = 0
            yield
    return count
