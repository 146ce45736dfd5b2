"""A history in memory, as columns: millions of operations in little space, and fast to process.

An operation is one index in every column. Times, versions and counts are stored directly. Values that repeat (kinds,
codes, ids, seats) are stored once, and their columns contain the numbers that they were given.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice, starmap
from typing import TypeAlias, overload

import numpy as np
import numpy.typing as npt

from chaos.histories.lines import Called, Returned
from chaos.histories.operation import Operation

Column: TypeAlias = npt.NDArray[np.int64]

_NUMBERS = ("process", "called_ns", "returned_ns", "version", "expires_at_us", "count")
_TEXTS = ("kind", "event", "outcome", "answer", "user", "key", "reservation", "status", "node")
_SEATS = ("seats", "named")
_AT_ONCE = 500
"""How many operations are arranged, or rebuilt, at once: few enough to fit into the processor's cache."""


class Vocabulary:
    """The distinct values of a history; the number of a value is its index in `all_texts`, `all_seats` or `lists`."""

    def __init__(self) -> None:
        self.texts: defaultdict[str, int] = defaultdict(count().__next__)
        """Numbers of kinds, codes, ids and statuses; the first look-up by `[]` assigns the number."""
        self.seats: defaultdict[tuple[str, ...], int] = defaultdict(count().__next__)
        """Numbers of the tuples of seats."""
        self.lists: list[dict[str, str]] = [{}]
        """The contents of each `read_list`; the first entry is for all operations of other kinds."""
        self.seat_texts: Column = np.zeros(0, np.int64)
        """The seats of all tuples, concatenated, as numbers of texts; `seats_ends` says where each tuple ends."""
        self.seats_ends: Column = np.zeros(0, np.int64)
        self._all_texts: list[str] = []
        self._all_seats: list[tuple[str, ...]] = []

    def all_texts(self) -> list[str]:
        """Return every text, by its number."""
        if len(self._all_texts) < len(self.texts):
            self._all_texts = list(self.texts)
        return self._all_texts

    def all_seats(self) -> list[tuple[str, ...]]:
        """Return every tuple of seats, by its number."""
        if len(self._all_seats) < len(self.seats):
            self._all_seats = list(self.seats)
        return self._all_seats

    def arrange_seats(self) -> None:
        """Add the seats of new tuples."""
        new = self.all_seats()[len(self.seats_ends) :]
        texts = np.fromiter(map(self.texts.__getitem__, chain.from_iterable(new)), np.int64)
        ends = len(self.seat_texts) + np.cumsum(np.fromiter(map(len, new), np.int64))
        self.seat_texts, self.seats_ends = np.append(self.seat_texts, texts), np.append(self.seats_ends, ends)


