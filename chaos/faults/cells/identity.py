"""Without cell 0 nobody can be looked up: API keys that are known go on for a minute, and then wait for it."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError, Target
from chaos.buyers.client import BASE
from chaos.buyers.load import until
from chaos.checkers.verdict import Verdict
from chaos.faults.cells.commands import holdfast
from chaos.site.cells import CellSite, open_cells
from chaos.site.processes import off_loop
from chaos.trial import Trial, fault
from holdfast.application.identity.rights import AWAY_SECONDS_MAX
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants

_SURE_SECONDS = AWAY_SECONDS_MAX - 5
_OVER_SECONDS = AWAY_SECONDS_MAX + 12
_LATE_SECONDS = AWAY_SECONDS_MAX + 6
_PAUSE_SECONDS = 0.25


@dataclass(slots=True)
class _Asked:
    """What a caller with an API key was answered, and how long after the loss of cell 0."""

    answers: list[tuple[float, int]] = field(default_factory=list)

    def between(self, since: float, until: float) -> set[int]:
        """Return the statuses of an interval."""
        return {status for at, status in self.answers if since <= at <= until}


@dataclass(slots=True)
class _Buyer:
    """Holds one seat after the other with an API key."""

    caller: Caller
    key: Mapping[str, str]
    event: str
    seats: Iterator[str]

    async def hold(self) -> int:
        """Hold the next seat; returns the status, 0 without an answer."""
        seat = next(self.seats)
        body = {"event_id": self.event, "seat_ids": [seat], "idempotency_key": seat}
        try:
            answer = await self.caller.call("POST", f"{BASE}/reservations", body, user="chaos", headers=self.key)
        except (NoAnswerError, NotSentError):
            return 0
        return answer.status


@fault(
    "home-away-for-callers",
    "cells",
    injection=f"cell 0 is killed for {_OVER_SECONDS:.0f} s; an API key buys in cell 1 on a node in `tokens` mode",
    expected=f"every hold is made for {_SURE_SECONDS:.0f} s; then 503, never 401 or 403; back with cell 0",
    invariants="all, in each cell",
)
async def _home_away(trial: Trial) -> None:
    tokens = {"AUTH_MODE": "tokens", "GATEWAY_PEERS": ""}
    async with open_cells(trial.site, trial.folder) as cells:
        code, said = await holdfast(cells, "keys", "create", "chaos", "--role", "admin")
        trial.expect(code == 0, f"a key is made ({said[-200:]!r})")
        key = {"Authorization": f"Bearer {said.split()[-1]}"}
        async with trial.site.another("serve", "node-of-tokens", {**cells.environment(), **tokens}) as node:
            event, seats = await _on_sale(node.address, key)
            async with Caller(node.address) as caller:
                await _ask_while_away(trial, cells, _Buyer(caller, key, event, iter(seats)))
        verdict = Verdict()
        for number in (0, 1):
            broken = [one.name for one in await check_invariants(cells.url(number)) if not one.holds]
            trial.expect(broken == [], f"the promises hold in cell {number} ({broken})")
        trial.verdicts.append(verdict)


async def _ask_while_away(trial: Trial, cells: CellSite, buyer: _Buyer) -> None:
    asked = _Asked()
    await buyer.hold()
    await off_loop(cells.servers[0].kill)
    began = time.monotonic()
    while (since := time.monotonic() - began) < _OVER_SECONDS:
        asked.answers.append((since, await buyer.hold()))
        await asyncio.sleep(_PAUSE_SECONDS)
    await off_loop(cells.servers[0].restart)

    async def buys_again() -> bool:
        return await buyer.hold() == 201

    back = await until(buys_again, 15.0)
    known, later = asked.between(0, _SURE_SECONDS), asked.between(_LATE_SECONDS, _OVER_SECONDS)
    trial.acknowledged += sum(status == 201 for _, status in asked.answers)
    trial.tell(f"answers for {_SURE_SECONDS:.0f} s: {sorted(known)}; after {_LATE_SECONDS:.0f} s: {sorted(later)}")
    trial.expect(known == {201}, f"a key that is known buys for {_SURE_SECONDS:.0f} s ({sorted(known)})")
    trial.expect(later == {503}, f"after that its caller is told 503 ({sorted(later)})")
    trial.expect(back, "with cell 0 it buys again")


async def _on_sale(target: Target, key: Mapping[str, str]) -> tuple[str, list[str]]:
    times = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T00:00:00Z"}
    details = {"name": "Chaos", "total_seats": 500, "cell": 1, **times}
    async with Caller(target) as caller:
        made = await caller.call("POST", f"{BASE}/events", details, headers=key)
        event = json.loads(made.body)["id"]
        body = {"prefix": "A", "count": 500, "price": 5_000}
        added = await caller.call("POST", f"{BASE}/events/{event}/seats/bulk", body, headers=key)
        return event, [seat["id"] for seat in json.loads(added.body)]
