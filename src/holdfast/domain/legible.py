"""Rules for texts that people read on a ticket, so that no two different texts look alike."""

import re
from unicodedata import normalize

from holdfast.domain.refusal import InvalidValue

_INVISIBLE = (
    "\u0000-\u001f\u007f-\u009f"  # control characters
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U00013430-\U0001343f\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that cannot be seen, as ranges for a character class of a regular expression: control characters, line
separators, and those that Unicode lets programs ignore (zero-width spaces and joiners, direction marks, variation
selectors)."""

_invisible = re.compile(f"[{_INVISIBLE}]")


def require_legible(field: str, text: str) -> None:
    """Refuse invisible characters, and spaces at either end.

    Raises:
        InvalidValue: naming the field.
    """
    if text.isascii() and text.isprintable():
        if text[:1] == " " or text[-1:] == " ":
            raise InvalidValue(field, "must not begin or end with a space")
        return
    found = _invisible.search(text)
    if found is not None:
        raise InvalidValue(field, f"must not contain the invisible character U+{ord(found[0]):04X}")
    if text != text.strip():
        raise InvalidValue(field, "must not begin or end with a space")


def same_look(text: str) -> str:
    """Return the composed form (Unicode's NFC), which is the same for all texts that look the same in print."""
    return text if text.isascii() else normalize("NFC", text)