class CompactHistory(Sequence[Operation]):
    """The operations of a history; each is built when it is accessed.

    `columns` are named like the fields of an `Operation`. For fields that are not numbers they contain numbers of the
    `vocabulary`.
    """

    __slots__ = ("columns", "vocabulary")

    def __init__(self, columns: dict[str, Column], vocabulary: Vocabulary) -> None:
        self.columns = columns
        self.vocabulary = vocabulary

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> "CompactHistory":
        """Arrange operations, in the given order, if they are not arranged already."""
        if isinstance(operations, cls):
            return operations
        arranger = Arranger()
        given = iter(operations)
        while some := list(islice(given, _AT_ONCE)):
            arranger.add(some, some)
        return arranger.history()

    def __len__(self) -> int:
        return len(self.columns["version"])

    def __iter__(self) -> Iterator[Operation]:
        for place in range(0, len(self), _AT_ONCE):
            yield from self._made({name: column[place : place + _AT_ONCE] for name, column in self.columns.items()})

    @overload
    def __getitem__(self, places: int) -> Operation: ...
    @overload
    def __getitem__(self, places: slice) -> list[Operation]: ...
    def __getitem__(self, places: int | slice) -> Operation | list[Operation]:
        if isinstance(places, slice):
            return list(self._made({name: column[places] for name, column in self.columns.items()}))
        return next(self.at((places,)))

    def at(self, places: Sequence[int] | Column) -> Iterator[Operation]:
        """Return the operations at these places."""
        chosen = np.asarray(places, np.int64)
        return self._made({name: column[chosen] for name, column in self.columns.items()})

    def in_order_of_return(self) -> "CompactHistory":
        """Return the same history in the order of returns."""
        returns = self.columns["returned_ns"]
        if (returns[:-1] <= returns[1:]).all():
            return self
        order = np.argsort(returns, kind="stable")
        ordered = {name: column[order] for name, column in self.columns.items()}
        return CompactHistory(ordered, self.vocabulary)

    def changed(self, operations: Mapping[int, Operation]) -> "CompactHistory":
        """Return a copy with other operations at some places."""
        arranger = Arranger(self.vocabulary)
        arranger.add(list(operations.values()), list(operations.values()))
        others, places = arranger.history().columns, list(operations)
        columns = {name: column.copy() for name, column in self.columns.items()}
        for name, column in columns.items():
            column[places] = others[name]
        return CompactHistory(columns, self.vocabulary)

    def _made(self, columns: Mapping[str, Column]) -> Iterator[Operation]:
        told = self.vocabulary
        texts, seats, lists = told.all_texts(), told.all_seats(), told.lists
        values: dict[str, Iterable[object]] = {name: columns[name].tolist() for name in _NUMBERS}
        values |= {name: map(texts.__getitem__, columns[name].tolist()) for name in _TEXTS}
        values |= {name: map(seats.__getitem__, columns[name].tolist()) for name in _SEATS}
        values["taken"] = map(lists.__getitem__, columns["taken"].tolist())
        return starmap(Operation, zip(*(values[name] for name in Operation.__struct_fields__), strict=True))


def spread(starts: Column, sizes: Column) -> Column:
    """Return the concatenated indexes of several ranges, given their starts and sizes."""
    places: Column = np.repeat(starts - np.cumsum(sizes) + sizes, sizes)
    return places + np.arange(len(places))


class Arranger:
    """Builds a compact history from calls and their answers."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self._vocabulary = vocabulary or Vocabulary()
        self._parts: dict[str, list[Column]] = {name: [] for name in Operation.__struct_fields__}

    def add(self, calls: Sequence[Called | Operation], answers: Sequence[Returned | Operation]) -> None:
        """Append operations: calls, and the answer to each.

        Fastest for a few hundred at a time: each is read many times, and they should fit into the processor's cache.
        """
        size, parts = len(calls), self._parts
        text, seats = self._vocabulary.texts.__getitem__, self._vocabulary.seats.__getitem__
        columns: dict[str, Iterable[int]] = {
            "process": [call.process for call in calls],
            "called_ns": [call.called_ns for call in calls],
            "returned_ns": [answer.returned_ns for answer in answers],
            "version": [answer.version for answer in answers],
            "expires_at_us": [answer.expires_at_us for answer in answers],
            "count": [answer.count for answer in answers],
            "kind": map(text, [call.kind for call in calls]),
            "event": map(text, [call.event for call in calls]),
            "outcome": map(text, [answer.outcome for answer in answers]),
            "answer": map(text, [answer.answer for answer in answers]),
            "user": map(text, [call.user for call in calls]),
            "key": map(text, [call.key for call in calls]),
            "reservation": map(
                text,
                [answer.reservation or call.reservation for call, answer in zip(calls, answers, strict=True)],
            ),
            "status": map(text, [answer.status for answer in answers]),
            "node": map(text, [call.node for call in calls]),
            "seats": map(seats, [call.seats for call in calls]),
            "named": map(seats, [answer.named for answer in answers]),
            "taken": [self._list(answer.taken) if answer.taken else 0 for answer in answers],
        }
        for name, numbers in columns.items():
            parts[name].append(np.fromiter(numbers, np.int64, size))

    def history(self) -> CompactHistory:
        """Return what was appended."""
        self._vocabulary.arrange_seats()
        none = np.zeros(0, np.int64)
        columns = {name: np.concatenate(parts or [none]) for name, parts in self._parts.items()}
        return CompactHistory(columns, self._vocabulary)

    def _list(self, taken: dict[str, str]) -> int:
        self._vocabulary.lists.append(taken)
        return len(self._vocabulary.lists) - 1
