"""A PostgreSQL that responds with errors."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from box_office import (
    assert_promises_hold,
    event_locked,
    open_engine,
    outcome_of,
    put_on_sale,
    reservations_of,
    sql,
    until,
)
from faults.saboteur import fail, lose_guarded_updates, sabotages
from holdfast.telemetry import metrics


def resubmissions(reason):
    return metrics.resubmissions_total.labels(reason)._value.get()


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03", "57014", "53200"])
@pytest.mark.parametrize("at_commit", [False, True], ids=["at the store", "at the commit"])
async def test_what_was_rolled_back_is_tried_again(database_url, sqlstate, at_commit):
    before = resubmissions("contended")
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await fail(database_url, sqlstate=sqlstate, at_commit=at_commit, times=2)
        assert not (await sale.reserve(engine, 0)).replayed
    assert resubmissions("contended") == before + 2
    assert len(await reservations_of(database_url, sale.event_id)) == 1
    await assert_promises_hold(database_url)


@pytest.mark.parametrize("sqlstate", ["57P01", "08006", "58030", "25006", "53300"])
async def test_a_server_of_no_more_use_is_left_for_a_fresh_connection(database_url, sqlstate):
    before = resubmissions("connection_lost")
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await fail(database_url, sqlstate=sqlstate, times=1)
        assert not (await sale.reserve(engine, 0)).replayed
    assert resubmissions("connection_lost") == before + 1
    await assert_promises_hold(database_url)


async def test_a_commit_that_warns_is_not_believed_until_it_was_settled(database_url):
    """PostgreSQL warns on COMMIT if the wait for the standby is interrupted."""
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await fail(database_url, sqlstate="01000", level="WARNING", at_commit=True)
        with capture_logs() as logs:
            done = await sale.reserve(engine, 0)
    assert not done.replayed
    (resubmitted,) = [entry for entry in logs if entry["event"] == "batch_resubmitted"]
    assert resubmitted["reason"] == "connection_lost"
    assert "sabotage" in resubmitted["error"]
    assert len(await reservations_of(database_url, sale.event_id)) == 1


async def test_a_warning_before_the_commit_is_no_doubt(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await fail(database_url, sqlstate="01000", level="WARNING", times=10)
        with capture_logs() as logs:
            await sale.reserve(engine, 0)
    assert [entry for entry in logs if entry["event"] == "batch_resubmitted"] == []


async def test_a_lock_held_elsewhere_is_answered_in_time(database_url):
    async with open_engine(database_url, batch_seconds_max=0.4) as engine:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            assert await outcome_of(sale.reserve(engine, 0, key="k")) == "none"
        done = await sale.reserve(engine, 0, key="k")
    assert done.reservation.user_id == "ann"
    await assert_promises_hold(database_url)


async def test_a_lock_wait_ends_at_its_time_out_and_is_tried_again(database_url):
    before = resubmissions("contended")
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            answer = asyncio.create_task(sale.reserve(engine, 0))
            await until(lambda: resubmissions("contended") > before)
        assert not (await answer).replayed


async def test_guards_that_fail_once_are_tried_again(database_url):
    before = metrics.guard_mismatches_total._value.get()
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await lose_guarded_updates(database_url, times=1)
        with capture_logs() as logs:
            await sale.reserve(engine, 0)
    assert metrics.guard_mismatches_total._value.get() == before + 1
    assert [entry["log_level"] for entry in logs if entry["event"] == "guard_mismatch"] == ["error"]
    await assert_promises_hold(database_url)


async def test_guards_that_keep_failing_are_answered_and_reported(database_url):
    before = metrics.guard_mismatches_total._value.get()
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await lose_guarded_updates(database_url, times=10**6)
        answers = await asyncio.gather(*(outcome_of(sale.reserve(engine, place)) for place in range(3)))
    assert answers == ["none"] * 3
    assert metrics.guard_mismatches_total._value.get() > before
    assert await reservations_of(database_url, sale.event_id) == []


async def test_a_claim_written_past_the_lock_stops_a_second_sale(database_url):
    """The primary key of the claims prevents it when everything else has failed."""
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await sql(
            database_url,
            "CREATE FUNCTION intrude() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO claims SELECT NEW.seat_id, NEW.event_id, gen_random_uuid(), 'reserved', NEW.expires_at "
            "WHERE pg_trigger_depth() = 1; RETURN NEW; END $$;"
            "CREATE TRIGGER intrude BEFORE INSERT ON claims FOR EACH ROW EXECUTE FUNCTION intrude()",
        )
        with capture_logs() as logs:
            assert await outcome_of(sale.reserve(engine, 0)) == "none"
    assert "claims_pkey" in next(entry["error"] for entry in logs if entry["event"] == "guard_mismatch")
    assert await reservations_of(database_url, sale.event_id) == []


async def test_only_the_culprit_bears_an_unexpected_error(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 60)
        await fail(database_url, sqlstate="P0001", table="reservations", times=10**6, when="NEW.user_id = 'poison'")
        users = [f"user-{place}" for place in range(60)]
        users[30] = "poison"
        async with event_locked(database_url, sale.event_id):
            first = asyncio.create_task(sale.reserve(engine, 0, user=users[0]))
            await asyncio.sleep(0.1)
            rest = [asyncio.create_task(sale.reserve(engine, place, user=users[place])) for place in range(1, 60)]
            await asyncio.sleep(0.1)
        with capture_logs() as logs:
            answers = await asyncio.gather(first, *rest, return_exceptions=True)
    failed = [place for place, answer in enumerate(answers) if isinstance(answer, Exception)]
    assert failed == [30]
    assert isinstance(answers[30], asyncpg.RaiseError)
    (rerun,) = [entry for entry in logs if entry["event"] == "batch_rerun_singly"]
    assert rerun["commands"] == 59
    assert not any(answer.replayed for place, answer in enumerate(answers) if place != 30)
    await assert_promises_hold(database_url)


async def test_a_server_that_became_read_only_is_waited_out(database_url):
    """As after a failover, if a node is still connected to what is now a standby."""
    name = database_url.rpartition("/")[2]
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with open_engine(database_url, batch_seconds_max=0.5) as engine:
        sale = await put_on_sale(engine)
        await sql(database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await sql(database_url, cut)
        assert await outcome_of(sale.reserve(engine, 0)) == "none"
        await sql(database_url, f"BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT")
        assert not (await sale.reserve(engine, 0)).replayed
    await assert_promises_hold(database_url)


async def test_nobody_is_there(database_url, unused_tcp_port):
    login = database_url.rpartition("@")[0]
    async with open_engine(f"{login}@127.0.0.1:{unused_tcp_port}/nowhere", batch_seconds_max=0.3) as engine:
        sale_elsewhere = await _sale(database_url)
        assert await outcome_of(sale_elsewhere.reserve(engine, 0)) == "none"


async def _sale(database_url):
    async with open_engine(database_url) as engine:
        return await put_on_sale(engine)


async def test_the_saboteur_counts_through_rollbacks(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await fail(database_url, sqlstate="40001", times=3)
        await sale.reserve(engine, 0)
    assert await sabotages(database_url) == 4
