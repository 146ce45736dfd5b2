"""Faults of channels, written into a history that is known to be good."""

from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def held_without_code(specimen: Specimen, random: Random) -> Mutant | None:
    """A seat that is kept back goes to a buyer who names no code, in the log, the row and the answer."""
    kept = specimen.log.kept_back
    if kept is None or not kept.reached:
        return None
    _, reservation, _, _ = random.choice(kept.reached)
    rows = [replace(row, user="stranger") if row.id == reservation else row for row in specimen.rows.reservations]
    operations = [
        replace(operation, user="stranger") if operation.reservation == reservation else operation
        for operation in specimen.operations
    ]
    return operations, specimen.rows_with(reservations=rows)


def freed_for_all(specimen: Specimen, random: Random) -> Mutant | None:
    """A seat of a closed channel is freed for everybody."""
    changes = list(specimen.rows.changes)
    places = [
        place for place, change in enumerate(changes) if change.kind in ("cancelled", "expired") and change.kept_back
    ]
    if not places:
        return None
    place = random.choice(places)
    changes[place] = replace(changes[place], kept_back=())
    return specimen.operations, specimen.rows_with(changes=changes)


CHANNEL_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (held_without_code, "kept_back"),
    (freed_for_all, "kept_back"),
)
