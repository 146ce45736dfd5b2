"""Mistakes that a programmer could make in the read side, each injected into the real code for a run.

A fault edits the source of one or two functions: `old` is replaced by `new`. If the code has changed and `old` is not
found any more, the injection fails and the fault has to be rewritten.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from chaos.reading.rules import ReadRule


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in the source of a function of a class or a module."""

    owner: Any
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SeededFault:
    """A fault, and its effect on readers."""

    name: str
    edits: tuple[Edit, ...]
    breaks: frozenset[ReadRule]
    """One of these rules must be reported broken."""


def fault(name: str, breaks: str, *edits: tuple[Any, str, str, str]) -> SeededFault:
    """Define a fault: the rules that it breaks, as one text, and its edits as (owner, function, old, new)."""
    rules: Any = frozenset(breaks.split())
    return SeededFault(name, tuple(Edit(*edit) for edit in edits), rules)


@contextmanager
def seeded(fault: SeededFault) -> Iterator[None]:
    """Inject a fault into the code inside the block.

    Raises:
        LookupError: the code that it edits has changed.
    """
    with ExitStack() as stack:
        for edit in fault.edits:
            stack.enter_context(_edited(edit))
        yield


@contextmanager
def _edited(edit: Edit) -> Iterator[None]:
    original = inspect.getattr_static(edit.owner, edit.name)
    source = _sources.get(original) or textwrap.dedent(inspect.getsource(original))
    if source.count(edit.old) != 1:
        raise LookupError(f"{edit.name} has {source.count(edit.old)} times: {edit.old}")
    source = source.replace(edit.old, edit.new)
    module = sys.modules[original.__module__]
    space: dict[str, Callable[..., Any]] = {}
    exec(compile(source, f"<{edit.name} with a fault>", "exec"), vars(module), space)  # noqa: S102 - that is the point
    changed = space[edit.name]
    _sources[changed] = source
    with ExitStack() as stack:
        # Another module may have imported the function by name.
        users = [one for name, one in sys.modules.items() if name.startswith("holdfast.")]
        for owner in (edit.owner, *users):
            if vars(owner).get(edit.name) is original:
                stack.enter_context(patch.object(owner, edit.name, changed))
        yield
    del _sources[changed]


_sources: dict[Any, str] = {}
"""Current source of functions that are edited twice."""
