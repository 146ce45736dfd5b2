"""The Redis gate on its own: who has which lock, for how long, and what it never does."""

import asyncio

import asyncpg
import pytest
from redis.asyncio import Redis

from builders import ordered_ids
from holdfast.application.identifiers import uuid7
from holdfast.bootstrap.engine import open_engine
from holdfast.domain.booking.commands import Reserve
from holdfast.infrastructure.redis.gate import RedisGate
from races.calls import perform, perform_together, reserve_call
from races.engine_process import engine_settings
from races.ledger import assert_sound, by_code
from races.waiting import until

LOCK_SECONDS = 30
EVENT = uuid7()
A, B, C = ordered_ids(3)


@pytest.fixture
async def redis(redis_url):
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def gate(redis_url):
    gate = RedisGate(Redis.from_url(redis_url), lock_seconds=LOCK_SECONDS, call_seconds_max=5)
    yield gate
    assert not gate.breaker.open, "Redis answered throughout"
    await gate.close()


def wish(user_id, *seat_ids, key="k", event_id=EVENT):
    return Reserve.wish(
        reservation_id=uuid7(), event_id=event_id, user_id=user_id, idempotency_key=key, seat_ids=seat_ids
    )


async def owners(redis):
    return {name: await redis.get(name) for name in await redis.keys("*")}


async def all_given_back(redis):
    """Return when no lock is left: they are released in the background."""

    async def empty():
        return await redis.dbsize() == 0

    await until(empty)


async def test_a_locked_seat_lets_nobody_else_pass_until_it_is_given_back(gate, redis):
    ann, bob = wish("ann", A), wish("bob", A)
    assert await gate.acquire(EVENT, ann)
    assert not await gate.acquire(EVENT, bob)

    gate.release(ann)
    await all_given_back(redis)

    assert await gate.acquire(EVENT, bob)


async def test_giving_back_leaves_the_lock_of_another_alone(gate, redis, redis_url):
    late_gate = RedisGate(Redis.from_url(redis_url), lock_seconds=LOCK_SECONDS, call_seconds_max=5)
    late, owner = wish("late", A), wish("owner", A)
    assert await late_gate.acquire(EVENT, late)
    await redis.flushdb()  # as if the lock had expired during its transaction
    assert await gate.acquire(EVENT, owner)
    before = await owners(redis)

    late_gate.release(late)
    await late_gate.close()  # which waits for the release of locks

    assert await owners(redis) == before
    assert not await gate.acquire(EVENT, wish("third", A))


async def test_a_wish_that_is_dropped_while_it_asks_leaves_no_lock(gate, redis):
    """The buyer has disconnected; a lock left behind would block these seats for others until it expired."""
    for pauses in range(12):
        asking = [asyncio.create_task(gate.acquire(EVENT, wish(f"u{number}", uuid7()))) for number in range(3)]
        for _ in range(pauses):
            await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        passed = await asyncio.gather(*asking, return_exceptions=True)
        kept = sum(one is True for one in passed)

        async def no_other_lock(kept=kept):
            return await redis.dbsize() == kept

        await until(no_other_lock)
        await redis.flushdb()


async def test_a_retry_with_the_same_user_and_key_passes_its_own_lock(gate):
    assert await gate.acquire(EVENT, wish("ann", A, B))
    assert await gate.acquire(EVENT, wish("ann", B, A))
    assert not await gate.acquire(EVENT, wish("ann", A, key="another"))


async def test_a_wish_is_locked_whole_or_not_at_all(gate, redis):
    assert await gate.acquire(EVENT, wish("ann", B))
    before = await owners(redis)

    assert not await gate.acquire(EVENT, wish("bob", A, B, C))

    assert await owners(redis) == before
    assert await gate.acquire(EVENT, wish("cid", A, C))
    assert await redis.dbsize() == 3


