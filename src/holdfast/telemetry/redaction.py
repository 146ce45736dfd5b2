"""Keeps secrets out of log lines, whatever their source."""

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

_SECRETS_MIN = 4
"""The minimum length of a password that is searched for. A shorter one would black out innocent text."""

_URL_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s@/]+@")
_HEADER = re.compile(
    r"(?i)\b((?:proxy-)?authorization|cookie|set-cookie|idempotency[_-]key)\b(['\"]?\s*[:=]\s*(?:b?['\"])?)"
    r"(?:(?:bearer|basic|digest)\s+)?[^\s,'\"}\])]+"
)
# PostgreSQL puts whole rows, including idempotency keys, into the details of an error. The driver may already have
# escaped the line breaks.
_DETAIL = re.compile(r"(DETAIL|CONTEXT):\s.*?(?=\\n|\n|$)")
_KEY_VALUE = re.compile(r"(Key \([^)]*\)=)\(.*?\)(?= (?:already exists|is not present|conflicts|is still))")

_known: re.Pattern[str] | None = None


def hide(secrets: Iterable[str]) -> None:
    """Never write these, in any line, not even in the form they have in a URL."""
    global _known  # noqa: PLW0603 - one process has one set of secrets
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), unquote(secret))}
    words = sorted((form for form in forms if len(form) >= _SECRETS_MIN), key=len, reverse=True)
    _known = re.compile("|".join(map(re.escape, words))) if words else None


def redacted(text: str) -> str:
    """Return the text without secrets."""
    if _known is not None:
        text = _known.sub("***", text)
    if "://" in text:
        text = _URL_PASSWORD.sub(r"\1***@", text)
    if "DETAIL" in text or "CONTEXT" in text:
        text = _DETAIL.sub(r"\1: ***", text)
    if "Key (" in text:
        text = _KEY_VALUE.sub(r"\1(***)", text)
    return _HEADER.sub(r"\1\2***", text)
