"""Faults of the sale's times and of who confirms, written into a history that is known to be good."""

from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def opened_later(specimen: Specimen, random: Random) -> Mutant | None:
    """The sale opens just after one of its reservations was made."""
    moment = _moment_of_a_hold(specimen, random)
    return None if moment is None else _sold_like(specimen, opens_at_us=moment + 1)


def closed_earlier(specimen: Specimen, random: Random) -> Mutant | None:
    """The sale closes at the very time of one of its reservations."""
    moment = _moment_of_a_hold(specimen, random)
    return None if moment is None else _sold_like(specimen, closes_at_us=moment)


def sold_by_a_buyer(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer confirms what only the seller may."""
    if not specimen.complete or not specimen.rows.charts:
        return None
    sold = {row.id for row in specimen.rows.reservations if row.status == "confirmed"}
    asked = [operation for operation in specimen.operations if operation.outcome == "ok" and operation.kind == "sell"]
    by_buyers = sorted(sold - {operation.reservation for operation in asked})
    if by_buyers:
        return _sold_like(specimen, seller_confirms=True)
    if not sold:
        return None
    chosen = random.choice(sorted(sold))
    operations = [
        replace(one, kind="confirm") if one.kind == "sell" and one.reservation == chosen else one
        for one in specimen.operations
    ]
    return operations, _sold_like(specimen, seller_confirms=True)[1]


def refused_in_an_open_sale(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer is told that a sale has not opened that is open from the start."""
    places = specimen.having("seats_unavailable", "sale_not_open")
    if not places or not specimen.rows.charts:
        return None
    place = random.choice(places)
    refused = replace(specimen.operations[place], answer="sale_not_open", named=())
    operations, _ = specimen.with_operation(place, refused)
    return operations, _sold_like(specimen, opens_at_us=0)[1]


def left_to_no_seller(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer who confirmed is told that the seller has to."""
    places = [place for place in specimen.having("done") if specimen.operations[place].kind == "confirm"]
    if not places:
        return None
    place = random.choice(places)
    refused = replace(specimen.operations[place], outcome="fail", answer="seller_confirms", status="")
    return specimen.with_operation(place, refused)


def _moment_of_a_hold(specimen: Specimen, random: Random) -> int | None:
    moments = [change.at_us for change in specimen.rows.changes if change.kind == "reserved"]
    return random.choice(moments) if moments and specimen.rows.charts else None


def _sold_like(specimen: Specimen, **how: int) -> Mutant:
    charts = [replace(chart, edited=0, **how) for chart in specimen.rows.charts]
    return specimen.operations, specimen.rows_with(charts=charts)


SALE_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (opened_later, "outside_sale"),
    (closed_earlier, "outside_sale"),
    (sold_by_a_buyer, "seller_confirms"),
    (refused_in_an_open_sale, "wrong_refusal"),
    (left_to_no_seller, "wrong_resolution"),
)
