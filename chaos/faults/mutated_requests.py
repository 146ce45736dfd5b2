"""Almost valid HTTP, sent to whole nodes during a sale."""

import asyncio
import json
from collections import Counter
from random import Random

from chaos.buyers.load import Habits
from chaos.buyers.sale import Sale
from chaos.edge_fuzz.answers import read_answers
from chaos.edge_fuzz.case import CORPUS, read_cases
from chaos.edge_fuzz.exchange import send_quickly
from chaos.edge_fuzz.mutation import make_case
from chaos.trial import Trial, fault

_CASES = 2_500
_AT_ONCE = 24


@fault(
    "mutated-requests",
    "crowds",
    injection="2,500 connections with some 8,000 mutated requests for an event of their own, at two nodes and at nginx",
    expected="every error is a problem, none is a 500, and no process dies; the others notice nothing",
    invariants="all",
    quick=True,
)
async def _mutated_requests(trial: Trial) -> None:
    targets = [*trial.site.node_targets[:2], trial.site.front_target]
    own, meddled = await trial.sale(300), await trial.sale(60)
    async with trial.load(buyers=6, habits=Habits(pause_seconds=0.05), sales=[own]) as load:
        corpus = await asyncio.to_thread(read_cases, CORPUS)
        paths, bodies = _paths(meddled), _bodies(meddled)
        seen: Counter[str] = Counter()
        numbers = iter(range(_CASES))

        async def meddle() -> None:
            for number in numbers:
                case = make_case(f"{trial.seed}-{number}", corpus, targets=paths, contents=bodies)
                target = targets[number % len(targets)]
                exchange = await send_quickly(case, target.port)
                answers, _ = read_answers(exchange.data)
                seen.update(str(answer.status) for answer in answers)
                for answer in answers:
                    for flaw in answer.flaws():
                        trial.expect(flaw == "status 503", f"case {case.name}: {flaw}: {case.line()[:2000]}")

        await asyncio.gather(*(meddle() for _ in range(_AT_ONCE)))
        # With this seed one wish is sound and can be fulfilled. On a busy machine it may be without an answer in time.
        decided = seen["201"] + seen["409"]
        trial.expect(decided > 0, f"some of it was sound and was decided ({dict(seen)})")
        trial.expect(seen["400"] > 100, f"much of it was refused ({dict(seen)})")
        alive = [node.child.alive for node in trial.site.nodes]
        trial.expect(all(alive), "no node dies")
        trial.expect(load.tally.failures() == 0, f"no buyer's request fails ({load.tally.failures()} did)")


def _paths(sale: Sale) -> tuple[bytes, ...]:
    # Not the path of the event itself: a valid DELETE would soon end it.
    event = f"/api/v1/events/{sale.event}"
    paths = [
        "/api/v1/reservations", "/api/v1/reservations", "/api/v1/reservations", f"{event}/seats",
        f"{event}/seats/available/count", f"{event}/availability", f"{event}/seat-map", f"{event}/seats/bulk",
        f"/api/v1/seats/{sale.seats[0]}", f"/api/v1/reservations/{sale.seats[1]}/cancel", "/api/v1/events?limit=1",
        "/health", "/swagger/index.html", "/openapi.json",
    ]  # fmt: skip
    return tuple(path.encode() for path in paths)


def _bodies(sale: Sale) -> tuple[bytes, ...]:
    random = Random(sale.event)  # noqa: S311 - any seats do
    wishes = [
        {"event_id": sale.event, "seat_ids": random.sample(list(sale.seats), 2), "idempotency_key": f"key-{number}"}
        for number in range(20)
    ]
    seats = {"prefix": "M", "count": 3, "price": 1}
    return (*(json.dumps(wish).encode() for wish in wishes), json.dumps(seats).encode(), b'{"seats": [{}]}')
