"""The simulated database answers like PostgreSQL: random histories, the same queries, the same responses."""

from contextlib import AsyncExitStack
from dataclasses import asdict, is_dataclass
from random import Random

import asyncpg
import pytest
from chaos.reading.database import SimulatedDatabase
from chaos.reading.history import write_something
from chaos.reading.source import SimulatedSource

from reading.simulated_rows import store


class AtOnce:
    """Neither queries nor responses take any time."""

    async def ask(self, _) -> None:
        pass

    answer = ask


def plain(answer):
    """Return a response in a form that can be compared: maps with everything they contain."""
    if isinstance(answer, list):
        return [plain(one) for one in answer]
    if answer is not None and hasattr(answer, "state"):
        pages = [(list(page.heads), list(page.positions)) for page in answer.list.pages] if answer.list else None
        ids = (answer._ids, answer._positions)
        return answer.mark, answer.seats, answer.available, answer.overdue, answer.state(), ids, pages
    if is_dataclass(answer):
        return {
            name: list(value) if name in ("positions", "heads") else value for name, value in asdict(answer).items()
        }
    return answer


@pytest.mark.parametrize("seed", range(6))
async def test_it_answers_as_postgresql_does(database_url, engine, seed):
    random = Random(seed)
    time = 0.0
    simulated = SimulatedDatabase(random, lambda: time)
    for number in range(3):
        simulated.create_event(f"event {number}", random.choice((0, 1, 5)))
    source = SimulatedSource(simulated, AtOnce())
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(database_url)
        stack.push_async_callback(connection.close)
        for _ in range(4):
            for _ in range(8):
                time += random.choice((0.01, 0.4))
                event = random.choice(list(simulated.events.values()))
                if event.archived:
                    simulated.restore(event)
                if not event.deleted:
                    write_something(simulated, event, random, hold_seconds=0.5)
                    if not event.deleted and not event.holds() and random.random() < 0.2:
                        simulated.archive(event)
            if random.random() < 0.3:
                simulated.lose(0.5)
            await store(connection, simulated)
            for name, arguments, named in questions(simulated, random):
                theirs = getattr(
                    engine.views.charts if hasattr(engine.views.charts, name) else engine.views.reads, name
                )
                expected = plain(await theirs(*arguments, **named))
                assert plain(await getattr(source, name)(*arguments, **named)) == expected, (name, arguments, named)


def questions(simulated: SimulatedDatabase, random: Random):
    """Yield everything that the read side queries, with versions that existed, that are to come, and that never
    existed.
    """
    unknown = simulated.new_id()
    ids = [*simulated.events, unknown]
    known = [(one, random.choice((None, 0, 1, random.randint(0, 12), 99))) for one in random.choices(ids, k=8)]
    yield "freshness", [known], {"entries_max": random.choice((0, 1, 3, 500))}
    yield "load", [[(one, random.random() < 0.5) for one in ids]], {"large": False}
    yield "events", [], {"limit": random.choice((1, 2, 20)), "offset": random.choice((0, 1))}
    yield "event_stamps", [], {"limit": random.choice((1, 2, 20)), "offset": random.choice((0, 1))}
    for one in ids:
        yield "mark", [one, random.randint(0, 12)], {}
        yield "chart", [one], {"large": False}
        after_seats = random.randint(0, 6)
        yield "added_seats", [one], {"after_seats": after_seats, "lists": random.random() < 0.5, "large": False}
        page = {"after_number": random.choice(("", "A-5", "Ä-3")), "seats_max": random.choice((1, 3, 99))}
        yield "list_page", [one], {**page, "chart_seats": random.choice((0, 4, 99))}
    charts = [(seat, event.id) for event in simulated.events.values() for seat in event.chart]
    asked = [*charts, (unknown, ids[0]), *((seat, ids[0]) for seat, _ in charts)]
    seats = random.choices(asked, k=6)
    edited = {event.id: event.edits[0] for event in simulated.events.values()}
    edits = [edited.get(event, 0) + random.choice((0, 0, 0, 1, -1)) for _, event in seats]
    yield "positions", [[seat for seat, _ in seats], [event for _, event in seats], edits], {}
