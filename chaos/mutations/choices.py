"""Faults of chosen seats, written into a history that is known to be good."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.histories.operation import FOREVER
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def one_seat_fewer(specimen: Specimen, random: Random) -> Mutant | None:
    """A group gets one seat fewer than it asked for."""
    return _changed(specimen, random, lambda seats: seats[:-1])


def one_seat_twice(specimen: Specimen, random: Random) -> Mutant | None:
    """A group is given the same seat twice."""
    return _changed(specimen, random, lambda seats: (*seats[:-1], seats[0]), seats_min=2)


def refused_while_seats_fit(specimen: Specimen, random: Random) -> Mutant | None:
    """A group is refused for lack of seats, at the version before the one at which it got them."""
    places = _chosen(specimen, 1)
    if not places or not specimen.rows.charts:
        return None
    place = random.choice(places)
    made = specimen.operations[place]
    refused = replace(
        made, outcome="fail", answer="not_enough_seats", version=made.version - 1, reservation="", named=()
    )
    return specimen.with_operation(place, refused)


Seats = tuple[str, ...]


def _changed(
    specimen: Specimen, random: Random, change: Callable[[Seats], Seats], *, seats_min: int = 1
) -> Mutant | None:
    places = _chosen(specimen, seats_min)
    if not places:
        return None
    place = random.choice(places)
    operation = specimen.operations[place]
    return specimen.with_operation(place, replace(operation, named=change(operation.named)))


def _chosen(specimen: Specimen, seats_min: int) -> list[int]:
    return [
        place
        for place in specimen.having("created")
        if (one := specimen.operations[place]).kind == "choose"
        and len(one.seats) >= seats_min
        and one.returned_ns < FOREVER
    ]


CHOICE_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (one_seat_fewer, "wrong_choice"),
    (one_seat_twice, "wrong_choice"),
    (refused_while_seats_fit, "wrong_refusal"),
)
