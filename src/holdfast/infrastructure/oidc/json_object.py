"""Parses JSON objects strictly, for those that decide who a caller is."""

import json


class MalformedJsonError(ValueError):
    """Not a JSON object, or an ambiguous one. The message quotes nothing of the input."""


def read_object(raw: bytes | str) -> dict[str, object]:
    """Parse one JSON object in UTF-8.

    Duplicate members are refused at any depth. Some parsers use the first, others the last, so a forger could show
    different values to different programs.

    Raises:
        MalformedJsonError: The message has the line and column.
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
