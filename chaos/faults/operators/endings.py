"""SIGTERM at the worst moments: the node must exit within SHUTDOWN_SECONDS and lose nothing that was acknowledged."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits
from chaos.buyers.stream import Stream
from chaos.faults.database import execute, expect_back
from chaos.faults.edge.connections import crowd_at
from chaos.site.processes import Program, off_loop
from chaos.trial import Trial, fault

_SHUTDOWN_SECONDS = 4.0
_GRACE_SECONDS = 1.0
"""Allowance for the interpreter to exit on a busy machine."""
_ENVIRONMENT = {"SHUTDOWN_SECONDS": f"{_SHUTDOWN_SECONDS:g}"}
_CALM = Habits(pause_seconds=0.03)


@asynccontextmanager
async def _no_commit_ends(trial: Trial) -> AsyncIterator[None]:
    """Make every COMMIT wait for a standby that does not exist."""
    url = trial.site.postgres.superuser_url
    try:
        await execute(url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
        yield
    finally:
        await execute(url, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")


async def _expect_timely_end(trial: Trial, node: Program, when: str) -> None:
    """Send SIGTERM and expect the process to exit in time."""
    began = time.monotonic()
    node.child.send(signal.SIGTERM)
    await node.died(4 * _SHUTDOWN_SECONDS)
    seconds = time.monotonic() - began
    text = f"{when} a node ends within SHUTDOWN_SECONDS={_SHUTDOWN_SECONDS:g} ({seconds:.1f} s)"
    trial.expect(seconds <= _SHUTDOWN_SECONDS + _GRACE_SECONDS, text)


@fault(
    "terminated-while-commit-waits",
    "operators",
    injection="SIGTERM of a node while its COMMITs wait for a standby that does not answer",
    expected="the node is gone within SHUTDOWN_SECONDS, its buyers get 503 `unknown` or no answer; the retry settles",
    invariants="nothing lost, one effect per key, no COMMIT cancelled",
    quick=True,
)
async def _terminated_while_commit_waits(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "node-to-end", _ENVIRONMENT) as node,
        trial.load([node.address], habits=_CALM, settle_at=trial.site.node_targets) as load,
    ):
        async with _no_commit_ends(trial):
            await asyncio.sleep(1.0)
            await _expect_timely_end(trial, node, "while a COMMIT waits")
        await node.start()
        trial.injected()
        await expect_back(trial, load)


@fault(
    "terminated-with-everything-open",
    "operators",
    injection="SIGTERM of a node with 40 streams, 60 half requests, an import of 100,000 seats and buyers",
    expected="the node is gone within SHUTDOWN_SECONDS; the import is whole or not there",
    invariants="nothing lost, counters count",
)
async def _terminated_with_everything_open(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "node-to-end", _ENVIRONMENT) as node,
        trial.load([node.address], habits=_CALM, settle_at=trial.site.node_targets) as load,
        crowd_at(node.address) as crowd,
    ):
        streams = [Stream(node.address, load.sale.event) for _ in range(40)]
        for stream in streams:
            await stream.open()
        half = b"POST /api/v1/events HTTP/1.1\r\nHost: chaos\r\nContent-Length: 9\r\n\r\n{"
        await off_loop(lambda: crowd.open(60, [b"", b"GET / HTTP/1.1\r\n", half]))
        importing = asyncio.create_task(_import(trial, node))
        await asyncio.sleep(0.7)
        await _expect_timely_end(trial, node, "with everything open")
        for stream in streams:
            await stream.leave()
        event, answered = await importing
        async with Caller(trial.site.nodes[0].address) as other:
            counted = (await other.call("GET", f"{BASE}/events/{event}/seats/available/count")).json()["count"]
        trial.expect(counted in (0, 100_000), f"the import is whole or not there ({counted} seats)")
        trial.expect(not answered or counted == 100_000, "an import that was acknowledged is there")
        await node.start()
        trial.injected()
        await expect_back(trial, load)


async def _import(trial: Trial, node: Program) -> tuple[str, bool]:
    """Add 100,000 seats to an event; returns the event, and whether that was acknowledged."""
    times = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T00:00:00Z"}
    async with Caller(trial.site.nodes[0].address) as other:
        made = await other.call("POST", f"{BASE}/events", {"name": "Import", "total_seats": 100_000, **times})
    event = str(made.json()["id"])
    async with Caller(node.address, seconds_max=30.0) as caller:
        wanted = {"prefix": "B", "count": 100_000, "price": 1}
        try:
            return event, (await caller.call("POST", f"{BASE}/events/{event}/seats/bulk", wanted)).status == 201
        except (NoAnswerError, NotSentError):
            return event, False
