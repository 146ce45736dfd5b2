"""Very many attempts to reserve very few seats, through nginx and three real nodes. Each seat must be sold once.

Unlike the fault suite it keeps no history: answers are counted as they arrive and compared with the tables at the end.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import asyncpg
import uvloop
from rich.console import Console
from rich.progress import Progress

from chaos.buyers.caller import Target
from chaos.buyers.sale import Sale, put_on_sale
from chaos.site.processes import off_loop, open_site
from holdfast.bench.clients.driver import Load, drive
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants

CONNECTIONS = 200
SEATS_PER_EVENT_CALL = 50
"""Seats that are requested at the same time. When their share of attempts is used up, the storm moves on to others."""

_TWICE = """
SELECT seat_id FROM (
    SELECT unnest(seat_ids) AS seat_id FROM reservations WHERE status IN ('pending', 'confirmed')
) AS live GROUP BY seat_id HAVING count(*) > 1
"""


def requests(sale: Sale, attempts: int, seed: int) -> Iterator[bytes]:
    """Request the seats, dozens of requests at a time, each from another buyer with a new key."""
    random = Random(seed)  # noqa: S311 - the same seed, the same attempts
    for number in range(attempts):
        first = number * len(sale.seats) // attempts // SEATS_PER_EVENT_CALL * SEATS_PER_EVENT_CALL
        seat = sale.seats[min(first + random.randrange(SEATS_PER_EVENT_CALL), len(sale.seats) - 1)]
        body = b'{"event_id":"%s","seat_ids":["%s"],"idempotency_key":"storm-%d"}' % (
            sale.event.encode(),
            seat.encode(),
            number,
        )
        yield (
            b"POST /api/v1/reservations HTTP/1.1\r\nHost: storm\r\nX-User-ID: buyer-%d\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        ) % (number, len(body), body)


async def storm(folder: Path, *, attempts: int, seats: int, seed: int) -> list[str]:
    """Run the storm; returns the summary line, preceded by any violations."""
    async with open_site(folder / "site") as site:
        sale = await put_on_sale(site.front_target, seats=seats)
        load = await off_loop(lambda: _drive(site.front_target, sale, attempts, seed))
        url = site.postgres.url
        connection = await asyncpg.connect(url)
        try:
            twice = await connection.fetch(_TWICE)
            stored = await connection.fetchval("SELECT count(*) FROM reservations")
        finally:
            await connection.close()
        broken = [result.name for result in await check_invariants(url) if not result.holds]
    statuses: Counter[int] = load.statuses
    odd = {status: count for status, count in statuses.items() if status not in {201, 409}}
    wrong = [f"broken: {name}" for name in broken]
    if odd:
        wrong.append(f"answers: {odd}")
    if stored != statuses[201]:
        wrong.append(f"{statuses[201]} acknowledged, {stored} stored")
    last = (
        f"storm: {attempts} attempts on {seats} seats, {statuses[201]} sold, {statuses[409]} refused, "
        f"{len(twice)} sold twice, {load.per_second:.0f} answers/s"
    )
    return [*wrong, *(["sold twice"] if twice else []), last]


def _drive(target: Target, sale: Sale, attempts: int, seed: int) -> Load:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("attempts", total=attempts)
        return drive(
            (target.host, target.port),
            requests(sale, attempts, seed),
            connections=CONNECTIONS,
            on_tick=lambda answers: progress.update(task, completed=answers),
        )


def main() -> int:
    """Run a storm; exit status 0 only if every seat was sold at most once and the tables match the answers."""
    parser = ArgumentParser(prog="python -m chaos.storm", description="Very many attempts on very few seats.")
    parser.add_argument("--attempts", type=int, default=1_000_000)
    parser.add_argument("--seats", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hfs-") as folder:
        lines = uvloop.run(storm(Path(folder), attempts=given.attempts, seats=given.seats, seed=given.seed))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if len(lines) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
