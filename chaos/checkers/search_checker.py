"""The checker by search: seat by seat, from call times, return times and answers alone.

It ignores `Event-Version`, so it cannot share the mistakes of the checker by version. From the database it learns only
which holds expired, and when. It is slow, so it is used on samples: see `sample`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple, TypeAlias

from chaos.checkers.report import Assumptions
from chaos.checkers.search import Finding, Interval, search
from chaos.histories.database_rows import ReservationRow
from chaos.histories.history import FOREVER, Operation, held, sold
from chaos.histories.operation import ANY_SEAT

Did: TypeAlias = Literal[
    "hold", "sell", "release", "expire", "was made", "was taken", "was free", "reads", "has status"
]


class SeatStep(NamedTuple):
    """What an operation says about one seat; `word` is the state read, or a status."""

    did: Did
    reservation: str
    word: str = ""
    place: int = -1


class SeatState(NamedTuple):
    """The state of a seat (as in `history.held`), and how each of its reservations ended that did not become a sale."""

    now: str
    ended: frozenset[tuple[str, str]]


FREE = SeatState("", frozenset())


class SeatModel:
    """The rules of one seat (docs/model.md), without versions."""

    def step(self, state: SeatState, step: SeatStep) -> SeatState | None:
        """Return the next state, or None if the step is illegal."""
        legal = False
        match step.did:
            case "hold" | "sell" | "release" | "expire":
                return self._change(state, step)
            case "was made":
                legal = self._status(state, step.reservation) != ""
            case "was taken":
                legal = state.now != ""
            case "was free":
                legal = state.now == ""
            case "reads":
                # A list may still show a hold that has just expired.
                shows_ended = state.now == "" and step.word == held(step.reservation)
                legal = state.now == step.word or (shows_ended and (step.reservation, "expired") in state.ended)
            case "has status":
                legal = self._status(state, step.reservation) == step.word
        return state if legal else None

    def idle_for_good(self, step: SeatStep) -> bool:
        """A reservation that has ended or was sold stays so, and reads never change anything."""
        return step.did not in ("hold", "expire")

    def _change(self, state: SeatState, step: SeatStep) -> SeatState | None:
        reservation = step.reservation
        status = self._status(state, reservation)
        if step.did == "hold":
            return SeatState(held(reservation), state.ended) if state.now == "" and status == "" else None
        if step.did == "sell":
            if status == "pending":
                return SeatState(sold(reservation), state.ended)
            return state if status == "confirmed" else None
        if status == "pending":
            how = "expired" if step.did == "expire" else "cancelled"
            return SeatState("", state.ended | {(reservation, how)})
        return state if step.did == "release" and status in ("cancelled", "expired") else None

    @staticmethod
    def _status(state: SeatState, reservation: str) -> str:
        if state.now == held(reservation):
            return "pending"
        if state.now == sold(reservation):
            return "confirmed"
        return next((how for how in ("cancelled", "expired") if (reservation, how) in state.ended), "")


@dataclass(slots=True)
class SearchReport:
    """The result of a search; `unknown` counts the seats for which it gave up."""

    seats: int = 0
    steps: int = 0
    unknown: int = 0
    illegal: list[str] = field(default_factory=list)


def check_by_search(
    operations: Sequence[Operation],
    reservations: Iterable[ReservationRow],
    assumptions: Assumptions | None = None,
    *,
    seats: Iterable[tuple[str, str]] | None = None,
    steps_max: int = 5_000,
    configurations_max: int = 20_000,
) -> SearchReport:
    """Search for a legal order for each seat.

    Args:
        operations: The history, settled.
        reservations: The rows at the end; only the expiry times of expired ones are used.
        assumptions: What may be assumed about the run.
        seats: The seats to check, as (event, seat); all by default.
        steps_max: Seats with more steps are skipped and count as unknown.
        configurations_max: When to give up (see `search`).
    """
    report = SearchReport()
    wanted = None if seats is None else set(seats)
    by_seat = _seat_histories(operations, list(reservations), assumptions or Assumptions(), wanted)
    for (event, seat), intervals in sorted(by_seat.items()):
        report.seats += 1
        report.steps += len(intervals)
        finding: Finding[SeatStep] = Finding("unknown")
        if len(intervals) <= steps_max:
            finding = search(SeatModel(), FREE, intervals, configurations_max=configurations_max)
        if finding.verdict == "unknown":
            report.unknown += 1
        elif finding.verdict == "illegal" and finding.witness is not None:
            step = finding.witness.step
            report.illegal.append(
                f"event {event}, seat {seat}: no order of the operations explains operation {step.place} "
                f"({step.did} {step.word} {step.reservation})"
            )
    return report


def sample(operations: Sequence[Operation], *, seats: int, seed: int) -> list[tuple[str, str]]:
    """Choose random seats among those that were reserved or refused."""
    seen = {
        (operation.event, seat)
        for operation in operations
        if operation.kind == "reserve"
        for seat in operation.named or operation.seats
    }
    return Random(seed).sample(sorted(seen), min(seats, len(seen)))  # noqa: S311 - choosing a sample


SeatHistories: TypeAlias = dict[tuple[str, str], list[Interval[SeatStep]]]


def _seat_histories(
    operations: Sequence[Operation],
    reservations: Sequence[ReservationRow],
    assumptions: Assumptions,
    wanted: set[tuple[str, str]] | None,
) -> SeatHistories:
    made = {operation.reservation: operation for operation in operations if operation.answer == "created"}
    seats_of = {reservation: operation.got for reservation, operation in made.items()}
    searched = (_seats_named(operations) if wanted is None else wanted) - _seats_of_changed_holds(operations, seats_of)
    histories: SeatHistories = {seat: [] for seat in searched}
    seats_by_event: dict[str, list[str]] = defaultdict(list)
    for event, seat in sorted(histories):
        seats_by_event[event].append(seat)
    expiries = [
        (row, _ran_out_ns(row, made[row.id], assumptions))
        for row in reservations
        if row.id in made and row.status in ("pending", "expired")
    ]
    # What the rows show has happened: by the end of the run, settled operations and expiries have taken effect.
    ends = [operation.returned_ns for operation in operations if operation.returned_ns < FOREVER]
    end_ns = 1 + max([*ends, *(ran_out_ns for _, ran_out_ns in expiries)], default=0)
    for place, operation in enumerate(operations):
        returned_ns = min(operation.returned_ns, max(end_ns, operation.called_ns))
        for seat, step in _steps(operation, place, seats_of, seats_by_event[operation.event]):
            if (operation.event, seat) in histories:
                histories[operation.event, seat].append(Interval(operation.called_ns, returned_ns, step))
    for row, ran_out_ns in expiries:
        # A hold that is pending at the end may have expired without a record.
        expiry = Interval(ran_out_ns, end_ns if row.status == "expired" else FOREVER, SeatStep("expire", row.id))
        for seat in row.seats:
            if (row.event, seat) in histories:
                histories[row.event, seat].append(expiry)
    return histories


def _seats_of_changed_holds(
    operations: Iterable[Operation], seats_of: dict[str, tuple[str, ...]]
) -> set[tuple[str, str]]:
    """Return the seats that holds with other seats ever had. Seat by seat, nobody can tell when they gave them up."""
    return {
        (operation.event, seat)
        for operation in operations
        if operation.kind == "change_seats"
        for seat in (*operation.seats, *seats_of.get(operation.reservation, ()))
    }


def _ran_out_ns(row: ReservationRow, made: Operation, assumptions: Assumptions) -> int:
    """Return the earliest time, on the clients' clock, at which a hold may have expired."""
    if assumptions.wall_offset_ns is None:
        return made.called_ns
    ran_out_ns = row.expires_at_us * 1_000 - assumptions.wall_offset_ns - assumptions.clock_tolerance_ns
    return max(made.called_ns, ran_out_ns)


