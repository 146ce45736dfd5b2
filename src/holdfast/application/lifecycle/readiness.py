"""Whether this node should receive requests, and which of its parts do not work properly."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from holdfast.application.failures import OperationalFailure

State: TypeAlias = Literal["ok", "degraded", "failed"]
"""degraded: requests are still answered. failed: they are not."""

PROBE_SECONDS_MAX = 2.0
"""How long a probe may take before its part counts as failed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one part. The detail says why it is not `ok`."""

    state: State
    detail: str = ""


Probe: TypeAlias = Callable[[], Awaitable[Finding]]
"""Examines one part of the node. If it raises `OperationalFailure`, the part has failed."""

OK = Finding("ok")


@dataclass(frozen=True, slots=True)
class Report:
    """The state of all parts."""

    parts: Mapping[str, Finding]

    @property
    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return all(finding.state != "failed" for finding in self.parts.values())

    @property
    def status(self) -> Literal["ready", "degraded", "not_ready"]:
        """The overall state. A degraded node is ready."""
        if not self.ready:
            return "not_ready"
        return "ready" if all(finding.state == "ok" for finding in self.parts.values()) else "degraded"


class Draining:
    """Whether the node is shutting down: it finishes the requests it has, and should get no more."""

    def __init__(self) -> None:
        self.begun = False
        self._at_the_end: list[Callable[[], None]] = []
        self._at_last: list[Callable[[], Awaitable[None]]] = []

    def begin(self) -> None:
        """From now on the node reports that it is not ready."""
        self.begun = True

    def at_the_end(self, end: Callable[[], None]) -> None:
        """Register something endless, such as a stream, to be ended when no more requests are taken."""
        self._at_the_end.append(end)

    def at_last(self, give_up: Callable[[], Awaitable[None]]) -> None:
        """Register something to be called when time is up, which answers everyone who is still waiting."""
        self._at_last.append(give_up)

    def end(self) -> None:
        """Take no more requests from now on, and end what would go on for ever."""
        for end in self._at_the_end:
            end()

    async def give_up(self) -> None:
        """Wait no longer for what is under way; answer everyone who is still waiting."""
        for give_up in self._at_last:
            await give_up()


class Readiness:
    """Probes all parts at the same time."""

    def __init__(self, probes: Mapping[str, Probe], draining: Draining, *, one_suffices: Collection[str] = ()) -> None:
        """Set up the probes.

        Args:
            probes: The probe of each part, by the part's name.
            draining: Makes the node not ready, whatever the probes find.
            one_suffices: Parts that stand in for each other, such as the cells of an installation. If one of them
                works, the others that have failed count as degraded: a node that was taken away because of one cell
                would be missed by all others.
        """
        self._one_suffices = frozenset(one_suffices)
        self._probes = dict(probes)
        self._draining = draining

    async def report(self) -> Report:
        """Run all probes. Never raises an `OperationalFailure`: it becomes a finding."""
        findings = await asyncio.gather(*(found(probe) for probe in self._probes.values()))
        parts = dict(zip(self._probes, findings, strict=True))
        if any(parts[name].state != "failed" for name in self._one_suffices):
            for name in self._one_suffices:
                if parts[name].state == "failed":
                    parts[name] = replace(parts[name], state="degraded")
        node = Finding("failed", "This node is shutting down.") if self._draining.begun else OK
        return Report({"node": node, **parts})


async def found(probe: Probe) -> Finding:
    """Run a probe within its time; a failure of its surroundings becomes a finding."""
    try:
        async with asyncio.timeout(PROBE_SECONDS_MAX):
            return await probe()
    except TimeoutError:
        return Finding("failed", f"No answer within {PROBE_SECONDS_MAX:g} s.")
    except OperationalFailure as failure:
        return Finding("failed", f"No answer: {failure}")
