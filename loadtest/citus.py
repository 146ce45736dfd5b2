#!/usr/bin/env python3
"""Try Holdfast on a Citus that is there: sell while the schema moves, and while nodes are killed.

    CITUS_URL=postgresql://holdfast@127.0.0.1:5432/holdfast make citus-try

`CITUS_URL` leads to the coordinator, as a role that may create a schema in that database and log in on every node. The
script makes a schema of its own, migrates it, starts Holdfast on it and drops it at the end. It prints what it saw, and
ends with exit code 1 if a request had another answer than it should, or if an acknowledged reservation is not there.

* `CITUS_ADMIN_URL`: the coordinator as a role that may move schemas, if the other may not.
* `CITUS_KILL`, `CITUS_START`: shell commands that kill and start a node, in which `{port}` is its port. Without them
  nothing is killed.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg
import httpx

from holdfast.infrastructure.embedded.folder import free_port

BUYERS = 8
SEATS = 20_000
DOWN_SECONDS = 5.0
SETTLE_SECONDS = 30.0

_OWNER = """
SELECT DISTINCT n.nodename, n.nodeport FROM citus_shards s JOIN pg_dist_node n USING (nodename, nodeport)
WHERE s.table_name::text LIKE $1 || '.%'"""
_MOVE = "SELECT citus_schema_move($1::text::regnamespace, $2::text, $3::int)"
_OTHERS = """
SELECT nodename, nodeport FROM pg_dist_node
WHERE noderole = 'primary' AND shouldhaveshards AND (nodename, nodeport) <> ($1, $2) LIMIT 1"""


def say(line: str) -> None:
    """Write a line at once, so that it is there even if what follows fails."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass
class Load:
    """Buyers who hold one seat after the other, and ask again with the same key after a 503."""

    client: httpx.AsyncClient
    event_id: str
    seats: Iterator[str]
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The seat of each reservation that was answered with 201, by its id."""
    statuses: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    last_second: float = 0.0
    longest_gap_seconds: float = 0.0

    async def hold_one(self, number: int) -> None:
        """Hold the next seat; ask again until there is an answer other than 503."""
        seat = next(self.seats)
        wish = {"event_id": self.event_id, "seat_ids": [seat], "idempotency_key": f"key-{seat}"}
        began = time.monotonic()
        while True:
            try:
                answer = await self.client.post("/reservations", json=wish, headers={"X-User-ID": f"buyer-{number}"})
            except httpx.HTTPError as error:
                self.statuses[type(error).__name__] += 1
            else:
                if answer.status_code != 503:
                    break
                self.statuses[f"503 {answer.json().get('outcome')}"] += 1
            await asyncio.sleep(0.2)
        now = time.monotonic()
        self.statuses[str(answer.status_code)] += 1
        self.slowest_seconds = max(self.slowest_seconds, now - began)
        if answer.status_code in (200, 201):
            self.longest_gap_seconds = max(self.longest_gap_seconds, now - (self.last_second or now))
            self.last_second = now
            self.acknowledged[answer.json()["id"]] = seat

    async def during(self, what: str, act: Callable[[], Awaitable[object]]) -> None:
        """Sell during something, and for a second before and after it; print what happened."""
        self.statuses, self.slowest_seconds, self.longest_gap_seconds, self.last_second = Counter(), 0.0, 0.0, 0.0
        ended = False

        async def buy(number: int) -> None:
            while not ended:
                await self.hold_one(number)

        buyers = [asyncio.create_task(buy(number)) for number in range(BUYERS)]
        await asyncio.sleep(1)
        began = time.monotonic()
        try:
            await act()
            took = time.monotonic() - began
            await asyncio.sleep(1)
        finally:
            ended = True
            async with asyncio.timeout(SETTLE_SECONDS):
                await asyncio.gather(*buyers)
        say(
            f"{what}: {took:.1f} s; answers {dict(self.statuses)}; longest time without a sale "
            f"{self.longest_gap_seconds:.2f} s, slowest request {self.slowest_seconds:.2f} s"
        )


@contextmanager
def holdfast(address: str) -> Iterator[str]:
    """Run Holdfast on this address, as `make run` does; yields the URL of its API."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "DATABASE_URL": address, "PORT": str(port), "HOLDFAST_DATA_DIR": folder}
        log = Path(folder, "run.log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "holdfast", "run"], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            for _ in range(120):
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                        break
                except httpx.HTTPError:
                    pass
                if process.poll() is not None:
                    sys.exit(f"Holdfast ended: {log.read_text()[-2000:]}")
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}/api/v1"
        finally:
            process.terminate()
            process.wait(30)


async def _two_hundred(client: httpx.AsyncClient, load: Load) -> None:
    for _ in range(200):
        await load.hold_one(0)
    assert set(load.statuses) <= {"201", "503 none"}, load.statuses
    first, second = list(load.acknowledged)[:2]
    user = {"X-User-ID": "buyer-0"}
    confirmed = await client.post(f"/reservations/{first}/confirm", headers=user)
    cancelled = await client.post(f"/reservations/{second}/cancel", headers=user)
    assert (confirmed.json()["status"], cancelled.json()["status"]) == ("confirmed", "cancelled")
    wish = {"event_id": load.event_id, "seat_ids": [load.acknowledged[first]], "idempotency_key": "rival"}
    assert (await client.post("/reservations", json=wish, headers={"X-User-ID": "rival"})).status_code == 409
    del load.acknowledged[second]
    say(f"200 reservations ({dict(load.statuses)}), one confirmed, one cancelled, one rival refused")


