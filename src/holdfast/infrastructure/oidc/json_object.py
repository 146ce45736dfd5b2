"""Reads JSON objects that decide who somebody is, without the liberties that the standard reader takes."""

import json


class MalformedJsonError(ValueError):
    """Not a JSON object, or not one with a single meaning. The message quotes nothing of what was read."""


def read_object(raw: bytes | str) -> dict[str, object]:
    """Read one object of UTF-8.

    A member that is given twice is refused at any depth: one reader takes the first, another the last, and a forger
    shows each the one that it wants to see.

    Raises:
        MalformedJsonError: saying where, by line and column.
    """
    try:
        value = _DECODER.decode(raw.decode() if isinstance(raw, bytes) else raw)
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"is not JSON (line {error.lineno}, column {error.colno})") from None
    except UnicodeDecodeError:
        raise MalformedJsonError("is not UTF-8") from None
    except RecursionError:
        raise MalformedJsonError("is nested too deeply") from None
    except MalformedJsonError:
        raise
    except ValueError:
        raise MalformedJsonError("has a number that is too long") from None
    if not isinstance(value, dict):
        raise MalformedJsonError("is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("has a member twice")
    return members


def _no_constant(_: str) -> object:
    raise MalformedJsonError("has NaN or Infinity for a number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
