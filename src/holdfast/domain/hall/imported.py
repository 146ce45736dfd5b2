"""What reading a document of another format results in."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]
"""Work that pauses every few milliseconds, so that the event loop can do something else; its value is the result."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A hall, and all categories that its event has from then on."""

    hall: Hall
    categories: list[CategoryDetails]


def at_once(steps: Steps[T]) -> T:
    """Do all steps and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
