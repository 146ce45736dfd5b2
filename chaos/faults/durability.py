"""What PostgreSQL's durability depends on: its standby, its disk, fsync."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from chaos.buyers.caller import Target
from chaos.buyers.client import Client, Wish
from chaos.buyers.load import Load, until
from chaos.faults.database import execute, expect_back
from chaos.site.postmaster import Postmaster, standby_of
from chaos.site.processes import POSTGRES_SETTINGS, Program, off_loop
from chaos.site.wire import Wire, wire_to
from chaos.trial import PROMOTION_SECONDS_MAX, RESTART_SECONDS_MAX, CannotBeInjectedError, Trial, fault
from holdfast.infrastructure.embedded import EmbeddedPostgres
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.process import processes_in
from holdfast.infrastructure.postgres.migrations.migrate import upgrade

_SYNCHRONOUS = {"synchronous_standby_names": "FIRST 1 (twin)"}
_CANCELLED_WAIT = "canceling wait for synchronous replication"
_EIO = "inject=fsync,fdatasync:error=EIO:when=1"
_DISK_BYTES = 420 * 1024 * 1024


@dataclass(slots=True)
class Pair:
    """A primary, its synchronous standby, and a node that reaches one of them through a wire."""

    primary: EmbeddedPostgres
    standby: Postmaster
    wire: Wire
    node: Program

    def url_at(self, port: int) -> str:
        """The owner's URL at a port; both servers have the same passwords."""
        return self.primary.url.replace(f":{self.primary.port}/", f":{port}/")

    def primary_log(self) -> str:
        """The primary's log."""
        return self.primary.log_path.read_text(errors="replace")


@asynccontextmanager
async def _pair(trial: Trial) -> AsyncIterator[Pair]:
    folder = private_folder(trial.folder / "pair")
    primary = EmbeddedPostgres(folder / "primary", settings=POSTGRES_SETTINGS)
    standby: Postmaster | None = None
    try:
        await off_loop(primary.start)
        await off_loop(lambda: upgrade(primary.url))
        standby = await off_loop(lambda: standby_of(primary, folder, name="twin"))
        await off_loop(standby.start)
        await wait_for_the_standby(primary)
        async with wire_to(Target("127.0.0.1", primary.port)) as wire:
            url = primary.url.replace(f":{primary.port}/", f":{wire.here.port}/")
            async with trial.site.another("serve", "node-of-pair", {"DATABASE_URL": url}) as node:
                yield Pair(primary, standby, wire, node)
    finally:
        if standby is not None:
            await off_loop(standby.stop)
        await off_loop(lambda: primary.stop("immediate"))


