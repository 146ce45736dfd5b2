"""One fault: its row of the catalogue, and the context and results of a trial."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load, buying, longest_gap_seconds, new_load, seconds_until_write
from chaos.buyers.sale import Sale, put_on_sale
from chaos.checkers.verdict import Verdict, judge
from chaos.site.processes import Site

Family: TypeAlias = Literal[
    "processes", "database", "cells", "gate", "clocks", "decisions", "crowds", "edge", "reading", "operators"
]

RESTART_SECONDS_MAX = 10.0
"""After a restart of PostgreSQL, writes must resume within this time."""
PROMOTION_SECONDS_MAX = 30.0
"""The same, after the promotion of a standby."""
WARM_UP_SECONDS = 0.8


class CannotBeInjectedError(Exception):
    """This machine lacks something that the fault needs; the message says what."""


@dataclass(slots=True)
class Trial:
    """A trial of one fault under load: its site, its expectations, and its results."""

    site: Site
    folder: Path
    seed: int
    random: Random
    expectations: list[tuple[bool, str]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """Measurements for the report, in words."""
    acknowledged: int = 0
    internal_errors: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    gap_seconds: float = 0.0
    back_seconds: float | None = None
    """Time from the injection to the first acknowledgement of a write that was requested after it."""
    _injected_ns: int = 0

    def expect(self, holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Record whether an expectation held."""
        self.expectations.append((bool(holds), what))

    def tell(self, what: str) -> None:
        """Put a measurement into the report."""
        self.told.append(what)

    def expect_no_failure(self, load: Load) -> None:
        """Record whether no request so far got a 5xx answer or none."""
        self.expect(load.tally.failures() == 0, f"no request fails ({load.tally.failures()} did)")

    def injected(self) -> None:
        """Record the moment of the fault."""
        self._injected_ns = time.monotonic_ns()

    @asynccontextmanager
    async def load(
        self,
        targets: Sequence[Target] | None = None,
        *,
        seats: int = 300,
        events: int = 1,
        limit: int | None = None,
        sales: Sequence[Sale] = (),
        buyers: int = 12,
        habits: Habits | None = None,
        database_url: Callable[[], str] | None = None,
        clocks_agree: bool = True,
        settle_at: Sequence[Target] | None = None,
        named: str = "",
    ) -> AsyncIterator[Load]:
        """Run buyers inside the block, then settle unknown outcomes and judge the run.

        Args:
            targets: Where they send requests; None: nginx, in front of three nodes.
            seats: Number of seats per event.
            events: Number of events.
            limit: Number of seats of each event that one buyer may have; None: no limit.
            sales: Existing events; only they are judged. None: new events, and everything is judged.
            buyers: Number of buyers.
            habits: How they behave.
            database_url: The database to judge at the end of the block; None: the site's PostgreSQL.
            clocks_agree: PostgreSQL uses this machine's clock.
            settle_at: Where unknown outcomes are settled; None: at the same targets.
            named: Distinguishes the history from those of other loads at the same time.
        """
        asked = list(targets) if targets is not None else [self.site.front_target]
        chosen = sales or [await put_on_sale(asked[0], seats=seats, limit=limit) for _ in range(events)]
        history = self.history.with_name(f"{named}-{self.history.name}") if named else self.history
        load = new_load(asked, chosen, history, seed=f"{self.seed} {self.folder.name} {named}".strip(), habits=habits)
        try:
            began_ns = time.monotonic_ns()
            async with buying(load, buyers=buyers):
                await asyncio.sleep(WARM_UP_SECONDS)
                self.injected()
                yield load
            ended_ns = time.monotonic_ns()
            load.targets = list(settle_at) if settle_at is not None else asked
            self.expect(await load.settle() == 0, "every unknown outcome is settled by its key")
        finally:
            load.recorder.close()
        self._note(load, began_ns, ended_ns)
        url = self.site.postgres.url if database_url is None else database_url()
        own = [sale.event for sale in sales]
        self.verdicts.append(await judge(url, history, seed=self.seed, clocks_agree=clocks_agree, events=own))

    @property
    def history(self) -> Path:
        """The path of the clients' history for the next load."""
        return self.folder / f"history-{len(self.verdicts) + 1}.jsonl"

    async def sale(self, seats: int, target: Target | None = None) -> Sale:
        """Create an additional event."""
        return await put_on_sale(target or self.site.front_target, seats=seats)

    async def writes_back(self, load: Load, seconds_max: float) -> float | None:
        """Wait until a write that was requested after the injection is acknowledged; returns the time it took."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            found = seconds_until_write(load.tally.writes, self._injected_ns)
            if found is not None:
                return found
            await asyncio.sleep(0.05)
        return None

    def _note(self, load: Load, began_ns: int, ended_ns: int) -> None:
        tally = load.tally
        self.acknowledged += tally.acknowledged
        self.internal_errors += tally.internal_errors
        for status, number in tally.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + number
        self.gap_seconds = max(self.gap_seconds, longest_gap_seconds(tally.writes, began_ns, ended_ns))
        back = seconds_until_write(tally.writes, self._injected_ns)
        if back is not None:
            self.back_seconds = max(self.back_seconds or 0.0, back)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue."""

    name: str
    family: Family
    injection: str
    expected: str
    invariants: str
    try_it: Callable[[Trial], Awaitable[None]]
    quick: bool = False
    """In the quick subset (`make chaos-quick`), which continuous integration runs."""
    seconds_max: float = 180.0
    """After this time the trial is given up."""


CATALOGUE: dict[str, Fault] = {}


def fault(
    name: str,
    family: Family,
    *,
    injection: str,
    expected: str,
    invariants: str,
    quick: bool = False,
    seconds_max: float = 180.0,
) -> Callable[[Callable[[Trial], Awaitable[None]]], Callable[[Trial], Awaitable[None]]]:
    """Add a fault to the catalogue."""

    def enter(try_it: Callable[[Trial], Awaitable[None]]) -> Callable[[Trial], Awaitable[None]]:
        assert name not in CATALOGUE, name
        CATALOGUE[name] = Fault(name, family, injection, expected, invariants, try_it, quick, seconds_max)
        return try_it

    return enter
