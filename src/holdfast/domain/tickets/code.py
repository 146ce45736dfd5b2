"""A ticket as a text: `HF1-` and the payload in base32 (RFC 4648, without padding).

All its characters belong to the alphanumeric mode of QR codes. It has no spaces and nothing that a shell, a URL or a
scanner set to another keyboard would change. ADR 0028 says why it is not base45.
"""

import base64
import binascii
import re

from holdfast.domain.tickets.faults import Fault, UnreadableCode
from holdfast.domain.tickets.signed import PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN, VERSION, SignedTicket, ticket_of

HEAD = f"HF{VERSION}-"

_ANY_VERSION = re.compile(r"HF[0-9]{1,9}-")
_DIGITS = re.compile(r"[A-Z2-7]*")
_BITS = 5


def _length(payload_bytes: int) -> int:
    return len(HEAD) + -(-8 * payload_bytes // _BITS)


CODE_MIN, CODE_MAX = _length(PAYLOAD_BYTES_MIN), _length(PAYLOAD_BYTES_MAX)
"""Characters in a code: 200 to 518."""


def code_of(signed: SignedTicket) -> str:
    """Write a ticket as a text."""
    return HEAD + _written(signed.payload)


def read_code(text: str) -> SignedTicket:
    """Read a code. Each ticket has exactly one code, so a text that differs from it in anything is refused.

    Raises:
        UnreadableCode: It is no code of a ticket, or of another version.
    """
    digits = _digits_of(text)
    try:
        payload = base64.b32decode(digits + "=" * (-len(digits) % 8))
    except binascii.Error:
        raise UnreadableCode(Fault.NOT_CANONICAL) from None
    # The last character has bits that stand for nothing, which the decoder ignores: two texts could be one ticket.
    if _written(payload) != digits:
        raise UnreadableCode(Fault.NOT_CANONICAL)
    return ticket_of(payload)


def _digits_of(text: str) -> str:
    """Return what follows the prefix. The length is checked first, since the text may be anything."""
    if not text:
        raise UnreadableCode(Fault.EMPTY)
    if not text.startswith(HEAD):
        raise UnreadableCode(_wrong_beginning(text[: len(HEAD) + 9]))
    digits = text[len(HEAD) : CODE_MAX + 1]
    if HEAD in digits:
        raise UnreadableCode(Fault.TWICE)
    if len(text) > CODE_MAX:
        raise UnreadableCode(Fault.TOO_LONG)
    if not _DIGITS.fullmatch(digits):
        raise UnreadableCode(Fault.LOWER_CASE if _DIGITS.fullmatch(digits.upper()) else Fault.CHARACTER)
    if len(text) < CODE_MIN:
        raise UnreadableCode(Fault.TOO_SHORT)
    return digits


def _wrong_beginning(text: str) -> Fault:
    if _ANY_VERSION.match(text):
        return Fault.OTHER_VERSION
    if text.upper().startswith(HEAD):
        return Fault.LOWER_CASE
    return Fault.TOO_SHORT if HEAD.startswith(text) else Fault.NO_TICKET


def _written(payload: bytes) -> str:
    return base64.b32encode(payload).decode("ascii").rstrip("=")
