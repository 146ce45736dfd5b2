"""Faults of areas and companion seats, written into a history that is known to be good."""

from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.histories.database_rows import Chart
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def companion_sold_alone(specimen: Specimen, random: Random) -> Mutant | None:
    """A companion seat is held without its accessible seat, in log, row and answer."""
    chart = _chart(specimen)
    companions = dict(chart.companions) if chart else {}
    lives = specimen.log.lives
    changed = {list(lives.numbers)[number] for number in lives.reseated}
    rows = [
        row
        for row in specimen.rows.reservations
        if row.id not in changed and any(seat in companions and companions[seat] in row.seats for seat in row.seats)
    ]
    if not rows:
        return None
    chosen = random.choice(rows)
    given_up = {companions[seat] for seat in chosen.seats if seat in companions}
    seats = tuple(seat for seat in chosen.seats if seat not in given_up)
    changes = [
        replace(change, seats=seats) if change.reservation == chosen.id else change for change in specimen.rows.changes
    ]
    reservations = [replace(row, seats=seats) if row is chosen else row for row in specimen.rows.reservations]
    operations = [
        operation
        if operation.reservation != chosen.id or not operation.key
        else replace(operation, named=seats, seats=operation.seats[: len(seats)])
        if operation.kind == "choose"
        else replace(operation, seats=seats)
        for operation in specimen.operations
    ]
    return operations, specimen.rows_with(changes=changes, reservations=reservations)


def place_sold_by_its_id(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer names a place of an area and gets it, where in truth it was chosen for them."""
    chart = _chart(specimen)
    areas = frozenset(chart.areas) if chart else frozenset[str]()
    places = [
        place
        for place in specimen.having("created")
        if specimen.operations[place].kind == "choose" and not areas.isdisjoint(specimen.operations[place].named)
    ]
    if not places:
        return None
    place = random.choice(places)
    chosen = specimen.operations[place]
    named = {"kind": "reserve", "seats": chosen.named, "named": ()}
    return [
        replace(one, **named) if one.kind == "choose" and (one.user, one.key) == (chosen.user, chosen.key) else one
        for one in specimen.operations
    ], specimen.rows


def _chart(specimen: Specimen) -> Chart | None:
    return specimen.rows.charts[0] if specimen.rows.charts else None


SPECIAL_SEAT_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (companion_sold_alone, "companion_alone"),
    (place_sold_by_its_id, "area_named"),
)
