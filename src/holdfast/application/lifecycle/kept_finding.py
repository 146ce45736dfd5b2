"""A probe that runs all the time, so that whoever asks gets its last finding at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.application.lifecycle.readiness import Finding, Probe, found

ROUND_SECONDS = 1.0
"""The pause between two runs. A finding is at most this old, plus what a probe may take."""


class KeptFinding:
    """Runs a probe in a task of its own and keeps what it finds.

    With several cells, one that hangs would make every answer of `/readyz` as slow as a probe may be, two seconds.
    Balancers wait for one second or so, and would take away every node because of one cell.
    """

    def __init__(self, probe: Probe, *, round_seconds: float = ROUND_SECONDS) -> None:
        self._probe = probe
        self._round_seconds = round_seconds
        self._finding = Finding("failed", "It has not been looked at yet.")
        self._known = asyncio.Event()

    async def finding(self) -> Finding:
        """Return the last finding; wait only for the very first."""
        await self._known.wait()
        return self._finding

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Probe]:
        """Keep probing inside the block; yields the probe that costs nothing."""
        probing = asyncio.create_task(self._keep_probing())
        try:
            yield self.finding
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)

    async def _keep_probing(self) -> None:
        while True:
            try:
                self._finding = await found(self._probe)
            except Exception as bug:  # noqa: BLE001 - a probe with a bug must not look healthy for ever
                self._finding = Finding("failed", f"The probe failed: {bug!r}")
            self._known.set()
            await asyncio.sleep(self._round_seconds)
