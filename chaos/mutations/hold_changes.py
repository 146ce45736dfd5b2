"""Faults of extended and changed holds, written into a history that is known to be good.

They have a place only in histories with such holds, so the self-test of every check does not demand them.
"""

from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Assumptions, Rule
from chaos.histories.database_rows import Change
from chaos.histories.operation import Operation
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def _entry(specimen: Specimen, random: Random, kind: str) -> int | None:
    places = [place for place, change in enumerate(specimen.rows.changes) if change.kind == kind]
    return random.choice(places) if places else None


def _last_changes(specimen: Specimen) -> list[int]:
    """Return the entry that last gave a hold other seats, for each such hold. Later ones could undo a fault in it."""
    last = {change.reservation: at for at, change in enumerate(specimen.rows.changes) if change.kind == "seats_changed"}
    return sorted(last.values())


def _with_entry(specimen: Specimen, place: int, **fields: object) -> Mutant:
    changes = list(specimen.rows.changes)
    changes[place] = replace(changes[place], **fields)
    return specimen.operations, specimen.rows_with(changes=changes)


def seat_kept(specimen: Specimen, random: Random) -> Mutant | None:
    """A hold that got other seats keeps one of those it gave up."""
    places = [place for place in _last_changes(specimen) if specimen.rows.changes[place].freed]
    if not places:
        return None
    place = random.choice(places)
    return _with_entry(specimen, place, freed=specimen.rows.changes[place].freed[1:])


def seat_not_taken(specimen: Specimen, random: Random) -> Mutant | None:
    """A hold that got other seats lacks one in the log."""
    places = [place for place in _last_changes(specimen) if specimen.rows.changes[place].seats]
    if not places:
        return None
    place = random.choice(places)
    return _with_entry(specimen, place, seats=specimen.rows.changes[place].seats[1:])


def extension_of_an_ended_hold(specimen: Specimen, random: Random) -> Mutant | None:
    """A hold is extended after its end."""
    lives, place = specimen.log.lives, _entry(specimen, random, "extended")
    if place is None:
        return None
    version = specimen.rows.changes[place].version
    ended = [one for one, number in lives.numbers.items() if lives.ended[number] < version]
    return _with_entry(specimen, place, reservation=random.choice(ended)) if ended else None


def extension_forgotten(specimen: Specimen, random: Random) -> Mutant | None:
    """A hold that was extended still ends when it did before."""
    places = [place for place in specimen.having("done") if specimen.operations[place].kind == "extend"]
    if not places:
        return None
    told = specimen.operations[random.choice(places)]
    reservations = [
        replace(row, expires_at_us=told.expires_at_us - 1) if row.id == told.reservation else row
        for row in specimen.rows.reservations
    ]
    return specimen.operations, specimen.rows_with(reservations=reservations)


def extension_not_counted(specimen: Specimen, random: Random) -> Mutant | None:
    """The row of a hold does not count one of its extensions."""
    extended = [row for row in specimen.rows.reservations if row.extensions]
    if not extended:
        return None
    chosen = random.choice(extended)
    reservations = [
        replace(row, extensions=row.extensions - 1) if row is chosen else row for row in specimen.rows.reservations
    ]
    return specimen.operations, specimen.rows_with(reservations=reservations)


def extended_too_often(specimen: Specimen, random: Random) -> Mutant | None:
    """A hold that is live at the end is extended until it is once more than allowed, in log, row and answers."""
    rows, most = specimen.rows, Assumptions().extensions_max
    last = max((change.version for change in rows.changes), default=0)
    live = [row for row in rows.reservations if row.status == "pending"]
    if not live or not rows.changes:
        return None
    chosen, now_us = random.choice(live), rows.changes[-1].at_us
    versions = range(last + 1, last + most + 2 - chosen.extensions)
    added = [Change(chosen.event, version, "extended", chosen.id, chosen.seats, now_us) for version in versions]
    extended = replace(chosen, extensions=most + 1, changed_version=versions[-1])
    reservations = [extended if row is chosen else row for row in rows.reservations]
    told_ns = max(operation.called_ns for operation in specimen.operations)
    answers = [
        Operation(
            process=-1,
            kind="extend",
            event=chosen.event,
            called_ns=told_ns,
            outcome="ok",
            answer="done",
            version=version,
            user=chosen.user,
            reservation=chosen.id,
            status="pending",
            expires_at_us=chosen.expires_at_us,
        )
        for version in versions
    ]
    changes = [*rows.changes, *added]
    return [*specimen.operations, *answers], specimen.rows_with(changes=changes, reservations=reservations)


def change_only_answered(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer whose change was refused is told that the hold has the seats."""
    places = [
        place for place in specimen.having("seats_unavailable") if specimen.operations[place].kind == "change_seats"
    ]
    lives = specimen.log.lives
    places = [
        place
        for place in places
        for wanted in (set(specimen.operations[place].seats),)
        for number in (lives.numbers[specimen.operations[place].reservation],)
        if wanted not in [set(lives.first_seats[number]), *(set(had) for _, had in lives.reseated.get(number, ()))]
    ]
    if not places:
        return None
    place = random.choice(places)
    forged = replace(specimen.operations[place], outcome="ok", answer="done", status="pending", named=())
    return specimen.with_operation(place, forged)


def change_nobody_asked(specimen: Specimen, random: Random) -> Mutant | None:
    """A hold got other seats, and the call for that was answered with `none`."""
    if not specimen.complete:
        return None
    lives = specimen.log.lives
    settled = {operation.reservation for operation in specimen.operations if operation.answer == "settled"}
    ids = list(lives.numbers)
    changed = [
        (ids[number], frozenset(seats))
        for number, changes in lives.reseated.items()
        for _, seats in changes
        if ids[number] not in settled
    ]
    if not changed:
        return None
    reservation, seats = random.choice(changed)
    operations = [
        replace(operation, outcome="fail", answer="none", version=-1)
        if operation.kind == "change_seats"
        and operation.reservation == reservation
        and frozenset(operation.seats) == seats
        else operation
        for operation in specimen.operations
    ]
    return operations, specimen.rows


def sale_released(specimen: Specimen, random: Random) -> Mutant | None:
    """The seller is told that a sold reservation was released."""
    places = [place for place in specimen.having("already_confirmed") if specimen.operations[place].kind == "release"]
    if not places:
        return None
    place = random.choice(places)
    return specimen.with_operation(place, replace(specimen.operations[place], outcome="ok", answer="done"))


CHANGE_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (seat_kept, "row_differs"),
    (seat_not_taken, "row_differs"),
    (extension_of_an_ended_hold, "log_transition"),
    (extension_forgotten, "lost_write"),
    (extension_not_counted, "row_differs"),
    (extended_too_often, "extension_limit"),
    (change_only_answered, "lost_write"),
    (change_nobody_asked, "effect_nobody_asked"),
    (sale_released, "wrong_resolution"),
)
