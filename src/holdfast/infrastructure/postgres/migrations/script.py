"""Parses the SQL of a migration into steps and their statements.

A step begins with a comment line; a script without such lines is one step:

    -- step: NAME
    -- step: NAME, outside a transaction
"""

import re
from dataclasses import dataclass, replace

_HEAD = re.compile(r"^-- step: ([a-z][a-z0-9_ ]*?)(, outside a transaction)?$", re.MULTILINE)
_ANY_HEAD = re.compile(r"^\s*--\s*step\b.*$", re.MULTILINE | re.IGNORECASE)
_WHOLE = "all"

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<end>;)
    | (?<!\w)[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?P<quote>\$(?:[A-Za-z_]\w*)?\$).*?(?P=quote)
    | [^-/;'"$eE]+
    | .""",
    re.VERBOSE | re.DOTALL,
)

_CLOSES_QUOTES = ("'", '"', "$")
_ALTER_TABLE = re.compile(r"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?[\w.\"]+\s+", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
CREATE_INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(?P<name>\w+) ON ", re.IGNORECASE)
_REPEATABLE = re.compile(
    rf"{CREATE_INDEX.pattern}|DROP INDEX CONCURRENTLY IF EXISTS \w+$|ALTER TABLE \w+ VALIDATE CONSTRAINT \w+$"
    r"|(?:VACUUM|ANALYZE)\b",
    re.IGNORECASE,
)
_NEVER_INSIDE = re.compile(r"\bCONCURRENTLY\b|^VACUUM\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """Statements that belong together: in one transaction, or one after another without any."""

    name: str
    statements: tuple[str, ...]
    in_transaction: bool

    def with_one_change_each(self) -> "Step":
        """Return the same step in the form that Citus accepts: each statement changes a table in one way."""
        return replace(self, statements=tuple(each for one in self.statements for each in one_change_each(one)))


def steps_of(script: str) -> list[Step]:
    """Parse a script.

    Raises:
        ValueError: A step's comment line is misspelt, a name is used twice, there are statements before the first step,
            a statement must run outside a transaction but does not, or one outside a transaction cannot be repeated.
            After a crash nobody knows whether such a statement was done, so it is run again.
    """
    heads = list(_HEAD.finditer(script))
    if len(heads) != len(_ANY_HEAD.findall(script)):
        raise ValueError("a step begins with `-- step: name` or `-- step: name, outside a transaction`")
    if not heads:
        steps = [Step(_WHOLE, tuple(statements_of(script)), in_transaction=True)]
    else:
        if statements_of(script[: heads[0].start()]):
            raise ValueError("there are statements before the first step")
        ends = [*(head.start() for head in heads[1:]), len(script)]
        steps = [
            Step(head[1], tuple(statements_of(script[head.end() : end])), in_transaction=head[2] is None)
            for head, end in zip(heads, ends, strict=True)
        ]
    if len({step.name for step in steps}) != len(steps):
        raise ValueError("two steps have the same name")
    for step in steps:
        _check(step)
    return steps


def statements_of(script: str) -> list[str]:
    """Split at the semicolons that end statements; comments are left out.

    PostgreSQL accepts several statements at once, but Citus does not. Functions with a `BEGIN ATOMIC` body cannot be
    split.
    """
    statements = [""]
    for token in _TOKEN.finditer(script):
        if token["end"]:
            statements.append("")
        elif token["comment"]:
            statements[-1] += " "
        else:
            statements[-1] += token[0]
    return [statement.strip() for statement in statements if statement.strip()]


def one_change_each(statement: str) -> list[str]:
    """Split an ALTER TABLE with several changes into one statement for each; leave any other statement as it is.

    Citus refuses to add or drop a constraint together with another change. In one transaction the result is the same.
    """
    altered = _ALTER_TABLE.match(statement)
    if altered is None:
        return [statement]
    changes, depth = [""], 0
    for token in _TOKEN.finditer(statement, altered.end()):
        if token[0][-1] in _CLOSES_QUOTES:
            changes[-1] += token[0]
            continue
        for character in token[0]:
            depth += (character == "(") - (character == ")")
            if character == "," and depth == 0:
                changes.append("")
            else:
                changes[-1] += character
    return [f"{altered[0].rstrip()} {change.strip()}" for change in changes]


def in_one_line(statement: str) -> str:
    """Return a statement without its line breaks, for matching and for messages."""
    return _SPACE.sub(" ", statement).strip()


def _check(step: Step) -> None:
    for statement in map(in_one_line, step.statements):
        if step.in_transaction and _NEVER_INSIDE.search(statement):
            raise ValueError(f"step {step.name}: must be `, outside a transaction`: {statement[:80]}")
        if not step.in_transaction and not _REPEATABLE.match(statement):
            raise ValueError(f"step {step.name}: cannot be repeated, so it needs a transaction: {statement[:80]}")
