"""The upgrade from the last release, as described in operations.md, while tickets are sold.

Nodes of the last release run in an installation of their own, which `make upgrade-test` makes from its commit.
"""

import asyncio
import re
from contextlib import AsyncExitStack

import asyncpg
import pytest

from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from upgrade.buyers import Caller, Front, Ledger, buy, organise, put_on_sale
from upgrade.programs import LAST_RELEASE, last_release, this_version

pytestmark = [pytest.mark.upgrades, pytest.mark.timeout(300)]
BUYERS = 6
SEATS = 200


@pytest.fixture
def versions(empty_database_url, redis_url, tmp_path):
    if not LAST_RELEASE.exists():
        pytest.skip("the last release is not installed: `make upgrade-test` does that")
    given = (empty_database_url, redis_url, tmp_path)
    return last_release(*given), this_version(*given)


async def test_nobody_notices_an_upgrade(versions, empty_database_url):
    old, new = versions
    front, ledger, stop = Front(), Ledger(), asyncio.Event()
    assert await old.command("migrate", "up") == (0, "schema 0001, newest 0001\n")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as people:
        stack.callback(stop.set)

        async def start(version, word, name):
            return await stack.enter_async_context(version.program(word, name))

        old_worker = await start(old, "work", "old-worker")
        old_nodes = [await start(old, "serve", f"old-{number}") for number in range(2)]
        front.ports += [node.port for node in old_nodes]
        organiser = Caller("organiser", front, ledger)
        event_id, seats = await put_on_sale(organiser, SEATS)
        for number in range(BUYERS):
            buyer = Caller(f"buyer-{number}", front, ledger)
            people.create_task(buy(buyer, ledger, event_id, seats, stop))
        people.create_task(organise(organiser, stop))
        await ledger.more()

        code, printed = await new.command("migrate", "up")
        assert (code, f"schema {newest_migration()}, newest {newest_migration()}" in printed) == (0, True), printed
        for node in old_nodes:
            said = await node.ready()
            assert (said["status"], newest_migration() in said["parts"]["schema"]["detail"]) == ("degraded", True)
        await ledger.more()

        new_worker = await start(new, "work", "new-worker")
        new_nodes = [await start(new, "serve", f"new-{number}") for number in range(2)]
        for node in new_nodes:
            assert (await node.ready())["status"] == "ready"
        front.ports += [node.port for node in new_nodes]
        await ledger.more(200)
        await both_see_what_the_other_sold(ledger, old_nodes[0].port, new_nodes[0].port)
        code, printed = await new.command("migrate", "finish")
        assert (code, "nodes of an older version are connected" in printed) == (1, True), printed
        assert re.search(r"api,.* worker on 127\.0\.0\.1 \(newest migration known: none;", printed), printed

        for node in old_nodes:
            await front.take_out(node.port)
            assert await node.end() == 0
            await ledger.more()
        assert await old_worker.end() == 0
        assert await new.command("migrate", "finish") == (
            0,
            f"schema {newest_migration()}, newest {newest_migration()}\n",
        )
        await ledger.more()
        stop.set()

    # All have stopped.
    assert ledger.failures == []
    assert (await new.command("check"))[0] == 0
    assert await lost(ledger, empty_database_url) == []
    for program in (old_worker, new_worker, *old_nodes, *new_nodes):
        log = program.log.read_text()
        assert "Traceback" not in log, log
    assert ledger.answers[201] > BUYERS, ledger.answers


async def both_see_what_the_other_sold(ledger, *ports) -> None:
    """Check that each version reads the log entries of the other into its map."""
    for writer, reader in (ports, ports[::-1]):
        await _sees(Caller("ann", Front([writer]), ledger), Caller("ann", Front([reader]), ledger))


async def _sees(there: Caller, here: Caller) -> None:
    async with there, here:
        event_id, seats = await put_on_sale(there, 3)
        await here.must("GET", f"/events/{event_id}/seats", 200)  # so that it keeps a map
        wish = {"event_id": event_id, "seat_ids": seats[:2], "idempotency_key": "one"}
        made = await there.must("POST", "/reservations", 201, wish)
        await there.must("POST", f"/reservations/{made['id']}/confirm", 200)
        wish = {"event_id": event_id, "seat_ids": seats[2:], "idempotency_key": "two"}
        await here.must("POST", "/reservations", 201, wish)
        for reader in (here, there):
            async with asyncio.timeout(20):
                while await _statuses(reader, event_id) != ["confirmed", "confirmed", "reserved"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)


async def _statuses(reader: Caller, event_id: str) -> list[str]:
    return [seat["status"] for seat in await reader.must("GET", f"/events/{event_id}/seats", 200)]


async def lost(ledger: Ledger, database_url: str) -> list[str]:
    """Return acknowledged states that the database does not have."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT id::text, status FROM reservations")
    finally:
        await connection.close()
    found = {row["id"]: row["status"] for row in rows}
    return [
        f"{reservation_id}: acknowledged {status}, found {found.get(reservation_id)}"
        for reservation_id, status in ledger.acknowledged.items()
        if found.get(reservation_id) != status
    ]
