"""Refuses JSON that cannot be decoded or repeats a field, and names the field as the caller wrote it."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from holdfast.domain.refusal import InvalidValue

BODY = "body"
"""The field to name if the body as a whole is at fault."""

_PATH = re.compile(r"^(?P<problem>.*) - at `\$\.?(?P<path>.*)`$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>.*)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
_TYPE = re.compile(r"^Expected `(?P<wanted>\w+)`, got `(?P<given>\w+)`$")
_RANGE = re.compile(r"^Expected `(?P<kind>\w+)` (?P<of_length>of length )?(?P<bound>[<>]=?) (?P<limit>-?\d+)(\.0)?$")
_NAMES = {
    "int": "an integer",
    "float": "a number with a fraction",
    "str": "a text",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "uuid": "a UUID",
    "datetime": "an RFC 3339 time with offset",
}


def complaint(message: str, *, within: str = "", forms: Mapping[str, str] = MappingProxyType({})) -> InvalidValue:
    """Convert msgspec's message into the field, as the caller wrote it, and what is wrong with it.

    Args:
        message: msgspec's message.
        within: The field that was being decoded; empty for a whole body.
        forms: What a text must be, in words, by a part of the pattern that it must match.
    """
    located = _PATH.match(message)
    problem, path = (located["problem"], located["path"]) if located else (message, "")
    path = within + (f".{path}" if within and path and not path.startswith("[") else path)
    if missing := _MISSING.match(problem):
        name = missing["name"]
        return InvalidValue(f"{path}.{name}" if path else name, "is required")
    if unknown := _UNKNOWN.match(problem):
        name = printable(unknown["name"])
        return InvalidValue(f"{path}.{name}" if path else name, "is not known")
    return InvalidValue(path or BODY, _in_words(problem, forms))


def undecodable(error: Exception, raw: bytes) -> InvalidValue:
    """Convert what was raised for bytes that are not JSON at all into what is wrong with the body.

    Args:
        error: A `UnicodeDecodeError`, a `RecursionError`, or what msgspec raises for JSON that is malformed.
        raw: What was to be decoded.
    """
    if isinstance(error, UnicodeDecodeError):
        return InvalidValue(BODY, f"is not UTF-8 (byte {error.start})")
    if isinstance(error, RecursionError):
        return InvalidValue(BODY, "is nested too deeply")
    reason = str(error).removeprefix("JSON is malformed: ")
    return InvalidValue(BODY, f"is not valid JSON: {reason}" if raw else "is missing")


def refuse_repeats(pairs: Iterable[tuple[str, object]]) -> None:
    """Refuse an object with a field that is given twice (an `object_pairs_hook` of `json`).

    Raises:
        InvalidValue: naming the field.
    """
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise InvalidValue(printable(name), "is given twice")
        seen.add(name)


def printable(name: str) -> str:
    """Return a caller's name for something, short and in ASCII."""
    return name[:100].encode("ascii", "backslashreplace").decode()


def _in_words(problem: str, forms: Mapping[str, str]) -> str:
    if wrong_type := _TYPE.match(problem):
        wanted, given = wrong_type["wanted"], wrong_type["given"]
        article = "a number" if wanted == "float" else _NAMES.get(wanted, wanted)
        return f"must be {article}, not {_NAMES.get(given, given)}"
    if out_of_range := _RANGE.match(problem):
        bound = {">=": "at least", "<=": "at most"}.get(out_of_range["bound"], out_of_range["bound"])
        if not out_of_range["of_length"]:
            return f"must be {bound} {out_of_range['limit']}"
        unit = "characters" if out_of_range["kind"] == "str" else "entries"
        return f"must have {bound} {out_of_range['limit']} {unit}"
    if problem.startswith("Expected `str` matching regex"):
        return next((words for part, words in forms.items() if part in problem), "must not contain the character NUL")
    if problem == "Expected `datetime` with a timezone component":
        return "must have an offset, such as Z or +09:00"
    return problem[:1].lower() + problem[1:]
