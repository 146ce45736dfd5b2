"""Errors injected into a history that is known to be good: a checker must find each of them.

Each function takes a `Specimen` and returns a changed copy, or None if the history has nothing to change that way.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Literal, NamedTuple

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.histories.database_rows import Change, ReservationRow
from chaos.histories.history import NO_VERSION, Operation
from chaos.histories.operation import KEPT_BACK
from chaos.mutations.archives import ARCHIVE_MUTATIONS
from chaos.mutations.channels import CHANNEL_MUTATIONS
from chaos.mutations.choices import CHOICE_MUTATIONS
from chaos.mutations.purchase_limits import LIMIT_MUTATIONS
from chaos.mutations.reads import READ_MUTATIONS
from chaos.mutations.sales import SALE_MUTATIONS
from chaos.mutations.special_seats import SPECIAL_SEAT_MUTATIONS
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def second_buyer(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer who was refused, because somebody else has a seat, is told that they got the seats."""
    places = [place for place in specimen.having("seats_unavailable") if specimen.operations[place].kind == "reserve"]
    if specimen.log.kept_back is not None:
        places = [place for place in places if _was_taken(specimen, specimen.operations[place])]
    if not places:
        return None
    place = random.choice(places)
    refused = specimen.operations[place]
    forged = replace(refused, outcome="ok", answer="created", reservation="forged", status="pending", named=())
    return specimen.with_operation(place, forged)


def _was_taken(specimen: Specimen, refused: Operation) -> bool:
    states = [specimen.log.state(seat, refused.version) for seat in refused.seats]
    return any(state not in ("", KEPT_BACK) for state in states)


def second_claim(specimen: Specimen, random: Random) -> Mutant | None:
    """The database itself gives a seat to two buyers, and log, row and answer agree."""
    changes = specimen.rows.changes
    chosen = [index for index, change in enumerate(changes) if change.kind == "reserved"]
    random.shuffle(chosen)
    for index in chosen:
        change = changes[index]
        free = ("", KEPT_BACK)
        taken = [seat for seat in specimen.log.timelines if specimen.log.state(seat, change.version - 1) not in free]
        if taken:
            return _give_seats(specimen, index, (random.choice(taken),))
    return None


def _give_seats(specimen: Specimen, index: int, seats: tuple[str, ...]) -> Mutant:
    reservation = specimen.rows.changes[index].reservation
    changes = [
        replace(change, seats=seats) if change.reservation == reservation else change
        for change in specimen.rows.changes
    ]
    rows = [replace(row, seats=seats) if row.id == reservation else row for row in specimen.rows.reservations]
    operations = [
        replace(operation, seats=seats) if operation.reservation == reservation and operation.key else operation
        for operation in specimen.operations
    ]
    return operations, specimen.rows_with(changes=changes, reservations=rows)


def log_cut_off(specimen: Specimen, random: Random) -> Mutant | None:
    """A failover loses the newest transactions, among them one that was acknowledged."""
    places = specimen.having("created", "done")
    if not places:
        return None
    version = specimen.operations[random.choice(places)].version
    changes = [change for change in specimen.rows.changes if change.version < version]
    rows = rows_as_of(specimen.rows.reservations, version - 1)
    return specimen.operations, specimen.rows_with(changes=changes, reservations=rows)


def reservation_gone(specimen: Specimen, random: Random) -> Mutant | None:
    """One acknowledged reservation vanishes, including its log entries."""
    places = specimen.having("created")
    if not places:
        return None
    reservation = specimen.operations[random.choice(places)].reservation
    rows = [row for row in specimen.rows.reservations if row.id != reservation]
    return specimen.operations, specimen.rows_with(
        changes=_without(specimen.rows.changes, reservation), reservations=rows
    )


def sale_gone(specimen: Specimen, random: Random) -> Mutant | None:
    """One acknowledged sale turns back into a hold."""
    places = [place for place in specimen.having("done") if specimen.operations[place].kind in ("confirm", "sell")]
    if not places:
        return None
    reservation = specimen.operations[random.choice(places)].reservation
    changes = _without(specimen.rows.changes, reservation, kind="confirmed")
    rows = [
        replace(row, status="pending", changed_version=row.created_version) if row.id == reservation else row
        for row in specimen.rows.reservations
    ]
    return specimen.operations, specimen.rows_with(changes=changes, reservations=rows)


def read_of_the_past(specimen: Specimen, random: Random) -> Mutant | None:
    """A seat reads correctly at a version older than one that was seen before the read was called."""
    operations = specimen.operations
    versioned = sorted(
        (operation.returned_ns, operation.version) for operation in operations if operation.version != NO_VERSION
    )
    returns = [returned for returned, _ in versioned]
    seen = list(accumulate((version for _, version in versioned), max))
    places = [place for place in specimen.having("seen") if operations[place].kind == "read_seat"]
    random.shuffle(places)
    for place in places:
        read = operations[place]
        before = bisect_left(returns, read.called_ns)
        if before and seen[before - 1] > 0:
            version = random.randrange(max(0, seen[before - 1] - 20), seen[before - 1])
            state = specimen.log.state(read.seats[0], version)
            return specimen.with_operation(place, replace(read, version=version, status=state))
    return None


