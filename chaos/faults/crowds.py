"""Too many clients at once, deliberately slow clients, and hostile input."""

import asyncio
import contextlib
import time

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError, Target
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, Load
from chaos.trial import Trial, fault
from holdfast.bench.clients.raw import open_raw


@fault(
    "herd",
    "crowds",
    injection="600 buyers come at once, ten times as many as before, to nodes with queues of 64, for 3 s",
    expected="201, 409, or 503 `none` with Retry-After; then answers are as quick as before within 10 s",
    invariants="nothing lost, no seat sold twice",
)
async def _herd(trial: Trial) -> None:
    queue = {"EVENT_QUEUE_MAX": "64", "PROCESS_QUEUE_MAX": "64", "BATCH_COMMANDS_MAX": "32"}
    async with (
        trial.site.another("serve", "small-queue", queue) as node,
        trial.load([node.address], seats=2_000, buyers=60, habits=Habits(pause_seconds=0.2, hot_seats=500)) as load,
    ):
        crowd = [asyncio.create_task(load.live(1_000 + number)) for number in range(600)]
        await asyncio.sleep(3.0)
        for one in crowd:
            one.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        trial.injected()
        back = await trial.writes_back(load, 10.0)
        trial.expect(back is not None, "writes go on when the herd is gone")
        await asyncio.sleep(1.0)
        latest = [(returned - called) / 1e9 for called, returned in load.tally.writes[-20:]]
        trial.expect(max(latest) < 10.0, f"answers are quick again (the slowest of the last took {max(latest):.2f} s)")


@fault(
    "slow-loris",
    "crowds",
    injection="500 connections to nginx send a byte of their header now and then, for 12 s",
    expected="nginx closes them after 10 s (408 or none); the others notice nothing",
    invariants="all",
)
async def _slow_loris(trial: Trial) -> None:
    front = trial.site.front_target
    async with trial.load() as load:
        closed = await asyncio.gather(*(_drip(front) for _ in range(500)))
        trial.expect(sum(closed) >= 475, f"the slow ones are closed ({sum(closed)} of 500)")
        trial.expect_no_failure(load)


async def _drip(target: Target) -> bool:
    """Send one byte at a time; returns whether the other side has closed within 20 s."""
    try:
        connection = await open_raw(target)
    except OSError:
        return True
    try:
        deadline = time.monotonic() + 20.0
        while time.monotonic() < deadline:
            connection.writer.write(b"G")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.5):
                    if not await connection.reader.read(4_096):
                        break
    except OSError:
        pass  # reset
    else:
        return time.monotonic() < deadline
    finally:
        connection.abort()
    return True


_SEAT = "00000000-0000-7000-8000-000000000000"
_WISH = b'{"event_id":"%s","seat_ids":["%s"],"idempotency_key":"k"}'
_HOSTILE: tuple[tuple[str, str, bytes], ...] = (
    ("POST", "/reservations", b'{"event_id":"\\u0000"}'),
    ("POST", "/reservations", b"\xff\xfe{}"),
    ("POST", "/reservations", b'{"event_id": "\xed\xa0\x80"}'),
    ("POST", "/reservations", b"[" * 100_000),
    ("POST", "/reservations", b'{"a":' * 50_000),
    ("POST", "/reservations", b"null"),
    ("POST", "/reservations", b""),
    ("POST", "/reservations", b'{"event_id":1e400,"seat_ids":NaN}'),
    ("POST", "/reservations", _WISH % (b"urn:uuid:" + _SEAT.encode(), _SEAT.encode())),
    ("POST", "/reservations", _WISH % (b"{" + _SEAT.encode() + b"}", _SEAT.encode())),
    ("POST", "/reservations", _WISH % (_SEAT.encode(), b"' OR 1=1 --")),
    ("POST", "/reservations", b'{"event_id":"x","seat_ids":[' + b'"y",' * 5_000 + b'"z"],"idempotency_key":"k"}'),
    ("POST", "/events", b'{"name":"a","start_at":"9999-12-31T23:59:59+99:99","end_at":"x","total_seats":1}'),
    ("POST", "/events", b'{"name":"a","total_seats":' + b"9" * 5_000 + b"}"),
    ("POST", "/events", b'{"name":"a","name":"b","total_seats":true}'),
    ("POST", "/events/%00/seats", b'{"seat_number":"a","price":9223372036854775808}'),
    ("POST", f"/events/{_SEAT}/seats", b'{"seat_number":"a","price":-1}'),
    ("POST", f"/events/{_SEAT}/seats/bulk", b'{"prefix":"a","count":1e9,"price":0.001}'),
    ("GET", "/events?limit=-1&offset=99999999999999999999", b""),
    ("GET", "/seats/..%2f..%2fetc", b""),
    ("PATCH", f"/seats/{_SEAT}", b"{}"),
)


