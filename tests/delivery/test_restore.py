"""The drill: docs/runbooks/restore.md, run as it is written, on a run that is selling.

Base backup and archive under load, then the loss: everything that was acknowledged before the point is there in its
last acknowledged state, and nothing that was requested after it.
"""

import asyncio
import itertools
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest

from delivery.runbook import Runbook
from embedded.run_of_its_own import Run, holdfast_command
from holdfast.infrastructure.embedded import EmbeddedPostgres
from holdfast.infrastructure.embedded.postgres import running_url

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "restore.md"
pytestmark = [pytest.mark.drill, pytest.mark.timeout(300)]
SEATS = 4_000
BUYERS = 6
_VERBS = {"confirm": "confirmed", "cancel": "cancelled"}


@dataclass
class Kept:
    """A reservation as its buyer knows it, with the times of its requests by this machine's clock."""

    id: str
    user: str
    wish: dict
    states: list[tuple[float, float, str]] = field(default_factory=list)
    """When a request was sent and when it was acknowledged, and the state that it told."""

    def acknowledged_by(self, moment: float) -> str | None:
        """The last state that was acknowledged by then; None if it was not yet made."""
        return next((state for _, answered, state in reversed(self.states) if answered <= moment), None)

    def possible_states(self, before: float, after: float) -> set[str | None]:
        """What may be stored as of a point between these moments: what was acknowledged, or asked for meanwhile."""
        meanwhile = {state for sent, answered, state in self.states if sent <= after and answered > before}
        return {self.acknowledged_by(before)} | meanwhile


class Sale:
    """Buyers of one event, and what they were told."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=20, trust_env=False)
        self.kept: list[Kept] = []
        self.event_id = ""
        self._seats = iter(())
        self._over = asyncio.Event()
        self._buyers: list[asyncio.Task] = []

    async def open(self) -> None:
        times = {"start_at": "2099-01-01T00:00:00Z", "end_at": "2099-01-01T00:00:00Z"}
        made = await self.http.post("/events", json={"name": "Drill", "total_seats": SEATS, **times})
        self.event_id = made.json()["id"]
        bulk = {"prefix": "A", "count": SEATS, "price": 100}
        added = await self.http.post(f"/events/{self.event_id}/seats/bulk", json=bulk)
        self._seats = iter([seat["id"] for seat in added.json()])
        self._buyers = [asyncio.create_task(self._buy(f"buyer-{number}")) for number in range(BUYERS)]

    async def more(self, count: int = 70) -> None:
        """Wait for this many further reservations."""
        wanted = len(self.kept) + count
        while len(self.kept) < wanted:
            assert not any(buyer.done() for buyer in self._buyers), [buyer.result() for buyer in self._buyers]
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self._over.set()
        await asyncio.gather(*self._buyers)
        await self.http.aclose()

    async def _buy(self, user: str) -> None:
        for number in itertools.count():
            if self._over.is_set():
                return
            wish = {"event_id": self.event_id, "seat_ids": [next(self._seats)], "idempotency_key": f"{number}"}
            sent = time.monotonic()
            answer = await self.http.post("/reservations", json=wish, headers={"X-User-ID": user})
            assert answer.status_code == 201, answer.text
            kept = Kept(answer.json()["id"], user, wish, [(sent, time.monotonic(), "pending")])
            self.kept.append(kept)
            for verb, state in itertools.islice(_VERBS.items(), number % 3, number % 3 + 1):
                sent = time.monotonic()
                await asyncio.sleep(0.01)
                done = await self.http.post(f"/reservations/{kept.id}/{verb}", headers={"X-User-ID": user})
                assert done.json()["status"] == state, done.text
                kept.states.append((sent, time.monotonic(), state))
            await asyncio.sleep(0.02)


@pytest.fixture
def started():
    """Start a run; it ends with the test, if not before."""
    runs = []

    def start(data_dir: Path) -> Run:
        runs.append(Run(data_dir, LOG_LEVEL="WARNING", WORKER_METRICS_PORT="0"))
        return runs[-1].ready()

    yield start
    for run in runs:
        if run.process.poll() is None:
            _stopped(run)


def _stopped(run: Run) -> None:
    run.process.send_signal(signal.SIGINT)
    run.ended()


async def _stored(url: str) -> dict[str, str]:
    """The state of every reservation, by id, as PostgreSQL has it."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT id::text, status FROM reservations")
    finally:
        await connection.close()
    return {row["id"]: row["status"] for row in rows}


