"""Redis killed, hung, flushed, failed over, evicting, full and lying. It only sheds load; it decides nothing."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load
from chaos.site.fail_points import arm
from chaos.site.processes import off_loop
from chaos.site.wire import wire_to
from chaos.trial import Trial, fault
from holdfast.infrastructure.embedded import EmbeddedRedis

_HABITS = Habits(hot_seats=12)
_NO_FAILURE = "not one request fails"


@asynccontextmanager
async def _redis(trial: Trial) -> AsyncIterator["Redis"]:
    client = Redis.from_url(trial.site.redis.url)
    try:
        yield client
    finally:
        await client.aclose()


async def _undisturbed(trial: Trial, disturb: Callable[[Load], Awaitable[None]]) -> None:
    """Do something to Redis under load; no buyer may get a 5xx or a broken connection."""
    async with trial.load(trial.site.node_targets, habits=_HABITS) as load:
        await disturb(load)
        await asyncio.sleep(1.0)
        trial.expect(load.tally.failures() == 0, f"{_NO_FAILURE} ({load.tally.failures()} did)")
        trial.expect(await trial.writes_back(load, 5.0) is not None, "writes go on")


@fault(
    "redis-killed",
    "gate",
    injection="SIGKILL of Redis, 2 s without it, then an empty one at its place",
    expected=f"{_NO_FAILURE}: PostgreSQL decides alone",
    invariants="no seat sold twice",
    quick=True,
)
async def _redis_killed(trial: Trial) -> None:
    async def disturb(_: Load) -> None:
        await off_loop(trial.site.redis.kill)
        await asyncio.sleep(2.0)
        await off_loop(trial.site.redis.restart)

    await _undisturbed(trial, disturb)


@fault(
    "redis-hung",
    "gate",
    injection="SIGSTOP of Redis for 3 s",
    expected=f"{_NO_FAILURE}: calls are given up after 50 ms, then none are made",
    invariants="no seat sold twice",
)
async def _redis_hung(trial: Trial) -> None:
    async def disturb(_: Load) -> None:
        os.kill(trial.site.redis.pid, signal.SIGSTOP)
        await asyncio.sleep(3.0)
        os.kill(trial.site.redis.pid, signal.SIGCONT)

    await _undisturbed(trial, disturb)


@fault(
    "redis-flushed",
    "gate",
    injection="FLUSHALL every 50 ms for 3 s: locks vanish while they are held",
    expected=f"{_NO_FAILURE}",
    invariants="no seat sold twice",
)
async def _redis_flushed(trial: Trial) -> None:
    async def disturb(_: Load) -> None:
        async with _redis(trial) as client:
            for _again in range(60):
                await client.flushall()
                await asyncio.sleep(0.05)

    await _undisturbed(trial, disturb)


@fault(
    "redis-failed-over",
    "gate",
    injection="the address of Redis leads to another, empty one, and connections are reset; there and back, 3 times",
    expected=f"{_NO_FAILURE}; locks of the first are not known to the second",
    invariants="no seat sold twice",
)
async def _redis_failed_over(trial: Trial) -> None:
    first = trial.site.redis
    second = EmbeddedRedis(trial.folder / "second-redis")
    await off_loop(second.start)
    try:
        password = second.url.split(":")[2].split("@")[0]
        async with Redis.from_url(first.url) as client:
            await client.config_set("requirepass", password)
        await _fail_over(trial, first, second, password)
    finally:
        await off_loop(second.stop)
        await off_loop(first.restart)


async def _fail_over(trial: Trial, first: EmbeddedRedis, second: EmbeddedRedis, password: str) -> None:
    async with wire_to(Target("127.0.0.1", first.port)) as wire:
        url = f"redis://:{password}@127.0.0.1:{wire.here.port}/0"
        async with (
            trial.site.another("serve", "node-behind-wire", {"REDIS_URL": url}) as node,
            trial.load([node.address], habits=_HABITS) as load,
        ):
            for server in (second, first, second):
                wire.server = Target("127.0.0.1", server.port)
                await wire.cut_all()
                await asyncio.sleep(1.0)
            trial.expect(load.tally.failures() == 0, f"{_NO_FAILURE} ({load.tally.failures()} did)")


@fault(
    "redis-evicting",
    "gate",
    injection="maxmemory reached with allkeys-random: locks are evicted while they are held",
    expected=f"{_NO_FAILURE}",
    invariants="no seat sold twice",
)
async def _redis_evicting(trial: Trial) -> None:
    await _memory_full(trial, "allkeys-random")


@fault(
    "redis-full",
    "gate",
    injection="maxmemory reached with noeviction: every write is refused (OOM)",
    expected=f"{_NO_FAILURE}: who cannot lock passes",
    invariants="no seat sold twice",
)
async def _redis_full(trial: Trial) -> None:
    await _memory_full(trial, "noeviction")


async def _memory_full(trial: Trial, policy: str) -> None:
    async def disturb(_: Load) -> None:
        async with _redis(trial) as client:
            used = int((await client.info("memory"))["used_memory"])
            await client.config_set("maxmemory-policy", policy)
            await client.config_set("maxmemory", used + (100_000 if policy != "noeviction" else 0))
            for number in range(40):
                if policy != "noeviction":
                    # Fails when there happens to be nothing to evict.
                    with contextlib.suppress(OutOfMemoryError):
                        await client.mset({f"filling-{number}-{part}": b"x" * 2_000 for part in range(20)})
                await asyncio.sleep(0.05)
            evicted = int((await client.info("stats"))["evicted_keys"])
            trial.expect(policy == "noeviction" or evicted > 0, f"keys are evicted ({evicted})")
            await client.config_set("maxmemory", 0)
            await client.config_set("maxmemory-policy", "noeviction")
            await client.flushall()

    await _undisturbed(trial, disturb)


@fault(
    "gate-poisoned",
    "gate",
    injection="the locks of hot seats are overwritten with strangers' values and with keys of other types, for 3 s",
    expected=f"{_NO_FAILURE}: who loses at the gate is sent to PostgreSQL, which says that the seat is free",
    invariants="no seat sold twice",
)
async def _gate_poisoned(trial: Trial) -> None:
    async def disturb(load: Load) -> None:
        keys = [f"lock:{load.sale.event}:{seat}" for seat in load.sale.seats[: _HABITS.hot_seats]]
        async with _redis(trial) as client:
            for number in range(30):
                for place, key in enumerate(keys):
                    if (place + number) % 2:
                        await client.set(key, b"\xff\x00 a stranger", px=400)
                    else:
                        await client.delete(key)
                        await client.lpush(key, "no lock")
                        await client.pexpire(key, 400)
                await asyncio.sleep(0.1)

    await _undisturbed(trial, disturb)


@fault(
    "gate-lock-runs-out",
    "gate",
    injection="locks live for 60 ms, and transactions are held up for 400 ms with the event locked, eight times",
    expected=f"{_NO_FAILURE}: another passes the gate, and waits for the event's lock",
    invariants="no seat sold twice",
)
async def _gate_lock_runs_out(trial: Trial) -> None:
    environment = {"LOCK_SECONDS": "0.06"}
    async with (
        trial.site.other_nodes("short-lock", environment, environment) as nodes,
        trial.load([node.address for node in nodes], habits=_HABITS) as load,
    ):
        for _ in range(4):
            for node in nodes:
                arm(node.points, "after_store", "sleep 0.4")
            await asyncio.sleep(0.9)
        trial.expect(load.tally.failures() == 0, f"{_NO_FAILURE} ({load.tally.failures()} did)")
