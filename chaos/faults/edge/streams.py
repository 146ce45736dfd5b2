"""Thousands of streams of changes that open and close while their events are on sale."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from random import Random

import asyncpg

from chaos.buyers.caller import Target
from chaos.buyers.client import BASE
from chaos.buyers.crowd import Crowd, room_for
from chaos.buyers.load import Habits, Load, until_true
from chaos.buyers.pace import watched_health, writes_a_second
from chaos.buyers.sale import Sale
from chaos.buyers.stream import Stream
from chaos.site.processes import off_loop
from chaos.trial import Trial, fault

_EVENTS = 12
_COMING_AND_GOING = 24
_STAY_SECONDS = 0.4
_HEARD_SECONDS_MAX = 10.0
_HEARTBEAT_SECONDS_MAX = 25.0
"""There is one at least every 15 s."""
_MANY_SALES = Habits(hot_seats=100, pause_seconds=0.02, reads=0.0)


async def _come_and_go(trial: Trial, load: Load, target: Target, seconds: float) -> tuple[int, list[Stream]]:
    """Open and close streams; returns how many there were, and those that stayed."""
    ends_at = time.monotonic() + seconds
    stayed: list[Stream] = []
    opened = 0

    async def one_after_another(random: Random) -> None:
        nonlocal opened
        while time.monotonic() < ends_at:
            sale = random.choice(list(load.sales))
            first = Stream(target, sale.event)
            with contextlib.suppress(OSError):
                await first.open()
                await until_true(partial(_has_heard, first), 2.0)
                # A browser reconnects just as the only other listener of the event leaves.
                second = Stream(target, sale.event, last_id=str(max(first.version - 1, 1)))
                await second.open()
                await asyncio.sleep(random.uniform(0.0, 0.004))
                await first.leave()
                opened += 2
                if random.random() < 0.15:
                    stayed.append(second)
                    await asyncio.sleep(_STAY_SECONDS)
                    continue
                await asyncio.sleep(random.uniform(0.0, 0.05))
                await second.leave()

    await asyncio.gather(*(one_after_another(Random(f"{trial.seed} {n}")) for n in range(_COMING_AND_GOING)))  # noqa: S311 - replayed
    return opened, stayed


def _has_heard(stream: Stream) -> bool:
    return bool(stream.kinds) or stream.ended


def _beats_again(stream: Stream, before: int) -> bool:
    return stream.must_reload or stream.kinds.count("heartbeat") > before


async def _versions(trial: Trial, sales: Sequence[Sale]) -> dict[str, int]:
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        rows = await connection.fetch(_VERSIONS, [sale.event for sale in sales])
    finally:
        await connection.close()
    return {str(row["id"]): row["version"] for row in rows}


_VERSIONS = "SELECT id, version FROM events WHERE id = ANY ($1::uuid[])"


async def _streams_come_and_go(trial: Trial, seconds: float) -> list[Stream]:
    """Open and close streams during sales of as many events; every stream that stayed must hear the last version."""
    target = trial.site.nodes[0].address
    stayed: list[Stream] = []
    async with trial.load(trial.site.node_targets, events=_EVENTS, seats=100, buyers=8, habits=_MANY_SALES) as load:
        opened, stayed = await _come_and_go(trial, load, target, seconds)
        trial.expect_no_failure(load)
        trial.expect(opened >= 100 * seconds / 6, f"streams come and go ({opened})")
        trial.expect(len(stayed) >= 5, f"some streams stay ({len(stayed)})")
    versions = await _versions(trial, load.sales)
    heard = await asyncio.gather(*(one.hears(versions[one.event], _HEARD_SECONDS_MAX) for one in stayed))
    missed = heard.count(False)
    trial.expect(missed == 0, f"every stream that stays hears the last version or is told to reload ({missed} not)")
    back = [one for one in stayed if one.versions != sorted(one.versions)]
    trial.expect(not back, f"no stream is told of versions that go back ({len(back)} were)")
    return stayed


@fault(
    "streams-come-and-go",
    "edge",
    injection="24 clients open and leave streams of 12 events as quickly as they can, for 5 s, each leaving when "
    "another one comes back with Last-Event-ID",
    expected="every stream that stays is told of the last version, or to reload; sales go on",
    invariants="all",
    quick=True,
)
async def _come_and_go_quickly(trial: Trial) -> None:
    for stream in await _streams_come_and_go(trial, 5.0):
        await stream.leave()


@fault(
    "streams-by-the-thousand",
    "edge",
    injection="the same for 12 s; the streams that stay are listened to until their heartbeat",
    expected="every stream that stays is told of the last version, or to reload, and hears a heartbeat",
    invariants="all",
)
async def _by_the_thousand(trial: Trial) -> None:
    stayed = await _streams_come_and_go(trial, 12.0)
    before = [one.kinds.count("heartbeat") for one in stayed]
    beats = [partial(_beats_again, one, number) for one, number in zip(stayed, before, strict=True)]
    heard = await asyncio.gather(*(until_true(beat, _HEARTBEAT_SECONDS_MAX) for beat in beats))
    trial.expect(all(heard), f"every stream hears a heartbeat ({heard.count(False)} did not)")
    for stream in stayed:
        await stream.leave()


_CROWD = 7_500
_ASK = "GET {path} HTTP/1.1\r\nHost: chaos\r\nAccept: text/event-stream\r\n\r\n"


@fault(
    "stream-crowd-from-one-address",
    "edge",
    injection=f"{_CROWD} streams through nginx from one address, for 4 s",
    expected="those beyond the limit get 503; /health and sales go on through nginx",
    invariants="all",
)
async def _crowd_from_one_address(trial: Trial) -> None:
    front = trial.site.front_target
    crowd = Crowd(front)
    async with trial.load(habits=Habits(pause_seconds=0.05)) as load:
        ask = _ASK.format(path=f"{BASE}/events/{load.sale.event}/changes").encode()
        quiet = await writes_a_second(load.tally, 2.0)
        trial.injected()
        try:
            async with watched_health(front) as healthy:
                await off_loop(lambda: crowd.open(room_for(_CROWD), [ask]))
                beside = await writes_a_second(load.tally, 4.0)
            statuses = Counter(await off_loop(crowd.statuses))
        finally:
            await off_loop(crowd.close)
        trial.expect(all(healthy), f"/health answers throughout ({healthy.count(False)} of {len(healthy)} times not)")
        trial.expect(statuses[503] > 0, f"streams beyond a limit are refused ({dict(statuses)})")
        trial.expect(beside >= 0.05 * quiet, f"sales go on ({quiet:.0f} → {beside:.0f} writes/s)")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")