def _seats_named(operations: Iterable[Operation]) -> set[tuple[str, str]]:
    return {
        (operation.event, seat)
        for operation in operations
        for seat in (*operation.seats, *operation.named, *operation.taken)
        if seat != ANY_SEAT
    }


_RESOLVED: dict[tuple[str, str], tuple[Did, str]] = {
    ("confirm", "done"): ("sell", ""),
    ("sell", "done"): ("sell", ""),
    ("cancel", "done"): ("release", ""),
    ("confirm", "settled"): ("sell", ""),
    ("sell", "settled"): ("sell", ""),
    ("cancel", "settled"): ("release", ""),
    ("confirm", "hold_expired"): ("has status", "expired"),
    ("confirm", "already_cancelled"): ("has status", "cancelled"),
    ("confirm", "seller_confirms"): ("has status", "pending"),
    ("sell", "hold_expired"): ("has status", "expired"),
    ("sell", "already_cancelled"): ("has status", "cancelled"),
    ("cancel", "already_confirmed"): ("has status", "confirmed"),
    ("release", "done"): ("release", ""),
    ("release", "settled"): ("release", ""),
    ("release", "already_confirmed"): ("has status", "confirmed"),
    ("extend", "hold_expired"): ("has status", "expired"),
    ("extend", "already_cancelled"): ("has status", "cancelled"),
    ("extend", "already_confirmed"): ("has status", "confirmed"),
}


def _steps(
    operation: Operation, place: int, seats_of: dict[str, tuple[str, ...]], event_seats: Sequence[str]
) -> Iterator[tuple[str, SeatStep]]:
    """Return what an operation says about each seat."""
    answer, reservation = operation.answer, operation.reservation
    if operation.kind.startswith("read"):
        if operation.outcome == "ok":
            yield from _readings(operation, place, event_seats)
    elif answer in ("created", "replayed"):
        did: Did = "hold" if answer == "created" else "was made"
        for seat in operation.got:
            yield seat, SeatStep(did, reservation, "", place)
    elif answer == "seats_unavailable":
        for seat in operation.named:
            yield seat, SeatStep("was taken", "", "", place)
    elif (operation.kind, answer) in _RESOLVED:
        did, word = _RESOLVED[operation.kind, answer]
        for seat in seats_of.get(reservation, ()):
            yield seat, SeatStep(did, reservation, word, place)


def _readings(operation: Operation, place: int, event_seats: Sequence[str]) -> Iterator[tuple[str, SeatStep]]:
    match operation.kind:
        case "read_seat":
            yield operation.seats[0], _reading(operation.status, place)
        case "read_list":
            for seat in event_seats:
                yield seat, _reading(operation.taken.get(seat, ""), place)
        case "read_free_list":
            free = set(operation.named)
            for seat in event_seats:
                # A list of free seats may omit seats of an overdue hold for a moment, so only "free" is evidence.
                if seat in free:
                    yield seat, SeatStep("was free", "", "", place)
        case _:
            return


def _reading(state: str, place: int) -> SeatStep:
    return SeatStep("reads", state.partition(" ")[2], state, place)
