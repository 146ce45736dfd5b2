"""Numbers the named parameters of a statement: the source says `:event_id`, PostgreSQL gets `$1`.

Only what cannot be anything else counts as a parameter. What could be misread, for example `s[a:b]`, is refused at
start, so that nobody has to remember how it is read.
"""

import re

_TOKENS = re.compile(
    r"""
    (?P<skipped>
        --[^\n]* | /\*(?:(?!/\*|\*/).)*\*/          # comments; those inside others are refused below
        | \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*'  # strings
        | "(?:[^"]|"")*"                            # quoted identifiers
        | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$  # strings in dollar signs
        | ::                                        # casts
        | :(?=\s|=)                                 # slices with spaces around the colon, and `name := value`
    )
    | (?<![\w\])]):(?P<name>[a-z][a-z0-9_]*)\b
    | (?P<odd>\$\d+ | :\S* | ['"$] | /\*)
    """,
    re.VERBOSE | re.DOTALL,
)


def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """Replace the names in a statement by numbers.

    Returns:
        The statement with `$1`, `$2` and so on, and the names in the order of their numbers. A name that is used twice
        gets one number.

    Raises:
        ValueError: naming what is ambiguous or cannot be read: a number, a name that is not in snake_case, a slice
            without spaces around its colon, a string or comment without an end.
    """
    numbers: dict[str, int] = {}

    def number(token: re.Match[str]) -> str:
        if token["odd"]:
            raise ValueError(f"{token['odd']!r} after {sql[: token.start()][-30:]!r} is no named parameter")
        if not token["name"]:
            return token[0]
        return f"${numbers.setdefault(token['name'], len(numbers) + 1)}"

    return _TOKENS.sub(number, sql), tuple(numbers)
