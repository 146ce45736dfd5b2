"""A connection breaks at any step of a batch: the command is repeated, takes effect once, and is answered once."""

import asyncio

import pytest

from box_office import assert_promises_hold, event_locked, open_engine, outcome_of, put_on_sale, reservations_of, sql
from faults.proxy import between
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.domain.booking.states import CancelReason, ReservationStatus

POINTS = [
    ("request", "lock"),
    ("reply", "lock"),
    ("reply", "load"),
    ("request", "store"),
    ("reply", "store"),
    ("request", "commit"),
    ("reply", "commit"),
]
everywhere = pytest.mark.parametrize(("side", "step"), POINTS, ids=[" of ".join(point) for point in POINTS])


@pytest.fixture
async def proxy(database_url):
    async with between(database_url) as proxy:
        yield proxy
    assert proxy.cancel_requests == 0, "a COMMIT must never be cancelled, so nothing is"


@everywhere
async def test_a_reservation_is_made_exactly_once(database_url, proxy, side, step):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        fault = proxy.arm(side, step)
        done = await sale.reserve(engine, 0, 1, key="k")
        assert fault.met.is_set()
        assert not done.replayed
        again = await sale.reserve(engine, 1, 0, key="k")
        assert (again.reservation.id, again.replayed) == (done.reservation.id, True)
    (stored,) = await reservations_of(database_url, sale.event_id)
    assert (stored["id"], stored["created_version"]) == (done.reservation.id, done.version)
    await assert_promises_hold(database_url)


@everywhere
@pytest.mark.parametrize("verb", [confirm, cancel])
async def test_a_reservation_is_resolved_exactly_once(database_url, proxy, side, step, verb):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        made = await sale.reserve(engine, 0)
        fault = proxy.arm(side, step)
        done = await verb(engine.booking, reservation_id=made.reservation.id, user_id="ann")
        assert fault.met.is_set()
    (stored,) = await reservations_of(database_url, sale.event_id)
    if verb is confirm:
        assert done.reservation.status == stored["status"] == ReservationStatus.CONFIRMED
    else:
        assert done.reservation.cancel_reason == stored["cancel_reason"] == CancelReason.USER
    assert stored["changed_version"] == made.version + 1
    await assert_promises_hold(database_url)


async def test_the_replies_of_several_commits_in_a_row_are_lost(database_url, proxy):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        proxy.arm("reply", "commit", times=3)
        done = await asyncio.gather(*(sale.reserve(engine, place, user=f"user-{place}") for place in range(4)))
        assert len({one.reservation.id for one in done}) == 4
        assert not any(one.replayed for one in done)
    assert len(await reservations_of(database_url, sale.event_id)) == 4
    await assert_promises_hold(database_url)


async def test_no_answer_says_none_while_a_commit_is_in_doubt(database_url, proxy):
    """The COMMIT arrived and its reply did not; then PostgreSQL is out of reach until the batch is given up."""
    async with open_engine(proxy.url, batch_seconds_max=0.6) as engine:
        sale = await put_on_sale(engine)
        lost = proxy.arm("reply", "commit")
        away = proxy.arm("request", "lock", times=10**6, after=lost)
        assert await outcome_of(sale.reserve(engine, 0, key="k")) == "unknown"
        away.times = 0
        again = await sale.reserve(engine, 0, key="k")
        assert again.replayed
    assert len(await reservations_of(database_url, sale.event_id)) == 1


async def test_a_lock_since_the_lost_commit_settles_the_doubt(database_url, proxy):
    async with open_engine(proxy.url, batch_seconds_max=0.6) as engine:
        sale = await put_on_sale(engine)
        lost = proxy.arm("request", "commit")
        proxy.arm("reply", "load", times=10**6, after=lost)
        assert await outcome_of(sale.reserve(engine, 0, key="k")) == "none"
    assert await reservations_of(database_url, sale.event_id) == []


async def test_a_hanging_commit_is_given_up_as_unknown_and_goes_on(database_url, proxy):
    async with open_engine(proxy.url, batch_seconds_max=0.3) as engine:
        sale = await put_on_sale(engine)
        hanging = proxy.arm("reply", "commit", "hold")
        assert await outcome_of(sale.reserve(engine, 0, key="k")) == "unknown"
        hanging.go_on.set()
        again = await sale.reserve(engine, 0, key="k")
        assert again.replayed
    assert len(await reservations_of(database_url, sale.event_id)) == 1
    await assert_promises_hold(database_url)


async def test_a_desk_that_closes_during_a_commit_leaves_it_to_postgresql(proxy):
    async with open_engine(proxy.url, shutdown_seconds=0.3) as engine:
        sale = await put_on_sale(engine)
        hanging = proxy.arm("request", "commit", "hold")
        answer = asyncio.create_task(outcome_of(sale.reserve(engine, 0)))
        await hanging.met.wait()
    assert await answer == "unknown"
    connections = proxy.connections
    await asyncio.sleep(0.2)
    assert proxy.connections == connections, "a closed engine opens no connection"


async def test_a_backend_that_is_terminated_on_the_way(database_url, proxy):
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        fault = proxy.arm("reply", "lock", "hold")
        answer = asyncio.create_task(sale.reserve(engine, 0))
        await fault.met.wait()
        killed = await sql(
            database_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE 'holdfast-api-write/%'",
        )
        assert killed
        fault.go_on.set()
        assert not (await answer).replayed
    assert len(await reservations_of(database_url, sale.event_id)) == 1
    await assert_promises_hold(database_url)


async def test_nothing_is_sent_before_the_lock_is_answered(database_url, proxy):
    """What was read before a wait would be out of date after it, the time too."""
    async with open_engine(proxy.url) as engine:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            waiting = asyncio.create_task(sale.reserve(engine, 0))
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while not await sql(database_url, waits):  # noqa: ASYNC110 - PostgreSQL does not tell
                await asyncio.sleep(0.01)
            assert (proxy.requests["lock"], proxy.requests["load"]) == (1, 0)
        await waiting
        assert proxy.requests["load"] > 0