@fault(
    "hostile-input",
    "crowds",
    injection="NUL, broken UTF-8, lone surrogates, NaN, 1e400, deep nesting, giant numbers, odd UUIDs, for 3 s",
    expected="4xx problems (and 200 for a list with odd paging), never 5xx; buyers notice nothing",
    invariants="all",
)
async def _hostile_input(trial: Trial) -> None:
    async with trial.load(trial.site.node_targets) as load:
        deadline = time.monotonic() + 3.0
        rounds = 0
        while time.monotonic() < deadline:
            for target in trial.site.node_targets:
                await _attack(trial, target)
            rounds += 1
        trial.expect(rounds > 0, "the corpus is sent at least once")
        trial.expect_no_failure(load)


async def _attack(trial: Trial, target: Target) -> None:
    for method, path, body in _HOSTILE:
        async with Caller(target) as caller:
            try:
                answer = await caller.call(method, BASE + path, body, user="mallory")
            except (NoAnswerError, NotSentError) as broken:
                trial.expect(False, f"{method} {path} {body[:40]!r} is answered ({broken})")  # noqa: FBT003
                continue
        sound = 400 <= answer.status < 500 or (answer.status == 200 and method == "GET")
        if answer.status == 500:
            trial.internal_errors.append(f"{method} {path} {body[:60]!r}: 500")
        if not sound:
            trial.expect(False, f"{method} {path} {body[:40]!r} is refused ({answer.status})")  # noqa: FBT003


@fault(
    "clients-hang-up",
    "crowds",
    injection="buyers reset their connections at any moment of their requests, for 3 s",
    expected="nothing is undone because somebody left: each outcome is settled by its key",
    invariants="nothing lost, one effect per key",
)
async def _clients_hang_up(trial: Trial) -> None:
    async with trial.load(trial.site.node_targets) as load:
        await asyncio.gather(*(_impatient(load, number) for number in range(12)))


async def _impatient(load: Load, number: int) -> None:
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        client, wish = load.client(), load.wish(f"impatient-{number}")
        call = asyncio.create_task(client.reserve(wish))
        await asyncio.sleep(load.random.uniform(0.0, 0.02))
        if not call.done():
            load.unsettled.append(wish)
            call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        client.close()
        await asyncio.sleep(0.01)


@fault(
    "retries-on-other-nodes",
    "crowds",
    injection="every buyer sends each wish to all three nodes at once and takes the first answer, for 3 s",
    expected="201 with the same reservation everywhere, or 409 everywhere that is not a lie",
    invariants="one effect per key",
)
async def _retries_on_other_nodes(trial: Trial) -> None:
    async with trial.load(trial.site.node_targets, buyers=4) as load:
        await asyncio.gather(*(_thrice(trial, load, number) for number in range(8)))
        trial.expect_no_failure(load)


async def _thrice(trial: Trial, load: Load, number: int) -> None:
    clients = [load.client() for _ in range(3)]
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        wish = load.wish(f"eager-{number}")
        seen = await asyncio.gather(*(client.reserve(wish) for client in clients))
        made = {one.reservation for one in seen if one.outcome == "ok"}
        trial.expect(len(made) <= 1, f"one wish makes one reservation ({len(made)})")
        for reservation in made:
            await clients[0].resolve("cancel", wish.event, wish.user, reservation)
    for client in clients:
        client.close()
