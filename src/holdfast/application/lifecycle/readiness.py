"""Whether this node should be given requests, and what of it does not work as it should."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from holdfast.application.failures import OperationalFailure

State: TypeAlias = Literal["ok", "degraded", "failed"]
"""degraded: requests are answered all the same; failed: they are not."""

PROBE_SECONDS_MAX = 2.0
"""How long one part may take to answer; it has failed then."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part stands; the detail says why it is not `ok`."""

    state: State
    detail: str = ""


Probe: TypeAlias = Callable[[], Awaitable[Finding]]
"""Looks at one part of the node. It may raise `OperationalFailure`: then the part has failed."""

OK = Finding("ok")


@dataclass(frozen=True, slots=True)
class Report:
    """How all parts stand."""

    parts: Mapping[str, Finding]

    @property
    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return all(finding.state != "failed" for finding in self.parts.values())

    @property
    def status(self) -> Literal["ready", "degraded", "not_ready"]:
        """The whole in one word; a degraded node is ready."""
        if not self.ready:
            return "not_ready"
        return "ready" if all(finding.state == "ok" for finding in self.parts.values()) else "degraded"


class Draining:
    """Whether the node has been told to end: it finishes what it has, and wants no more."""

    def __init__(self) -> None:
        self.begun = False
        self._at_the_end: list[Callable[[], None]] = []
        self._at_last: list[Callable[[], Awaitable[None]]] = []

    def begin(self) -> None:
        """From now on the node is not ready."""
        self.begun = True

    def at_the_end(self, end: Callable[[], None]) -> None:
        """Have something ended that would go on forever, such as streams, when nothing new is taken any more."""
        self._at_the_end.append(end)

    def at_last(self, give_up: Callable[[], Awaitable[None]]) -> None:
        """Have everybody who waits for something answered at once, when the time for what is under way is over."""
        self._at_last.append(give_up)

    def end(self) -> None:
        """Nothing new is taken from now on; what is under way is finished."""
        for end in self._at_the_end:
            end()

    async def give_up(self) -> None:
        """What is under way is waited for no longer: whoever waits is told so."""
        for give_up in self._at_last:
            await give_up()


class Readiness:
    """Looks at all parts at once."""

    def __init__(self, probes: Mapping[str, Probe], draining: Draining) -> None:
        """Name the parts.

        Args:
            probes: How to look at each part, by its name.
            draining: Makes the node not ready, whatever else.
        """
        self._probes = dict(probes)
        self._draining = draining

    async def report(self) -> Report:
        """Look at everything; never raises what the surroundings do."""
        findings = await asyncio.gather(*(_found(probe) for probe in self._probes.values()))
        node = Finding("failed", "This node is about to end.") if self._draining.begun else OK
        return Report({"node": node, **dict(zip(self._probes, findings, strict=True))})


async def _found(probe: Probe) -> Finding:
    try:
        async with asyncio.timeout(PROBE_SECONDS_MAX):
            return await probe()
    except TimeoutError:
        return Finding("failed", f"No answer within {PROBE_SECONDS_MAX:g} s.")
    except OperationalFailure as failure:
        return Finding("failed", f"No answer: {failure}")
