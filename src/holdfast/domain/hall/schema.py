"""The JSON Schema of `holdfast-hall/1`, made from the types that read it, with the rules between fields added."""

from typing import Any, TypeAlias

import msgspec

from holdfast.domain.hall.document import Hall

SCHEMA_PATH = "/schemas/holdfast-hall-1.json"
"""Where it is served (contract)."""
_Json: TypeAlias = dict[str, Any]


def hall_schema() -> _Json:
    """Return the schema, of draft 2020-12.

    It cannot express which numbers, keys and names must differ, that a row's lists are of one length, that an exception
    names seats of its row, or how many seats there may be. Everything else is in it.
    """
    schema = msgspec.json.schema(Hall)
    definitions: _Json = schema["$defs"]
    definitions["Hall"] |= {"oneOf": [_has(sections="array"), _has(floors="array")]}
    definitions["Section"] |= {
        "oneOf": [_has(rows="array"), _has(capacity="integer")],
        "anyOf": [_has(category="string"), _has(price="integer"), _all_rows_have_worth()],
    }
    definitions["Row"] |= {
        "oneOf": [_has(count="integer"), _has(numbers="array")],
        "anyOf": [
            {**_has(positions="array"), "not": {"anyOf": [_has(start="array"), _has(end="array"), _is_bent()]}},
            {**_has(start="array", end="array"), "not": _has(positions="array")},
        ],
        "not": _has(numbers="array", numbering="string"),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "holdfast-hall/1",
        "description": "A hall as a recipe of floors, sections and rows.",
        **schema,
    }


def _has(**types: str) -> _Json:
    """Return a schema for an object that has these fields, and not as null, which is the same as leaving one out."""
    return {"required": list(types), "properties": {name: {"type": of} for name, of in types.items()}}


def _is_bent() -> _Json:
    return {"required": ["bend"], "properties": {"bend": {"not": {"const": 0}}}}


def _all_rows_have_worth() -> _Json:
    worth = {"anyOf": [_has(category="string"), _has(price="integer")]}
    return {"required": ["rows"], "properties": {"rows": {"type": "array", "items": worth}}}
