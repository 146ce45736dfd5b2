"""Faults of the purchase limit, written into a history that is known to be good."""

from collections import Counter
from operator import attrgetter
from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def lower_limit(specimen: Specimen, random: Random) -> Mutant | None:
    """The event sells one seat fewer to a buyer than somebody has."""
    bought: Counter[str] = Counter()
    for row in specimen.rows.reservations:
        bought[row.user] += len(row.seats) * (row.status == "confirmed")
    sizes = [len(row.seats) for row in specimen.rows.reservations]
    most = max([*bought.values(), *sizes], default=0)
    if most < 2 or not specimen.rows.charts:
        return None
    charts = [replace(chart, limit=random.randint(1, most - 1), limit_since=0) for chart in specimen.rows.charts]
    return specimen.operations, specimen.rows_with(charts=charts)


def one_more(specimen: Specimen, random: Random) -> Mutant | None:
    """The database gives a buyer who has as many as one may have another's reservation, and the answers agree."""
    charts = specimen.rows.charts
    if not charts or not charts[0].limit or charts[0].limit_since:
        return None
    bought: Counter[str] = Counter()
    sales = sorted(
        (row for row in specimen.rows.reservations if row.status == "confirmed"), key=attrgetter("changed_version")
    )
    candidates = []
    for row in sorted(specimen.rows.reservations, key=attrgetter("created_version")):
        while sales and sales[0].changed_version < row.created_version:
            sale = sales.pop(0)
            bought[sale.user] += len(sale.seats)
        room = charts[0].limit - len(row.seats)
        candidates += [(row, user) for user, seats in bought.items() if user != row.user and seats > room]
    if not candidates:
        return None
    given, user = random.choice(candidates)
    rows = [replace(row, user=user) if row.id == given.id else row for row in specimen.rows.reservations]
    operations = [
        replace(operation, user=user) if operation.reservation == given.id else operation
        for operation in specimen.operations
    ]
    return operations, specimen.rows_with(reservations=rows)


def refused_below_limit(specimen: Specimen, random: Random) -> Mutant | None:
    """A buyer who has nothing is told to have enough."""
    limit = max([chart.limit for chart in specimen.rows.charts], default=0)
    # A hold that is to get more seats than it has counts only the difference; such refusals are not judged.
    places = [
        place
        for place in specimen.having("purchase_limit_reached")
        if specimen.operations[place].kind != "change_seats" and len(specimen.operations[place].seats) <= limit
    ]
    if not places:
        return None
    place = random.choice(places)
    return specimen.with_operation(place, replace(specimen.operations[place], user="nobody before"))


LIMIT_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (lower_limit, "purchase_limit"),
    (one_more, "purchase_limit"),
    (refused_below_limit, "wrong_refusal"),
)
