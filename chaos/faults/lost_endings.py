"""PostgreSQL comes back without the end of its log, although nodes and browsers have seen it.

An asynchronous standby that lags is promoted, or a base backup is restored. Whatever was acknowledged after that point
is unavoidably lost. Reads afterwards must show what the database contains.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import asyncpg

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE, Wish
from chaos.buyers.load import Load, answers, until, until_true
from chaos.buyers.sale import Sale, put_on_sale
from chaos.buyers.stream import Stream
from chaos.site.postmaster import Postmaster, standby_of
from chaos.site.processes import POSTGRES_SETTINGS, Program, off_loop
from chaos.site.wire import Wire, wire_to
from chaos.trial import Trial, fault
from holdfast.infrastructure.embedded import EmbeddedPostgres
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.postgres.migrations.migrate import upgrade

_LOST = 3
"""Holds per event that are acknowledged and then lost with the end of the log."""
_MADE_ANEW = (0, _LOST, _LOST + 2)
"""Holds afterwards, per event: its version stays below, equals, and passes the lost one."""
_AGREE_SECONDS = 5.0
"""Far more than the second that reads may lag, but finite."""


@dataclass(slots=True)
class _Place:
    """A primary, the copy that will replace it, and two nodes that reach one of them through a wire."""

    primary: EmbeddedPostgres
    copy: Postmaster
    wire: Wire
    nodes: Sequence[Program]
    sales: Sequence[Sale]

    @property
    def targets(self) -> list[Target]:
        """The addresses of the nodes."""
        return [node.address for node in self.nodes]

    @property
    def copy_url(self) -> str:
        """The owner's URL of the copy."""
        return self.primary.url.replace(f":{self.primary.port}/", f":{self.copy.port}/")

    async def replace_primary(self, *, restored: bool) -> None:
        """Destroy the primary and its disk and start the copy in its place; the nodes cannot reach it yet."""
        self.wire.silence()
        await self.wire.cut_all()
        await off_loop(self.primary.kill)
        await off_loop(self.copy.start)
        if not restored:
            await off_loop(self.copy.promote)
        self.wire.server = Target("127.0.0.1", self.copy.port)


@asynccontextmanager
async def _place(trial: Trial, *, restored: bool) -> AsyncIterator[_Place]:
    folder = private_folder(trial.folder / "pair")
    primary = EmbeddedPostgres(folder / "primary", settings=POSTGRES_SETTINGS)
    copy: Postmaster | None = None
    try:
        await off_loop(primary.start)
        await off_loop(lambda: upgrade(primary.url))
        async with AsyncExitStack() as stack:
            wire = await stack.enter_async_context(wire_to(Target("127.0.0.1", primary.port)))
            url = primary.url.replace(f":{primary.port}/", f":{wire.here.port}/")
            nodes = [
                await stack.enter_async_context(trial.site.another("serve", f"node-{name}", {"DATABASE_URL": url}))
                for name in ("of-old", "beside")
            ]
            sales = [await put_on_sale(nodes[0].address, seats=12) for _ in _MADE_ANEW]
            copy = await off_loop(lambda: standby_of(primary, folder, name="late"))
            if restored:
                (copy.cluster_dir / "standby.signal").unlink()
            yield _Place(primary, copy, wire, nodes, sales)
    finally:
        if copy is not None:
            await off_loop(copy.stop)
        await off_loop(lambda: primary.stop("immediate"))


async def _lose_the_end(trial: Trial, *, restored: bool) -> None:
    async with _place(trial, restored=restored) as place, AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(Stream(target, sale.event))
            for sale in place.sales
            for target in place.targets
        ]
        await _hold_what_will_be_lost(trial, place, streams)
        known = [(sale.event, stream.last_id) for sale, stream in zip(place.sales, streams[::2], strict=True)]
        await place.replace_primary(restored=restored)
        url = place.copy_url
        async with trial.load(place.targets, sales=place.sales, buyers=0, database_url=lambda: url) as load:
            # Sold by a node that never saw what was lost, before the other nodes can look. A version that went back
            # is easy to notice; one that has been used again is not.
            async with trial.site.another("serve", "node-first-back", {"DATABASE_URL": url}) as first:
                await _make_anew(load, place, first.address)
            place.wire.speak()
            for target in place.targets:
                trial.expect(await until(partial(answers, target, "/readyz"), 30.0), "a node is ready again")
            await _expect_reads_agree(trial, place, "after the failover")
            await _expect_reloads(trial, place, streams, known)
            buyers = [asyncio.create_task(load.live(number)) for number in range(6)]
            await asyncio.sleep(1.0)
            load.stopping.set()
            await asyncio.gather(*buyers)
            await _expect_reads_agree(trial, place, "after further sales")


