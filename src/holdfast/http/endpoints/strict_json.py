"""Reads JSON from untrusted clients: the result is a value of the expected shape, or an error that names a field.

msgspec itself refuses numbers for texts, `1.0` for an integer, NaN, lone surrogates and control characters. This module
also refuses what msgspec lets pass: bytes that are not UTF-8 in unknown fields, and a field given twice. It turns every
error into an `InvalidValue` that names the field as the caller wrote it.
"""

import asyncio
import codecs
import json
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from holdfast.domain.complaint import BODY, complaint, refuse_repeats, undecodable
from holdfast.domain.refusal import InvalidValue

T = TypeVar("T")

_OFF_LOOP_BYTES = 64 * 1024
"""Larger bodies are decoded in a thread, so that the event loop does not wait for them."""

VALUES_MAX = 12_000
"""Commas and brackets allowed in a body with unknown fields. A description may contain 10,000 of its own."""


class StrictDecoder(Generic[T]):
    """Decodes one type of request body."""

    def __init__(
        self,
        body_type: type[T],
        *,
        quotes: Callable[[T], int] | None = None,
        look_twice: bool = True,
        values_max: int = VALUES_MAX,
    ) -> None:
        """Set up a decoder.

        Args:
            body_type: A msgspec Struct.
            quotes: Returns how many quotation marks a body has that contains this value and nothing else. Every
                repeated field, unknown field or escape adds some, so a body with exactly that many needs no second
                pass. Without it, every body gets one.
            values_max: How many commas and brackets a body may have if it gets a second pass.
            look_twice: False if the caller looks for repeated fields itself.
        """
        self._decoder = msgspec.json.Decoder(body_type)
        self._quotes = quotes
        self._look_twice = look_twice
        self._values_max = values_max

    async def read(self, raw: bytes) -> T:
        """Decode a body, in a thread if it is large.

        Raises:
            InvalidValue: naming the field, or `body`.
        """
        if len(raw) > _OFF_LOOP_BYTES:
            return await asyncio.to_thread(self.decode, raw)
        return self.decode(raw)

    def decode(self, raw: bytes) -> T:
        """Decode a body.

        Raises:
            InvalidValue: naming the field, or `body`.
        """
        raw = without_mark(raw)
        try:
            if self._look_twice and not raw.isascii():
                raw.decode()
            value = self._decoder.decode(raw)
            if self._look_twice and (self._quotes is None or raw.count(b'"') != self._quotes(value)):
                _require_few_values(raw, self._values_max)
                json.loads(raw, object_pairs_hook=refuse_repeats, parse_int=float)
        except msgspec.ValidationError as error:
            raise complaint(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise undecodable(error, raw) from None
        return value


def without_mark(raw: bytes) -> bytes:
    """Remove the byte order mark that some programs put before UTF-8. RFC 8259 allows ignoring it."""
    return raw.removeprefix(codecs.BOM_UTF8)


def _require_few_values(raw: bytes, values_max: int) -> None:
    """Refuse a body that a second pass would turn into very many Python objects, all of them unasked for."""
    if len(raw) > values_max and raw.count(b",") + raw.count(b"[") + raw.count(b"{") > values_max:
        raise InvalidValue(BODY, "has too many unknown fields and entries")
