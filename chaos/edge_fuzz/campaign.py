"""A run of the fuzzer: both servers, many cases at once, each judged; suspicious ones are repeated alone."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.edge_fuzz.case import Case
from chaos.edge_fuzz.exchange import (
    PATIENT_QUIET_SECONDS,
    VERY_PATIENT_QUIET_SECONDS,
    Exchange,
    send_patiently,
    send_quickly,
)
from chaos.edge_fuzz.judgement import Judged, judge
from chaos.edge_fuzz.nginx_side import NginxSide
from chaos.edge_fuzz.node_side import NodeSide
from chaos.site.ports import quiet_port

AT_ONCE = 96
_PATIENT_AT_ONCE = 16
_SUSPECTS_MAX = 500
"""While this many cases wait for their second try, no new ones are started."""
_WARM_CASES = 2_000
"""After this many cases the node's memory use should be stable."""
GROWTH_MIB_MAX = 32.0


@dataclass(slots=True)
class Found:
    """A case that broke a rule."""

    case: Case
    judged: Judged


@dataclass(slots=True)
class Tally:
    """The numbers of a run."""

    cases: int = 0
    requests: int = 0
    """As generated, without the closing requests."""
    agreed: int = 0
    refused: int = 0
    again: int = 0
    """Cases that were tried a second time, alone."""
    allowed: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory_mib: tuple[float, float] = (0.0, 0.0)

    @property
    def passed(self) -> bool:
        """Whether no rule was broken."""
        return not self.found and not self.complaints

    def lines(self) -> list[str]:
        """Describe the result in words."""
        rate = self.requests / self.seconds if self.seconds else 0.0
        before, after = self.memory_mib
        allowed = "; ".join(f"{why}: {count}" for why, count in self.allowed.most_common()) or "none"
        return [
            f"{self.requests} requests in {self.cases} cases, {rate:.0f} requests/s, {self.seconds:.0f} s",
            f"{self.agreed} requests read alike, {self.refused} cases refused, {self.again} tried twice",
            f"allowances: {allowed}",
            f"memory of the node: {before:.0f} MiB after {_WARM_CASES} cases, {after:.0f} MiB at the end",
            *self.complaints,
            f"edge fuzz: {len(self.found)} cases differ" + "".join(f", {rule}: {n}" for rule, n in self.rules.items()),
        ]


class Campaign:
    """Runs cases against both servers."""

    def __init__(self, folder: Path, command: Sequence[str] = (), ignored: Sequence[str] = ()) -> None:
        """Describe it.

        Args:
            folder: Where both write their files.
            command: See `NodeSide`.
            ignored: Rules that are not checked.
        """
        self._ignored = frozenset(ignored)
        self.node = NodeSide(folder / "node", command)
        self.nginx = NginxSide(folder / "nginx", quiet_port())
        self.tally = Tally()

    async def run(self, cases: Iterable[Case], *, found_max: int = 200) -> Tally:
        """Try every case; stops early after many findings."""
        await self.nginx.start()
        await self.node.start()
        started = time.monotonic()
        waiting = iter(cases)
        suspects: asyncio.Queue[Case | None] = asyncio.Queue(_SUSPECTS_MAX)
        try:
            quick = [asyncio.create_task(self._work(waiting, suspects, found_max)) for _ in range(AT_ONCE)]
            patient = [asyncio.create_task(self._try_again(suspects)) for _ in range(_PATIENT_AT_ONCE)]
            await self._until_done(quick, found_max)
            for _ in patient:
                await suspects.put(None)
            await self._until_done(patient, found_max)
            self._last_looks()
        finally:
            self.tally.seconds = time.monotonic() - started
            await self.node.end()
            await self.nginx.end()
        return self.tally

    async def _until_done(self, tasks: Sequence[asyncio.Task[None]], found_max: int) -> None:
        while not all(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=0.5)
            if not self.tally.memory_mib[0] and self.tally.cases >= _WARM_CASES and self.node.alive:
                self.tally.memory_mib = (self.node.memory_mib, 0.0)
            if not self.node.alive or len(self.tally.found) >= found_max:
                for task in tasks:
                    task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _work(self, cases: Iterator[Case], suspects: "asyncio.Queue[Case | None]", found_max: int) -> None:
        for case in cases:
            node, nginx = await asyncio.gather(send_quickly(case, self.node.port), send_quickly(case, self.nginx.port))
            judged = self._judged(node, nginx)
            self.tally.cases += 1
            self.tally.requests += case.requests
            if judged.findings or node.broken or nginx.broken:
                await suspects.put(case)
                if len(self.tally.found) >= found_max:
                    return
            else:
                self._count(judged)

    async def _try_again(self, suspects: "asyncio.Queue[Case | None]") -> None:
        while (case := await suspects.get()) is not None:
            judged = await self.patiently(case)
            if judged.findings:
                judged = await self.patiently(case, VERY_PATIENT_QUIET_SECONDS)
            self.tally.again += 1
            self._count(judged)
            if judged.findings:
                self.tally.found.append(Found(case, judged))
                self.tally.rules.update({rule for rule, _ in judged.findings})

    async def patiently(self, case: Case, quiet_seconds: float = PATIENT_QUIET_SECONDS) -> Judged:
        """Try one case alone."""
        node, nginx = await asyncio.gather(
            asyncio.to_thread(send_patiently, case, self.node.port, quiet_seconds),
            asyncio.to_thread(send_patiently, case, self.nginx.port, quiet_seconds),
        )
        await asyncio.sleep(0.02)  # nginx forwards the last request after the client has gone
        return self._judged(node, nginx)

    def _judged(self, node: Exchange, nginx: Exchange) -> Judged:
        self.node.gather()
        judged = judge(node, self.node.readings.pop(node.port, []), self.nginx.readings.pop(nginx.port, []), nginx)
        if self._ignored:
            judged.findings = [finding for finding in judged.findings if finding[0] not in self._ignored]
        return judged

    def _count(self, judged: Judged) -> None:
        self.tally.agreed += judged.agreed
        self.tally.refused += judged.refused
        if judged.allowed:
            self.tally.allowed[judged.allowed] += 1

    def _last_looks(self) -> None:
        complaints = self.tally.complaints
        if not self.node.alive:
            complaints.append("the node's process has ended")
            return
        warm_mib, now = self.tally.memory_mib[0], self.node.memory_mib
        self.tally.memory_mib = (warm_mib, now)
        if warm_mib and now > warm_mib + GROWTH_MIB_MAX:
            complaints.append(f"the node's memory grew by {now - warm_mib:.0f} MiB")
        if tracebacks := self.node.tracebacks():
            complaints.append(f"the node's log has {tracebacks} tracebacks")
