"""A history as columns: a few parallel lists per event and kind of answer, which can be checked quickly."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from operator import le
from typing import Any, Generic, TypeVar

from chaos.checkers.sieve import EventSieve
from chaos.histories.history import FOREVER, NO_VERSION, Operation

Detail = TypeVar("Detail")


class Table(Generic[Detail]):
    """Answers of one kind: `calls` and `returns` in ns, `versions`, `subjects` (a seat or a reservation), `details`.

    `places` are the indexes of the answers in the history. After `sort`, rows are in the order of their returns.
    """

    __slots__ = ("calls", "details", "places", "returns", "subjects", "versions")

    def __init__(self) -> None:
        # An array stores its numbers contiguously; those of a list are scattered over memory.
        self.calls = array("q")
        self.returns = array("q")
        self.versions = array("q")
        self.subjects: list[str] = []
        self.details: list[Detail] = []
        self.places = array("q")

    def __len__(self) -> int:
        return len(self.places)

    def add(self, place: int, operation: Operation, subject: str, detail: Detail) -> None:
        """Append one answer."""
        self.calls.append(operation.called_ns)
        self.returns.append(operation.returned_ns)
        self.versions.append(operation.version)
        self.subjects.append(subject)
        self.details.append(detail)
        self.places.append(place)

    def __bool__(self) -> bool:
        return bool(self.places)

    def sort(self) -> None:
        """Sort the rows by their returns, if necessary."""
        if all(map(le, self.returns, self.returns[1:])):
            return
        order = sorted(range(len(self.returns)), key=self.returns.__getitem__)
        for name in self.__slots__:
            column = getattr(self, name)
            ordered = [column[row] for row in order]
            setattr(self, name, array("q", ordered) if isinstance(column, array) else ordered)


Wish = tuple[str, str, tuple[str, ...]]
"""User, idempotency key and wanted seats."""


class EventColumns:
    """The answers about one event."""

    def __init__(self) -> None:
        self.created: Table[Wish] = Table()
        """New reservations, including settled ones."""
        self.replayed: Table[tuple[Wish, str]] = Table()
        """Replays: requests answered with an existing reservation, and its status in the answer."""
        self.taken: Table[tuple[str, ...]] = Table()
        """Refusals because of taken seats, one row per named seat; the detail is the requested seats."""
        self.chosen: Table[tuple[int, tuple[str, ...]]] = Table()
        """Those of `created` whose seats were chosen: how many were wanted, and which ones they are."""
        self.lacking: Table[tuple[int, int]] = Table()
        """Refusals for lack of free seats: how many were wanted, and how many were said to be left."""
        self.key_reused: Table[Wish] = Table()
        self.limited: Table[int] = Table()
        """Refusals for the limit of seats per buyer; the subject is the user, the detail how many seats were wanted."""
        self.outside_sale: dict[str, Table[None]] = {code: Table() for code in ("sale_not_open", "booking_closed")}
        """Refusals because the sale is not open, by code."""
        self.of_hall: dict[str, Table[tuple[str, ...]]] = {
            code: Table() for code in ("area_by_count", "companion_alone")
        }
        """Refusals because of the places of an area or companion seats, by code; the subject is the reservation that
        was to get the seats, if there was one, the detail the wanted seats."""
        self.confirmed: Table[None] = Table()
        self.cancelled: Table[None] = Table()
        self.released: Table[None] = Table()
        """Cancelled by the seller."""
        self.extended: Table[int] = Table()
        """The detail is the end in the answer (µs)."""
        self.reseated: Table[tuple[str, ...]] = Table()
        """The detail is the wanted seats."""
        self.sold: set[str] = set()
        """The reservations that the seller confirmed, with an answer or without one."""
        self.settled: list[tuple[str, str]] = []
        """(kind, reservation) of operations that had no answer but took effect."""
        self.refused: dict[str, Table[str]] = {
            code: Table()
            for code in (
                "hold_expired",
                "already_cancelled",
                "already_confirmed",
                "reservation_not_found",
                "seller_confirms",
            )
        }
        """Confirmations and cancellations refused, by code; the detail is the user."""
        self.seat_reads: Table[str] = Table()
        """The detail is the state in the answer."""
        self.reservation_reads: Table[str] = Table()
        """The detail is the status in the answer."""
        self.list_reads: Table[dict[str, str]] = Table()
        self.free_list_reads: Table[tuple[str, ...]] = Table()
        self.count_reads: Table[int] = Table()
        self.archived: Table[None] = Table()
        self.restored: Table[None] = Table()
        """What an operator did to the event."""
        self.refused_as_archived: Table[None] = Table()
        """Refusals because the event is archived."""
        self.timed_only: Table[None] = Table()
        """Other answers with a version; only the order of time applies to them."""
        self.sifted: EventSieve | None = None
        """If this is only part of a history: what the other answers showed. None: this is all of it."""

    def decisions(self) -> list[Table[Any]]:
        """Every table of answers that may not lag."""
        tables: tuple[Table[Any], ...] = (
            self.created,
            self.replayed,
            self.taken,
            self.lacking,
            self.key_reused,
            self.limited,
            self.confirmed,
            self.cancelled,
            self.released,
            self.extended,
            self.reseated,
        )
        return [
            *tables,
            *self.outside_sale.values(),
            *self.of_hall.values(),
            *self.refused.values(),
            self.timed_only,
        ]

    def reads(self) -> list[Table[Any]]:
        """Every table of answers of reads."""
        return [self.seat_reads, self.reservation_reads, self.list_reads, self.free_list_reads, self.count_reads]

    def sort(self) -> None:
        """Sort all tables by returns."""
        for table in (*self.decisions(), *self.reads(), self.chosen):
            table.sort()


@dataclass(slots=True)
class Columns:
    """A whole history, by event."""

    operations: int = 0
    events: dict[str, EventColumns] = field(default_factory=dict)


def columns_of(operations: Iterable[Operation], places: Iterable[int] | None = None) -> Columns:
    """Arrange a settled history by event, or a part of it; `places` are the indexes of that part's operations.

    Raises:
        ValueError: for an operation that is not settled, or an unknown kind of answer; the message has its index.
    """
    arranged = Columns()
    events = arranged.events
    for place, operation in zip(count() if places is None else places, operations, strict=False):
        arranged.operations += 1
        columns = events.get(operation.event)
        if columns is None:
            columns = events[operation.event] = EventColumns()
        if operation.outcome == "ok":
            _add_ok(columns, place, operation)
        elif operation.outcome == "fail":
            _add_refusal(columns, place, operation)
        else:
            raise ValueError(f"operation {place} has no answer; settle the history first")
    for columns in events.values():
        columns.sort()
    return arranged


def _add_ok(columns: EventColumns, place: int, operation: Operation) -> None:
    kind, answer = operation.kind, operation.answer
    if kind == "sell":
        columns.sold.add(operation.reservation)
    if kind in ("archive", "restore"):
        (columns.archived if kind == "archive" else columns.restored).add(place, operation, "", None)
    elif answer == "settled":
        columns.settled.append((kind, operation.reservation))
    elif kind in ("reserve", "choose"):
        _add_reserved(columns, place, operation)
    elif kind in ("confirm", "sell"):
        columns.confirmed.add(place, operation, operation.reservation, None)
    elif kind == "cancel":
        columns.cancelled.add(place, operation, operation.reservation, None)
    elif kind in ("release", "extend", "change_seats"):
        _add_change(columns, place, operation)
    else:
        _add_read(columns, place, operation)


def _add_reserved(columns: EventColumns, place: int, operation: Operation) -> None:
    answer, seats = operation.answer, operation.seats
    if operation.kind == "choose":
        # A replay and a row may show other seats, because a hold can be given others.
        told_first = answer == "created" and operation.returned_ns < FOREVER
        seats = operation.named if told_first else ()
        if told_first:
            columns.chosen.add(place, operation, operation.reservation, (len(operation.seats), seats))
    wish = (operation.user, operation.key, seats)
    if answer == "created":
        columns.created.add(place, operation, operation.reservation, wish)
    elif answer == "replayed":
        columns.replayed.add(place, operation, operation.reservation, (wish, operation.status))
    else:
        raise ValueError(f"operation {place}: unknown answer {answer!r} to {operation.kind}")


def _add_change(columns: EventColumns, place: int, operation: Operation) -> None:
    if operation.kind == "release":
        columns.released.add(place, operation, operation.reservation, None)
    elif operation.kind == "extend":
        columns.extended.add(place, operation, operation.reservation, operation.expires_at_us)
    else:
        columns.reseated.add(place, operation, operation.reservation, operation.seats)


def _add_read(columns: EventColumns, place: int, operation: Operation) -> None:
    match operation.kind:
        case "read_seat":
            columns.seat_reads.add(place, operation, operation.seats[0], operation.status)
        case "read_reservation":
            columns.reservation_reads.add(place, operation, operation.reservation, operation.status)
        case "read_list":
            columns.list_reads.add(place, operation, "", operation.taken)
        case "read_free_list":
            columns.free_list_reads.add(place, operation, "", operation.named)
        case _:
            columns.count_reads.add(place, operation, "", operation.count)


def _add_refusal(columns: EventColumns, place: int, operation: Operation) -> None:
    answer = operation.answer
    if answer == "seats_unavailable":
        for seat in operation.named or ("",):
            columns.taken.add(place, operation, seat, operation.seats)
    elif answer == "not_enough_seats":
        columns.lacking.add(place, operation, "", (len(operation.seats), operation.count))
    elif answer in columns.outside_sale:
        columns.outside_sale[answer].add(place, operation, "", None)
    elif answer in columns.of_hall:
        columns.of_hall[answer].add(place, operation, operation.reservation, operation.seats)
    elif answer in columns.refused:
        columns.refused[answer].add(place, operation, operation.reservation, operation.user)
    elif answer == "idempotency_key_reused":
        columns.key_reused.add(place, operation, "", (operation.user, operation.key, operation.seats))
    elif answer == "purchase_limit_reached" and operation.kind in ("reserve", "choose"):
        columns.limited.add(place, operation, operation.user, len(operation.seats))
    elif operation.version != NO_VERSION or answer == "event_archived":
        untimed = answer == "event_archived"
        (columns.refused_as_archived if untimed else columns.timed_only).add(place, operation, "", None)
