"""Immutable dataclasses that are created thousands of times a second."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    import dataclasses

    def value(*, frozen: bool, **options: object) -> Callable[[type], type]:
        """Make a dataclass that is frozen for the type checker only.

        At run time, a frozen class sets each field through a check. With it, a reservation of 14 fields took 1.5 µs to
        create instead of 0.6 µs, and the values of one hold took 4 % of the server's time for it.
        """
        return dataclasses.dataclass(unsafe_hash=frozen, **options)


__all__ = ["value"]
