"""Scripts as they are sent: each page's with all that it imports, in one file without comments and indentation.

The modules are small, and what a page imports is up to thirty of them, eight imports deep. One by one, over HTTP/1.1, a
phone would wait eight times for the network; and the types, which are in comments, are a third of the bytes. Nothing
else is changed, so what runs is what is read in the repository, line by line.
"""

import re
from collections.abc import Mapping
from posixpath import dirname, join, normpath

_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*$|//[^\n]*$)\n?", re.DOTALL | re.MULTILINE)
"""One that begins a line and ends one. Others stay: they could be part of a string."""
_CAST = re.compile(r"/\*\* @type \{[^\n]*?\} \*/ ?")
_INDENTATION = re.compile(r"^[ \t]+|\n(?=\n)", re.MULTILINE)
_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"\n]+)";$\n?', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) ([A-Za-z_]\w*))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def without_comments(script: str) -> str:
    """Return a script without comments and indentation.

    Its template literals must each be on one line, since their spaces count; a test looks at all scripts.
    """
    return _INDENTATION.sub("", _CAST.sub("", _COMMENT.sub("", script)))


def joined(scripts: Mapping[str, str]) -> dict[str, str]:
    """Return the scripts that pages load, which are those that no other imports, each with all that it imports.

    Args:
        scripts: All scripts, by name.

    Raises:
        ValueError: A script imports or exports in a way that this does not know, or what is not there, or in a circle.
    """
    bare = {name: without_comments(script) for name, script in scripts.items()}
    imports = {name: _imported_by(name, script) for name, script in bare.items()}
    entries = set(bare).difference(*imports.values())
    sent = {}
    for entry in sorted(entries):
        order: list[str] = []
        _collect(entry, imports, order, ())
        numbers = {name: number for number, name in enumerate(order)}
        sent[entry] = "".join(_as_function(name, bare[name], numbers, is_entry=name == entry) for name in order)
    return sent


def _imported_by(name: str, script: str) -> list[str]:
    return [normpath(join(dirname(name), found[2])) for found in _IMPORT.finditer(script)]


def _collect(name: str, imports: Mapping[str, list[str]], order: list[str], above: tuple[str, ...]) -> None:
    """Put a script behind all that it imports."""
    if name in above or name not in imports:
        raise ValueError(
            f"{above[-1]} imports {name}, which {'imports it in turn' if name in above else 'is not there'}"
        )
    if name not in order:
        for other in imports[name]:
            _collect(other, imports, order, (*above, name))
        order.append(name)


def _as_function(name: str, script: str, numbers: Mapping[str, int], *, is_entry: bool) -> str:
    """Return a script as a function that returns what it exports, so that its names are its own as in a module."""

    def taken(found: re.Match[str]) -> str:
        number = numbers[normpath(join(dirname(name), found[2]))]
        return f"const {{{found[1].replace(' as ', ': ')}}} = ${number};\n" if found[1] else ""

    exported = _EXPORT.findall(script)
    body = _EXPORT.sub("", _IMPORT.sub(taken, script))
    if other := _OTHER.search(body):
        raise ValueError(f"{name} is not joined with others: {other[0]}")
    if is_entry:
        return body
    return f"const ${numbers[name]} = (() => {{\n{body}return {{{', '.join(exported)}}};\n}})();\n"