async def wait_for_the_standby(primary: EmbeddedPostgres) -> None:
    """Have a primary wait for its standby `twin` with every COMMIT, and wait until that is so."""
    for name, value in _SYNCHRONOUS.items():
        await execute(primary.superuser_url, f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
    connection = await asyncpg.connect(primary.superuser_url, timeout=5)
    try:

        async def synchronous() -> bool:
            return bool(await connection.fetchval("SELECT bool_or(sync_state = 'sync') FROM pg_stat_replication"))

        if not await until(synchronous, 20.0):
            raise CannotBeInjectedError("the standby does not follow its primary")
    finally:
        await connection.close()


@fault(
    "primary-lost-standby-promoted",
    "database",
    injection="the primary dies with its disk; its synchronous standby is promoted and its address is taken over",
    expected=f"answers late, or 503 with outcome; writes are back within {PROMOTION_SECONDS_MAX:.0f} s",
    invariants="nothing lost: every acknowledged write is on the standby",
)
async def _primary_lost(trial: Trial) -> None:
    async with _pair(trial) as pair:
        promoted = pair.url_at(pair.standby.port)
        async with trial.load([pair.node.address], database_url=lambda: promoted) as load:
            await off_loop(pair.primary.kill)
            await pair.wire.cut_all()
            pair.wire.server = Target("127.0.0.1", pair.standby.port)
            await off_loop(pair.standby.promote)
            await expect_back(trial, load, PROMOTION_SECONDS_MAX)
            trial.expect(pair.wire.cancel_requests == 0, "nothing is ever cancelled")


@fault(
    "standby-unreachable",
    "database",
    injection="the synchronous standby is stopped (SIGSTOP) for 11 s, past every time-out of the node, then goes on",
    expected="no write is acknowledged meanwhile: 503 `unknown`; reads answer; then each outcome is settled by its key",
    invariants="nothing lost, no COMMIT cancelled",
)
async def _standby_unreachable(trial: Trial) -> None:
    async with _pair(trial) as pair, trial.load([pair.node.address], database_url=lambda: pair.primary.url) as load:
        _signal_all(pair.standby.cluster_dir, "STOP")
        since = time.monotonic_ns()
        await asyncio.sleep(9.5)
        acknowledged = sum(called > since + 10**9 for called, _ in load.tally.writes)
        _signal_all(pair.standby.cluster_dir, "CONT")
        trial.injected()
        trial.expect(acknowledged == 0, f"nothing is acknowledged without the standby ({acknowledged} were)")
        trial.expect(load.tally.statuses["503"] > 0, "callers are told 503")
        await expect_back(trial, load)
        trial.expect(_CANCELLED_WAIT not in pair.primary_log(), "no wait for the standby was broken off")
        trial.expect(pair.wire.cancel_requests == 0, "nothing is ever cancelled")


def _signal_all(folder: Path, name: str) -> None:
    for process in processes_in(folder):
        os.kill(process, signal.Signals[f"SIG{name}"])


@fault(
    "client-gone-during-commit",
    "database",
    injection="buyers hang up while their COMMIT waits for the standby, which is stopped for 3 s; forty buyers",
    expected="no cancel request reaches PostgreSQL; each outcome is settled by its key",
    invariants="nothing lost, one effect per key",
)
async def _client_gone_during_commit(trial: Trial) -> None:
    async with (
        _pair(trial) as pair,
        trial.load([pair.node.address], buyers=4, database_url=lambda: pair.primary.url) as load,
    ):
        _signal_all(pair.standby.cluster_dir, "STOP")
        clients = [load.client() for _ in range(40)]
        wishes = [load.wish(f"leaver-{number}", (load.sale.seats[-1 - number],)) for number in range(40)]
        calls = [asyncio.create_task(_leave(client, wish, load)) for client, wish in zip(clients, wishes, strict=True)]
        await asyncio.sleep(1.0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await asyncio.sleep(2.0)
        _signal_all(pair.standby.cluster_dir, "CONT")
        await expect_back(trial, load)
        trial.expect(_CANCELLED_WAIT not in pair.primary_log(), "no wait for the standby was broken off")
        trial.expect(pair.wire.cancel_requests == 0, "nothing is ever cancelled")


async def _leave(client: Client, wish: Wish, load: Load) -> None:
    try:
        await client.reserve(wish)
    finally:
        client.close()
        load.unsettled.append(wish)


@fault(
    "fsync-fails",
    "database",
    injection="strace makes fdatasync and fsync of PostgreSQL's processes answer EIO: PANIC, recovery",
    expected=f"503 `unknown` or late answers; writes are back within {RESTART_SECONDS_MAX:.0f} s",
    invariants="nothing lost",
)
async def _fsync_fails(trial: Trial) -> None:
    strace = shutil.which("strace")
    if strace is None:
        raise CannotBeInjectedError("strace is not installed (apt-get install strace)")
    postgres = trial.site.postgres
    async with trial.load() as load:
        panics = postgres.log_path.read_text(errors="replace").count("PANIC")
        backends = await _backends(postgres.superuser_url)
        words = [word for backend in backends for word in ("-p", str(backend))]
        tracing = subprocess.Popen(  # noqa: S603, ASYNC220 - it must run beside the buyers
            [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", _EIO, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

        async def panicked() -> bool:
            return postgres.log_path.read_text(errors="replace").count("PANIC") > panics

        met = await until(panicked, 8.0)
        tracing.terminate()
        _, said = await off_loop(tracing.communicate)
        if not met and b"attach" in said:
            raise CannotBeInjectedError(f"strace may not trace here: {said.decode(errors='replace').splitlines()[0]}")
        trial.expect(met, "PostgreSQL panics, as it must")
        trial.injected()
        await expect_back(trial, load)


async def _backends(superuser_url: str) -> list[int]:
    connection = await asyncpg.connect(superuser_url, timeout=5)
    try:
        rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    finally:
        await connection.close()
    return [row["pid"] for row in rows]


@fault(
    "disk-full",
    "database",
    injection="PostgreSQL's disk (a small tmpfs) is filled to the last byte for 3 s, under load and a bulk of seats",
    expected="503 with outcome, reads answer; it heals by itself or with a restart when there is space again",
    invariants="nothing lost",
)
async def _disk_full(trial: Trial) -> None:
    async with small_disk(trial) as disk:
        settings = {**POSTGRES_SETTINGS, "max_wal_size": "64MB", "min_wal_size": "32MB", "shared_buffers": "16MB"}
        postgres = EmbeddedPostgres(disk / "data", settings=settings)
        await off_loop(postgres.start)
        try:
            await off_loop(lambda: upgrade(postgres.url))
            environment = {"DATABASE_URL": postgres.url}
            async with trial.site.another("serve", "node-on-small-disk", environment) as node:
                await _fill_disk(trial, disk, postgres, node)
        finally:
            await off_loop(lambda: postgres.stop("immediate"))


async def _fill_disk(trial: Trial, disk: Path, postgres: EmbeddedPostgres, node: Program) -> None:
    async with trial.load([node.address], database_url=lambda: postgres.url) as load:
        ballast = disk / "ballast"
        await off_loop(lambda: fill(ballast))
        refused = ""
        try:
            bulk = "CREATE TABLE bulk AS SELECT repeat('x', 1000) FROM generate_series(1, 40000)"
            await execute(postgres.url, bulk)
        except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError) as full:
            refused = str(full)
        await asyncio.sleep(3.0)
        ballast.unlink()
        trial.expect("space" in refused or "closed" in refused, f"the disk is full ({refused[:80]!r})")
        if not postgres.alive:
            await off_loop(postgres.restart)
        trial.injected()
        await expect_back(trial, load)


def fill(ballast: Path) -> None:
    """Fill a disk to the last byte."""
    try:
        with ballast.open("wb", buffering=0) as file:
            while file.write(b"\0" * 65_536):
                pass
    except OSError:
        pass


@asynccontextmanager
async def small_disk(trial: Trial) -> AsyncIterator[Path]:
    """Mount a small file system inside the block."""
    if os.geteuid() != 0:
        raise CannotBeInjectedError("a file system of its own needs root")
    place = trial.folder / "small-disk"
    place.mkdir()
    options = f"size={_DISK_BYTES},mode=0700"
    mounted = await off_loop(lambda: _run("mount", "-t", "tmpfs", "-o", options, "holdfast-chaos", str(place)))
    if mounted:
        raise CannotBeInjectedError(f"no file system can be mounted here: {mounted}")
    try:
        yield place
    finally:
        await off_loop(lambda: _run("umount", "--lazy", str(place)))


def _run(*words: str) -> str:
    """Run a program; returns its error output, empty if it succeeded."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return "" if done.returncode == 0 else done.stderr.strip() or f"{words[0]} failed"