async def test_wishes_of_one_call_see_the_locks_of_those_before_them(gate, redis):
    """The first goes alone; the others are sent together in one call."""
    wishes = [wish("first", A), wish("ann", B), wish("bob", B, C), wish("cid", C), wish("ann", B)]

    passed = await asyncio.gather(*(gate.acquire(EVENT, one) for one in wishes))

    assert passed == [True, True, False, True, True]
    assert await redis.dbsize() == 3


async def test_crossing_wishes_never_lock_each_other_out(gate):
    pairs = [ordered_ids(2) for _ in range(50)]
    wishes = [one for a, b in pairs for one in (wish("ann", a, b), wish("bob", b, a))]

    passed = await asyncio.gather(*(gate.acquire(EVENT, one) for one in wishes))

    assert [sum(both) for both in zip(passed[0::2], passed[1::2], strict=True)] == [1] * 50


async def test_every_lock_runs_out_by_itself(gate, redis):
    assert await gate.acquire(EVENT, wish("ann", A, B))
    for name in await redis.keys("*"):
        assert 0 < await redis.pttl(name) <= LOCK_SECONDS * 1000


async def test_a_lock_that_ran_out_lets_the_next_one_pass(redis_url):
    gate = RedisGate(Redis.from_url(redis_url), lock_seconds=0.05, call_seconds_max=5)
    assert await gate.acquire(EVENT, wish("ann", A))
    await until(lambda: gate.acquire(EVENT, wish("bob", A)))
    assert not gate.breaker.open
    await gate.close()


async def test_all_locks_of_an_event_are_in_one_slot_of_a_cluster(gate, redis):
    assert await gate.acquire(EVENT, wish("ann", A, B))
    assert sorted(await redis.keys("*")) == sorted(f"lock:{EVENT}:{seat_id}".encode() for seat_id in (A, B))


async def test_the_same_seat_of_two_events_has_two_locks(gate):
    other = uuid7()
    assert await gate.acquire(EVENT, wish("ann", A))
    assert await gate.acquire(other, wish("bob", A, event_id=other))


async def test_users_and_keys_that_read_alike_end_to_end_are_different_owners(gate, redis):
    assert await gate.acquire(EVENT, wish("a", A, key="bc"))
    assert not await gate.acquire(EVENT, wish("ab", A, key="c"))
    assert not await gate.acquire(EVENT, wish("abc", A, key=" "))
    [owner] = (await owners(redis)).values()
    assert b"abc" not in owner, "a digest, not what the buyer sent"


async def test_locks_that_run_out_during_the_transaction_sell_nothing_twice(database_url, redis_url, ledger, redis):
    """Both buyers pass the gate, since the first one's lock has expired when the second comes."""
    event_id, [seat_id] = await ledger.add_event(seats=1)
    settings = engine_settings(database_url, redis_url, lock_seconds=0.05)
    blocker = await asyncpg.connect(database_url)
    async with open_engine(settings) as one, open_engine(settings) as other:
        async with blocker.transaction():
            await blocker.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", event_id)
            first = asyncio.create_task(perform(one, reserve_call(event_id, "ann", [seat_id])))
            await ledger.wait_until_blocked(1)
            await all_given_back(redis)
            second = asyncio.create_task(perform(other, reserve_call(event_id, "bob", [seat_id])))
            await ledger.wait_until_blocked(2)
        answers = await asyncio.gather(first, second)
    await blocker.close()

    assert by_code(answers) == {"done": 1, "seats_unavailable": 1}
    assert await ledger.live_reservations(event_id) == 1
    await assert_sound(ledger)


async def test_locks_are_given_back_after_every_end_of_a_wish(engine, ledger, redis):
    event_id, seat_ids = await ledger.add_event(seats=10)
    calls = [
        *(reserve_call(event_id, f"buyer-{number}", [seat_ids[number % 10]]) for number in range(50)),
        reserve_call(uuid7(), "lost", [seat_ids[0]]),
        reserve_call(event_id, "stranger", [uuid7()]),
    ]

    codes = by_code(await perform_together(engine, calls, start_at=0))
    await all_given_back(redis)

    assert codes == {"done": 10, "seats_unavailable": 40, "event_not_found": 1, "seats_not_found": 1}
