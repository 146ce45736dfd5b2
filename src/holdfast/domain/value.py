"""Values: dataclasses that nobody changes, made thousands of times a second."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    import dataclasses

    def value(*, frozen: bool, **options: object) -> Callable[[type], type]:
        """Make a dataclass that is frozen for the type checker only.

        At run time a frozen class sets each field through a check, which made a reservation of 14 fields cost 1.5 µs
        instead of 0.6, and all values of one hold 4 % of what the server spends on it.
        """
        return dataclasses.dataclass(unsafe_hash=frozen, **options)


__all__ = ["value"]
