"""Decodes JSON documents that people and other programs write, within bounds of what that may cost."""

import json
from typing import TypeVar

import msgspec

from holdfast.domain.complaint import BODY, complaint, refuse_repeats, undecodable
from holdfast.domain.hall.document import FORMS
from holdfast.domain.hall.imported import Steps
from holdfast.domain.refusal import InvalidValue

T = TypeVar("T")
_COUNT_BYTES = 1 << 20
"""Bytes that are counted in one step, in less than a millisecond."""


def decode_piece(decoder: msgspec.json.Decoder[T], raw: bytes, *, repeats: bool = False, within: str = "") -> T:
    """Decode a document, or a part of one, whose values have been counted (`counting_values`).

    Args:
        decoder: For a type that refuses unknown fields, unless repeats are allowed.
        raw: UTF-8 without a byte order mark.
        repeats: Whether a field may be given twice; the last one counts.
        within: The part of a document that this is; empty for a whole one.

    Raises:
        InvalidValue: naming the place in the document.
    """
    try:
        value = decoder.decode(raw)
        # Each field that is given twice adds two quotation marks. Defaults that are written out, and quotation marks
        # in texts, only cost a second look.
        if not repeats and raw.count(b'"') != msgspec.json.encode(value).count(b'"'):
            json.loads(raw, object_pairs_hook=refuse_repeats, parse_int=float)
    except msgspec.ValidationError as error:
        raise complaint(str(error), within=within, forms=FORMS) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise undecodable(error, raw) from None
    return value


def counting(raw: bytes, mark: bytes) -> Steps[int]:
    """Count how often a byte occurs."""
    count = 0
    for start in range(0, len(raw), _COUNT_BYTES):
        if start:
            yield
        count += raw.count(mark, start, start + _COUNT_BYTES)
    return count


def counting_values(raw: bytes, values_max: int) -> Steps[None]:
    """Refuse a document with too many commas and brackets.

    A comma stands for an object of 24 bytes or more in memory, so without a bound a body of 18 MB would become half a
    gigabyte.

    Raises:
        InvalidValue: it has too many.
    """
    if len(raw) <= values_max:
        return
    count = 0
    for mark in (b",", b"[", b"{"):
        count += yield from counting(raw, mark)
    if count > values_max:
        raise InvalidValue(BODY, "has too many values")
