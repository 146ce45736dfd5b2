"""Errors of reads, injected into a history that is known to be good: lists and counts that were never true."""

from bisect import bisect_left
from itertools import accumulate
from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.histories.history import NO_VERSION, Operation
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def count_of_none(specimen: Specimen, random: Random) -> Mutant | None:
    """The count of free seats is one too low for its version."""
    place = _any_read(specimen, random, "read_count")
    if place is None:
        return None
    read = specimen.operations[place]
    return specimen.with_operation(place, replace(read, count=read.count - 1))


def count_of_more(specimen: Specimen, random: Random) -> Mutant | None:
    """The count of free seats is higher than the number of seats."""
    place = _any_read(specimen, random, "read_count")
    if place is None or not specimen.rows.charts:
        return None
    read = specimen.operations[place]
    return specimen.with_operation(place, replace(read, count=specimen.rows.charts[0].seats + 1))


def free_list_without_one(specimen: Specimen, random: Random) -> Mutant | None:
    """A list of free seats lacks one."""
    place = _any_read(specimen, random, "read_free_list")
    if place is None or not specimen.operations[place].named:
        return None
    read = specimen.operations[place]
    return specimen.with_operation(place, replace(read, named=read.named[1:]))


def list_of_two_states(specimen: Specimen, random: Random) -> Mutant | None:
    """A list shows one seat at another version than the rest."""
    place = _any_read(specimen, random, "read_list")
    if place is None:
        return None
    read = specimen.operations[place]
    seats = list(specimen.log.timelines)
    random.shuffle(seats)
    for seat in seats:
        true = specimen.log.state(seat, read.version)
        # An expired hold may read as free, so "free" is only wrong for a sold seat.
        others = {state for state in specimen.log.timelines[seat][1] if state != true}
        wrong = sorted(state for state in others if state or true.startswith("sold"))
        if wrong:
            taken = {**read.taken, seat: random.choice(wrong)}
            return specimen.with_operation(
                place, replace(read, taken={one: state for one, state in taken.items() if state})
            )
    return None


def list_of_the_past(specimen: Specimen, random: Random) -> Mutant | None:
    """A whole list is correct for a version older than one that was seen before the list was requested."""
    place = _any_read(specimen, random, "read_list")
    if place is None:
        return None
    read = specimen.operations[place]
    version = random.randrange(read.version) if read.version > 0 else NO_VERSION
    if not 0 <= version < _seen_before(specimen, read):
        return None
    states = {seat: specimen.log.state(seat, version) for seat in specimen.log.timelines}
    taken = {seat: state for seat, state in states.items() if state}
    return specimen.with_operation(place, replace(read, version=version, taken=taken))


READ_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (count_of_none, "stale_read"),
    (count_of_more, "stale_read"),
    (free_list_without_one, "stale_read"),
    (list_of_two_states, "stale_read"),
    (list_of_the_past, "time_order"),
)
"""By name of the error: the function that injects it, and the rule that must be reported broken."""


def _any_read(specimen: Specimen, random: Random, kind: str) -> int | None:
    places = [place for place in specimen.having("seen") if specimen.operations[place].kind == kind]
    return random.choice(places) if places else None


def _seen_before(specimen: Specimen, read: Operation) -> int:
    """Find the newest version in an answer that arrived before a read was called."""
    versioned = sorted(
        (operation.returned_ns, operation.version)
        for operation in specimen.operations
        if operation.version != NO_VERSION
    )
    before = bisect_left([returned for returned, _ in versioned], read.called_ns)
    newest = list(accumulate((version for _, version in versioned), max))
    return newest[before - 1] if before else NO_VERSION
