"""The ids of forms that make something. Each is shown once, so two forms with the same id are one form sent twice."""

import re
import secrets
import time

FORM_ID = "form_id"
"""The name of the hidden field."""
_SHOWN_FOR_MS = 24 * 60 * 60 * 1000
_CLOCKS_APART_MS = 5 * 60 * 1000
_FORM = re.compile(r"([0-9a-f]{12})[0-9a-f]{64}")


def new_form_id() -> str:
    """Make the id of a form that is about to be shown: its time in milliseconds and 256 random bits."""
    return f"{_now_ms():012x}{secrets.token_hex(32)}"


def shown_at(form_id: str) -> int | None:
    """Return when a form with this id was shown, in Unix milliseconds; None if it is no id, or too old to count.

    What a form makes gets an id with this time, so browsers may not choose any.
    """
    known = _FORM.fullmatch(form_id)
    if known is None:
        return None
    milliseconds = int(known[1], 16)
    return milliseconds if -_CLOCKS_APART_MS <= _now_ms() - milliseconds <= _SHOWN_FOR_MS else None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
