"""Three real nodes behind a real nginx: a race, a killed node, a rolling restart."""

import asyncio
import os
import signal
from collections import Counter

import pytest

from box_office import assert_promises_hold, sql
from holdfast.bench.clients.raw import open_raw
from holdfast.cli.rolling_restart import request_rolling_restart
from scale.buyers_load import BASE, Ledger, buyers_at_work, lost, put_on_sale
from scale.http_caller import Caller, answers_with, until

pytestmark = [pytest.mark.runs, pytest.mark.xdist_group("three nodes")]
"""One process of the test run, so that the nodes are started once."""


async def test_a_seat_that_100_callers_want_at_once_goes_to_one(scale):
    event_id, [[seat, *_]] = await put_on_sale(scale.port, 1)
    callers = [Caller(scale.port, f"caller-{number}") for number in range(100)]
    wish = {"event_id": event_id, "seat_ids": [seat], "idempotency_key": "once"}
    answers = await asyncio.gather(*(caller.call("POST", f"{BASE}/reservations", wish) for caller in callers))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 99}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"seats_unavailable"}
    winner = next(caller for caller, answer in zip(callers, answers, strict=True) if answer.status == 201)
    again = await winner.call("POST", f"{BASE}/reservations", wish)
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    for caller in callers:
        caller.close()
    assert len(await sql(scale.database_url, "SELECT 1 FROM claims WHERE seat_id = $1::text::uuid", seat)) == 1
    await assert_promises_hold(scale.database_url)


async def test_a_node_killed_under_load_loses_nothing_and_comes_back(scale):
    ledger, stop = Ledger(), asyncio.Event()

    async def kill_and_wait() -> None:
        for number in (2, 3):
            await asyncio.sleep(1)
            process = scale.node_process(number)
            os.kill(process, signal.SIGKILL)
            port = int(scale.address(f"Node {number}").rpartition(":")[2])
            await until(lambda port=port: answers_with(port, "/readyz", 200))
            assert scale.node_process(number) != process
        stop.set()

    await asyncio.gather(buyers_at_work(scale.port, 24, ledger, stop, retries=True), kill_and_wait())
    assert ledger.failures == []
    assert set(ledger.statuses) <= {200, 201, 502}
    for answer in ledger.lost_in_flight:
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["outcome"]) == ("bad_gateway", "unknown")
    assert await lost(ledger, scale.database_url) == []
    await assert_promises_hold(scale.database_url)
    assert "Node 2 ended unexpectedly (signal SIGKILL) and is started again" in scale.told()


@pytest.mark.timeout(150)  # three nodes end and start one after another, under load
async def test_a_rolling_restart_under_load_fails_no_request(scale):
    ledger, stop = Ledger(), asyncio.Event()
    before = [scale.node_process(number) for number in (1, 2, 3)]

    event_id, _ = await put_on_sale(scale.port, 1)

    async def restart() -> None:
        await asyncio.to_thread(request_rolling_restart, scale.data_dir)
        stop.set()

    async def listen() -> None:
        async with await open_raw(("127.0.0.1", scale.port)) as connection, asyncio.timeout(30):
            await connection.send(f"GET {BASE}/events/{event_id}/changes HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            answer = await connection.answer()  # ended by the node, not cut
        assert answer.status == 200
        assert b"event: hello" in answer.body

    await asyncio.gather(buyers_at_work(scale.port, 24, ledger, stop), restart(), listen())
    assert ledger.failures == []
    assert ledger.requests > 100
    assert await lost(ledger, scale.database_url) == []
    assert not {scale.node_process(number) for number in (1, 2, 3)} & set(before)
    await assert_promises_hold(scale.database_url)
