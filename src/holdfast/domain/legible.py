"""Texts that people read from a ticket and tell apart: what makes two of them look alike is refused, or is one."""

import re
from unicodedata import normalize

from holdfast.domain.refusal import InvalidValue

_INVISIBLE = (
    "\u0000-\u001f\u007f-\u009f"  # control characters
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U00013430-\U0001343f\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that show nothing, as ranges of a regular expression's class: control characters, separators of lines, and
those that Unicode lets a program ignore (zero-width spaces and joiners, direction marks, variation selectors)."""

_invisible = re.compile(f"[{_INVISIBLE}]")


def require_legible(field: str, text: str) -> None:
    """Refuse characters that nobody sees, and spaces at the ends.

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
    """Give the one form of all texts that differ only in how their characters are composed (Unicode's NFC)."""
    return text if text.isascii() else normalize("NFC", text)