async def _hold_what_will_be_lost(trial: Trial, place: _Place, streams: Sequence[Stream]) -> None:
    """Sell seats that both nodes and all streams see. Nothing of this is recorded, because the fault destroys it."""
    async with Caller(place.targets[0]) as caller:
        for sale in place.sales:
            for number in range(_LOST):
                wish = {"event_id": sale.event, "seat_ids": [sale.seats[number]], "idempotency_key": f"lost-{number}"}
                made = await caller.call("POST", f"{BASE}/reservations", wish, user="early")
                trial.expect(made.status == 201, f"a hold is acknowledged before the failover ({made.status})")
    for target in place.targets:
        async with Caller(target) as caller:
            for sale in place.sales:
                await caller.call("GET", f"{BASE}/events/{sale.event}/seats")
    for stream in streams:
        trial.expect(await stream.hears(1 + _LOST, 10.0), "a stream hears of what will be lost")


async def _make_anew(load: Load, place: _Place, node: Target) -> None:
    client = load.client(node)
    for sale, wanted in zip(place.sales, _MADE_ANEW, strict=True):
        for number in range(wanted):
            seat = sale.seats[_LOST + number]
            await client.reserve(Wish(sale.event, "late", f"anew-{number}", (seat,)))
    client.close()


async def _expect_reads_agree(trial: Trial, place: _Place, when: str) -> None:
    connection = await asyncpg.connect(place.copy_url, timeout=5)
    try:
        for sale, what in zip(place.sales, ("stays below", "is", "passes"), strict=True):
            rows = await connection.fetch("SELECT seat_id, status FROM claims WHERE event_id = $1", sale.event)
            taken = {str(row["seat_id"]): row["status"] for row in rows}
            for target in place.targets:
                agrees = await until(partial(_agrees, target, sale, taken), _AGREE_SECONDS)
                text = f"{when} a node reads what the database holds, where the version {what} the one it knew"
                trial.expect(agrees, text)
    finally:
        await connection.close()


async def _agrees(target: Target, sale: Sale, taken: dict[str, str]) -> bool:
    """Whether the list, the free seats, the count and every seat agree with the database."""
    path = f"{BASE}/events/{sale.event}/seats"
    free = set(sale.seats) - taken.keys()
    async with Caller(target) as caller:
        seats = (await caller.call("GET", path)).json()
        available = (await caller.call("GET", f"{path}?available=true")).json()
        counted = (await caller.call("GET", f"{path}/available/count")).json()
        each = [(await caller.call("GET", f"{BASE}/seats/{seat}")).json()["status"] for seat in sale.seats]
    return (
        {seat["id"]: seat["status"] for seat in seats if seat["status"] != "available"} == taken
        and {seat["id"] for seat in available} == free
        and counted == {"count": len(free)}
        and each == [taken.get(seat, "available") for seat in sale.seats]
    )


async def _expect_reloads(
    trial: Trial, place: _Place, streams: Sequence[Stream], known: Sequence[tuple[str, str]]
) -> None:
    for stream in streams:
        heard = await until_true(partial(_told_to_reload, stream), _AGREE_SECONDS)
        trial.expect(heard, "a stream that was told of a lost version is told to reload")
    for event, last_id in known:
        async with Stream(place.targets[1], event, last_id=last_id) as again:
            heard = await until_true(partial(_heard_anything, again), _AGREE_SECONDS)
            told = again.must_reload
            trial.expect(heard and told, "a browser that comes back with a lost version is told to reload")


def _told_to_reload(stream: Stream) -> bool:
    return stream.must_reload


def _heard_anything(stream: Stream) -> bool:
    return bool(stream.kinds) or stream.ended


@fault(
    "standby-behind-promoted",
    "reading",
    injection="a standby that lacks the last 3 writes of three events is promoted; two nodes and their streams have "
    "seen them; versions are made anew: fewer, as many, and more",
    expected="reads of both nodes agree with the database; streams, and browsers that come back, are told to reload",
    invariants="all of the promoted database; what it never had is declared lost",
)
async def _standby_behind_promoted(trial: Trial) -> None:
    await _lose_the_end(trial, restored=False)


@fault(
    "base-copy-restored",
    "reading",
    injection="the same with a base copy of the database, restored in its place while the nodes go on",
    expected="reads of both nodes agree with the database; streams, and browsers that come back, are told to reload",
    invariants="all of the restored database; what it never had is declared lost",
)
async def _base_copy_restored(trial: Trial) -> None:
    await _lose_the_end(trial, restored=True)