async def _now(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SELECT clock_timestamp()"))
    finally:
        await connection.close()


async def test_the_runbook_of_a_restore_leads_back_to_a_point_in_time(tmp_path, started):
    data_dir, backups = tmp_path / "data", tmp_path / "the backups"
    book = Runbook(RUNBOOK, HOLDFAST_DATA_DIR=str(data_dir), BACKUPS=str(backups))
    run = started(data_dir)
    book.run("export PGHOST")
    book.run("ALTER SYSTEM")
    _stopped(run)
    run = started(data_dir)
    book.run("export PGHOST")

    sale = Sale(f"http://127.0.0.1:{run.port}")
    await sale.open()
    await sale.more()
    await asyncio.to_thread(book.run, "pg_basebackup")
    await sale.more()
    before = time.monotonic()
    book.environment["POINT"] = await _now(running_url(data_dir))
    after = time.monotonic()
    await sale.more()
    await sale.close()
    assert "0 | " in book.run("pg_stat_archiver")
    lost = _wait_for_archive(book)
    _stopped(run)

    # A mistake: back to just before it.
    begin = time.monotonic()
    book.run("find ")
    book.run("recovery.signal")
    said = book.run("holdfast check")
    assert len(re.findall(r"\tok$", said, re.MULTILINE)) > 10
    recovered = time.monotonic() - begin
    book.run("sed -i")
    run = started(data_dir)
    stored = await _stored(running_url(data_dir))
    _compare(sale.kept, stored, before, after)
    await _ask_again(run, sale, stored)
    _stopped(run)

    # A lost disk: to the end of the archive, from the same base backup.
    shutil.rmtree(data_dir / "postgres")
    current = '\necho "recovery_target_timeline = \'current\'" >>"$CLUSTER/postgresql.auto.conf"\n'
    book.run("recovery.signal", without="recovery_target_time", more=current)
    postgres = EmbeddedPostgres(data_dir)
    await asyncio.to_thread(postgres.start)
    try:
        assert {kept.id: kept.states[-1][2] for kept in sale.kept} == await _stored(postgres.url)
    finally:
        await asyncio.to_thread(postgres.stop)
    figures = {
        "reservations": len(sale.kept),
        "before the point": sum(kept.acknowledged_by(before) is not None for kept in sale.kept),
        "after it": sum(kept.states[0][0] > after for kept in sale.kept),
        "until checked, s": round(recovered, 1),
        "archive, s": lost,
        "steps, s": book.seconds,
    }
    sys.stdout.write(json.dumps(figures) + "\n")  # shown by `make drill`
    used = {*book.seconds, "export POINT"}
    assert book.left_out(used) == [], "every command of the runbook is tried"


def _wait_for_archive(book: Runbook) -> float:
    """End the segment, so that all of the log is in the archive: what `archive_timeout` does within a minute."""
    begin = time.monotonic()
    environment = book.environment
    done = subprocess.run(
        ["psql", "-XAt", "-c", "SELECT pg_walfile_name(pg_switch_wal())"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    segment = Path(environment["BACKUPS"]) / "wal" / done.stdout.strip()
    while not segment.exists():
        assert time.monotonic() < begin + 30, "the log is not archived"
        time.sleep(0.05)
    return round(time.monotonic() - begin, 2)


def _compare(kept: list[Kept], stored: dict[str, str], before: float, after: float) -> None:
    known = {one.id for one in kept}
    assert stored.keys() <= known
    acknowledged = [one for one in kept if one.acknowledged_by(before) is not None]
    later = [one for one in kept if one.states[0][0] > after]
    assert len(acknowledged) > 100, "there was load before the point"
    assert len(later) > 50, "and after it"
    assert [one.id for one in acknowledged if one.id not in stored] == [], "what was acknowledged before is there"
    assert [one.id for one in later if one.id in stored] == [], "nothing from after it is"
    for one in acknowledged:
        assert stored[one.id] in one.possible_states(before, after), one


async def _ask_again(run: Run, sale: Sale, stored: dict[str, str]) -> None:
    """What the runbook says about buyers who ask again."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{run.port}/api/v1", timeout=20, trust_env=False) as http:
        known = next(one for one in sale.kept if stored.get(one.id) == "pending")
        answer = await http.post("/reservations", json=known.wish, headers={"X-User-ID": known.user})
        assert (answer.status_code, answer.json()["id"]) == (201, known.id), "a known key is replayed"
        assert answer.headers["idempotent-replayed"] == "true"
        confirmed = await http.post(f"/reservations/{known.id}/confirm", headers={"X-User-ID": known.user})
        assert confirmed.status_code == 200, "an open hold can be confirmed"
        lost = next(one for one in reversed(sale.kept) if one.id not in stored)
        gone = await http.get(f"/reservations/{lost.id}", headers={"X-User-ID": lost.user})
        assert gone.status_code == 404
        anew = await http.post("/reservations", json=lost.wish, headers={"X-User-ID": lost.user})
        assert (anew.status_code, anew.json()["id"] != lost.id) == (201, True), "a lost key makes a new reservation"


def test_without_a_base_backup_the_check_says_what_is_wrong(tmp_path):
    """A half-done restore is one clear line, not a new and empty shop."""
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "recovery.signal").touch()
    done = holdfast_command("check", HOLDFAST_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "is not a complete PostgreSQL cluster" in done.stderr
    assert done.stderr.count("\n") == 1