async def _event(client: httpx.AsyncClient) -> Load:
    event = await client.post(
        "/events",
        json={
            "name": "On Citus",
            "total_seats": SEATS,
            "start_at": "2099-04-01T19:00:00Z",
            "end_at": "2099-04-01T21:00:00Z",
        },
    )
    event_id = event.raise_for_status().json()["id"]
    seats = await client.post(
        f"/events/{event_id}/seats/bulk", json={"prefix": "A", "count": SEATS, "price": 5000}, timeout=60
    )
    return Load(client, event_id, iter([seat["id"] for seat in seats.raise_for_status().json()]))


async def _sell(api: str, admin: asyncpg.Connection, schema: str) -> None:
    async with httpx.AsyncClient(base_url=api, timeout=15, trust_env=False) as client:
        load = await _event(client)
        await _two_hundred(client, load)
        for turn in ("there", "back"):
            await _move(load, admin, schema, turn)
        await _kill_nodes(load, admin, schema)
        lost = [one for one in load.acknowledged if not await _is_there(client, one)]
        say(f"{len(load.acknowledged)} acknowledged reservations, {len(lost)} lost")
        assert not lost


async def _move(load: Load, admin: asyncpg.Connection, schema: str, turn: str) -> None:
    owner = await admin.fetchrow(_OWNER, schema)
    other = await admin.fetchrow(_OTHERS, *owner)
    if other is None:
        say("not moved: there is only one node for schemas")
        return
    host, port = other
    await load.during(
        f"moved {turn} under load, to {host}:{port}",
        lambda: admin.execute(_MOVE, schema, host, port),
    )
    assert set(load.statuses) <= {"201", "503 none"}, load.statuses


async def _kill_nodes(load: Load, admin: asyncpg.Connection, schema: str) -> None:
    owner = await admin.fetchrow(_OWNER, schema)
    other = await admin.fetchrow(_OTHERS, *owner)
    coordinator = await admin.fetchval("SELECT nodeport FROM pg_dist_node WHERE groupid = 0")
    nodes = {"coordinator": coordinator, "node that owns the schema": owner["nodeport"]}
    if other is not None:
        nodes["node without the schema"] = other["nodeport"]
    for name, port in nodes.items():
        if not os.environ.get("CITUS_KILL") or not os.environ.get("CITUS_START"):
            say(f"{name} not killed: CITUS_KILL and CITUS_START are not set")
            continue
        await load.during(f"{name} killed, started again after {DOWN_SECONDS:.0f} s", lambda port=port: _kill(port))
        assert set(load.statuses) <= {"200", "201", "503 none", "503 unknown"}, load.statuses


async def _is_there(client: httpx.AsyncClient, reservation_id: str) -> bool:
    for number in count():
        if number == BUYERS:
            return False
        answer = await client.get(f"/reservations/{reservation_id}", headers={"X-User-ID": f"buyer-{number}"})
        if answer.status_code == 200:
            return True
    return False


async def _kill(port: int) -> None:
    for name in ("CITUS_KILL", "CITUS_START"):
        if name == "CITUS_START":
            await asyncio.sleep(DOWN_SECONDS)
        command = os.environ[name].replace("{port}", str(port))
        process = await asyncio.create_subprocess_shell(command)
        await process.wait()


def _holdfast_cli(address: str, *command: str) -> None:
    environment = {**os.environ, "DATABASE_URL": address}
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-m", "holdfast", *command], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"holdfast {' '.join(command)}: {done.stdout}{done.stderr}")


async def _try(url: str) -> None:
    admin = await asyncpg.connect(os.environ.get("CITUS_ADMIN_URL") or url)
    say(await admin.fetchval("SELECT citus_version()"))
    say(await admin.fetchval("SELECT version()"))
    schema = f"holdfast_try_{os.getpid()}"
    settings = (f"search_path={schema}", "plan_cache_mode=force_custom_plan", "holdfast.citus=on")
    address = f"{url}?options={quote(' '.join(f'-c {setting}' for setting in settings))}"
    try:
        began = time.monotonic()
        await asyncio.to_thread(_holdfast_cli, address, "migrate", "up")
        say(f"migrated in {time.monotonic() - began:.1f} s")
        with holdfast(address) as api:
            await _sell(api, admin, schema)
        await asyncio.to_thread(_holdfast_cli, address, "check")
        say("every invariant holds")
    finally:
        admin.terminate()
        after = await asyncpg.connect(url)
        await after.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await after.close()


def main() -> None:
    """Try it, if there is a Citus."""
    url = os.environ.get("CITUS_URL")
    if not url:
        say("skipped: CITUS_URL is not set, so there is no Citus to try")
        return
    asyncio.run(_try(url))


if __name__ == "__main__":
    main()
