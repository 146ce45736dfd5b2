"""docs/configuration.md agrees with the code."""

import types
from pathlib import Path
from typing import Union, get_args, get_origin

import annotated_types
from pydantic_core import PydanticUndefined

from holdfast.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_table_of_the_page_is_the_settings_of_the_code():
    in_page = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert in_page == [_row(name, field) for name, field in Settings.model_fields.items()]


def _row(name, field) -> str:
    return f"| `{name.upper()}` | {_default(field)} | {_range(field)} | {field.description} |"


def _default(field) -> str:
    if field.default in (None, "", PydanticUndefined):
        return ""
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def _range(field) -> str:
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = get_args(kind)[0]
    words = [word for word in get_args(kind) if isinstance(word, str)]
    if words:
        return ", ".join(f"`{word}`" for word in words)
    bounds = {type(bound): bound for bound in field.metadata}
    if annotated_types.Gt in bounds:
        return f"above {bounds[annotated_types.Gt].gt}, up to {bounds[annotated_types.Le].le}"
    if annotated_types.Ge in bounds:
        return f"{bounds[annotated_types.Ge].ge} … {bounds[annotated_types.Le].le}"
    return ""
