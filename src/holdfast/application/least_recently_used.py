"""Values in memory, limited in number and size: the least recently used are dropped first."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LeastRecentlyUsed(Generic[Key, Value]):
    """Values by key. The cost of a call does not grow with their number."""

    def __init__(
        self,
        size_of: Callable[[Value], int],
        *,
        bytes_max: int,
        values_max: int = sys.maxsize,
        latest_stays: bool = False,
    ) -> None:
        """Set up without values.

        Args:
            size_of: Returns how many bytes a value takes. It is asked once whenever a value is put in.
            bytes_max: The limit on the size of all of them.
            values_max: The limit on their number, however small they are.
            latest_stays: Whether the value that was put in last stays, whatever its size.
        """
        self._size_of = size_of
        self._bytes_max = bytes_max
        self._values_max = values_max
        self._left_min = 1 if latest_stays else 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        """The size that each value was counted with. It may have grown since."""
        self.size_bytes = 0

    def __len__(self) -> int:
        """The number of values."""
        return len(self._values)

    def __iter__(self) -> Iterator[Key]:
        """The keys, that of the least recently used value first."""
        return iter(self._values)

    def get(self, key: Key) -> Value | None:
        """Return a value, if there is one. That alone is no use of it (`touch`)."""
        return self._values.get(key)

    def touch(self, key: Key) -> None:
        """Mark a value as just used, if it is still there."""
        if key in self._values:
            self._values.move_to_end(key)

    def put(self, key: Key, value: Value) -> None:
        """Put a value in as the most recently used one, in place of any with its key, and drop what is too much."""
        self._values[key] = value
        self._values.move_to_end(key)
        self._count(key, self._size_of(value))
        while self._too_much() and len(self._values) > self._left_min:
            self.drop(next(iter(self)))

    def drop(self, key: Key) -> None:
        """Drop a value, if it is there."""
        if self._values.pop(key, None) is not None:
            self._count(key, 0)
            del self._sizes[key]

    def _too_much(self) -> bool:
        return self.size_bytes > self._bytes_max or len(self._values) > self._values_max

    def _count(self, key: Key, size_bytes: int) -> None:
        self.size_bytes += size_bytes - self._sizes.get(key, 0)
        self._sizes[key] = size_bytes
