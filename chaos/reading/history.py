"""Random actions of buyers and organisers on a simulated event, mostly holds and their ends."""

from random import Random

from chaos.reading.database import SimulatedDatabase
from chaos.reading.epochs import Entry, SimulatedEvent


def write_something(
    database: SimulatedDatabase, event: SimulatedEvent, random: Random, *, hold_seconds: float, may_end: bool = True
) -> list[Entry]:
    """Write a batch of an event that is not deleted.

    Args:
        database: The database.
        event: The event.
        random: Source of all choices.
        hold_seconds: Duration of holds.
        may_end: The event may be deleted.
    """
    chance = random.random()
    if chance < 0.08:
        return [database.add_seats(event, random.randint(1, 4), in_order=random.random() < 0.7)]
    if chance < 0.14:
        return [database.write(event, "event_edited", name=f"name {random.randrange(100)}")]
    if chance < 0.16 and may_end:
        sold = [status for status, _ in event.epochs[-1].taken(event.version).values() if status == "confirmed"]
        if not sold:
            cancelled = _end_holds(database, event, random, "cancelled", at_most=99)
            return [*cancelled, database.write(event, "event_deleted")]
    hall_may_shrink = chance < 0.4 and not any(entry.seats for entry in event.log)
    if chance < 0.22 or hall_may_shrink:
        return [database.change_price(event) if chance < 0.19 else database.change_hall(event)]
    if chance < 0.3 and event.chart:
        return [_change_channel(database, event, random)]
    entries = database.end_overdue(event) if chance < 0.8 else []
    for _ in range(random.choice((1, 1, 3))):
        kind = random.choice(("reserved", "reserved", "reserved", "confirmed", "cancelled"))
        if kind == "reserved":
            entries += _hold(database, event, random, hold_seconds)
        else:
            entries += _end_holds(database, event, random, kind, at_most=1)
    return entries


def _change_channel(database: SimulatedDatabase, event: SimulatedEvent, random: Random) -> Entry:
    some = random.sample(event.chart, random.randint(1, min(4, len(event.chart))))
    mine = event.epochs[-1].in_channel()
    chance = random.random()
    if mine and chance < 0.35:
        return database.open_channel(event)
    if mine and chance < 0.5:
        return database.give_back(event, [seat for seat in some if seat in mine])
    return database.keep_back(event, some)


def _hold(database: SimulatedDatabase, event: SimulatedEvent, random: Random, seconds: float) -> list[Entry]:
    taken = event.epochs[-1].taken(event.version)
    free = [seat for seat in event.chart if seat not in taken]
    if not free:
        return []
    wanted = random.sample(free, min(len(free), random.choice((1, 1, 2))))
    return [database.write(event, "reserved", wanted, reservation=database.new_id(), hold_seconds=seconds)]


def _end_holds(
    database: SimulatedDatabase, event: SimulatedEvent, random: Random, kind: str, *, at_most: int
) -> list[Entry]:
    pending = list(event.holds().values())
    some = random.sample(pending, min(len(pending), at_most))
    return [database.write(event, kind, one.seats, reservation=one.reservation) for one in some]