def read_of_another_state(specimen: Specimen, random: Random) -> Mutant | None:
    """A seat reads in an earlier state at a version at which it has changed."""
    places = [place for place in specimen.having("seen") if specimen.operations[place].kind == "read_seat"]
    random.shuffle(places)
    for place in places:
        read = specimen.operations[place]
        _, states = specimen.log.timelines.get(read.seats[0], ((), ()))
        true = specimen.log.state(read.seats[0], read.version)
        # An expired hold may read as free, so "free" is only wrong for a sold seat.
        wrong = [state for state in states if state != true and (state or true.startswith("sold"))]
        if wrong:
            return specimen.with_operation(place, replace(read, status=random.choice(wrong)))
    return None


def version_of_another(specimen: Specimen, random: Random) -> Mutant | None:
    """Two new reservations are answered with the same version."""
    places = specimen.having("created")
    if len(places) < 2:
        return None
    one, other = random.sample(places, 2)
    answer = replace(specimen.operations[one], version=specimen.operations[other].version)
    return specimen.with_operation(one, answer)


def entry_twice(specimen: Specimen, random: Random) -> Mutant | None:
    """The log has two entries of one version, of different reservations."""
    changes = [change for change in specimen.rows.changes if change.reservation]
    if len(changes) < 2:
        return None
    one, other = random.sample(changes, 2)
    twice = [*specimen.rows.changes, replace(other, version=one.version)]
    return specimen.operations, specimen.rows_with(changes=twice)


def new_twice(specimen: Specimen, random: Random) -> Mutant | None:
    """Two answers call the same reservation new: for the client, one key had two effects."""
    places = specimen.having("created")
    if not places:
        return None
    copied = specimen.operations[random.choice(places)]
    return [*specimen.operations, replace(copied, process=copied.process + 1)], specimen.rows


def effect_of_none(specimen: Specimen, random: Random) -> Mutant | None:
    """A call is answered "nothing happened", but it did happen."""
    places = specimen.having("created")
    if not places or not specimen.complete:
        return None
    place = random.choice(places)
    none = replace(
        specimen.operations[place], outcome="fail", answer="none", version=NO_VERSION, reservation="", status=""
    )
    return specimen.with_operation(place, none)


class Family(NamedTuple):
    """Errors of one kind."""

    ways: tuple[tuple[Mutation, Rule], ...]
    """The functions that inject such an error, each with the rule that must be reported broken."""
    found_in: Literal["every history", "some faults", "no fault"] = "every history"
    """Which histories have a place for them. Some faults have no buyer with two seats, no channels, or nobody who lets
    Holdfast choose. None sells in a hall with areas or companion seats; the runs of `simulation.engine_run` do."""


MUTATIONS: dict[str, Family] = {
    "double sale": Family(((second_buyer, "double_sale"), (second_claim, "double_sale"))),
    "lost write": Family(
        (
            (log_cut_off, "lost_write"),
            (reservation_gone, "lost_write"),
            (sale_gone, "lost_write"),
            (effect_of_none, "effect_nobody_asked"),
        )
    ),
    "stale read": Family(((read_of_the_past, "time_order"), (read_of_another_state, "stale_read"), *READ_MUTATIONS)),
    "repeated version": Family(
        (
            (version_of_another, "repeated_version"),
            (entry_twice, "repeated_version"),
            (new_twice, "repeated_version"),
        )
    ),
    "purchase limit": Family(LIMIT_MUTATIONS, found_in="some faults"),
    "sale": Family(SALE_MUTATIONS),
    "kept back": Family(CHANNEL_MUTATIONS, found_in="some faults"),
    "choice": Family(CHOICE_MUTATIONS, found_in="some faults"),
    "archive": Family(ARCHIVE_MUTATIONS),
    "special seats": Family(SPECIAL_SEAT_MUTATIONS, found_in="no fault"),
}
"""By name of the error."""


def rows_as_of(reservations: Sequence[ReservationRow], version: int) -> list[ReservationRow]:
    """Return the reservations as they were at a version."""
    return [
        row
        if row.changed_version <= version
        else replace(row, status="pending", cancel_reason="", changed_version=row.created_version)
        for row in reservations
        if row.created_version <= version
    ]


def _without(changes: Sequence[Change], reservation: str, *, kind: str = "") -> list[Change]:
    """Replace a reservation's log entries by edits of the event, so that no version is missing."""
    return [
        replace(change, kind="event_edited", reservation="", seats=())
        if change.reservation == reservation and kind in ("", change.kind)
        else change
        for change in changes
    ]
