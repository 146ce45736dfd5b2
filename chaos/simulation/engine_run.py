"""Records a real history without HTTP: many clients in one process call the use cases of Holdfast's engine.

    DATABASE_URL=… REDIS_URL=… python -m chaos.simulation.engine_run FOLDER --operations 50000

The database must be migrated; the run creates a new event in it. It writes `history.jsonl` and `rows.jsonl` into
FOLDER, for `python -m chaos.checkers.prove`.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from chaos.histories.database_rows import dump, microseconds
from chaos.histories.history import Kind, Recorder, claim_from
from chaos.histories.kept_back import channel_of_user, code_of
from chaos.histories.operation import ANY_SEAT
from chaos.simulation.engine_archive import Operator
from chaos.simulation.engine_hall import KeepsSeatsBack, hall_on_sale, keeps_seats_back
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.change_seats import change_seats
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.extend import extend
from holdfast.application.booking.reserve import reserve
from holdfast.application.booking.resolve import submit
from holdfast.application.failures import OperationalFailure, Unavailable
from holdfast.bootstrap.engine import Engine, open_engine
from holdfast.bootstrap.process import database_url_of
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.choosing.wish import BestAvailable
from holdfast.domain.booking.commands import Done, Release
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.event import Confirmation
from holdfast.domain.catalogue.refusals import EventArchived
from holdfast.domain.refusal import Refusal
from holdfast.settings import load_settings

_KINDS: tuple[Kind, ...] = (
    *("reserve",) * 10,
    *("choose",) * 3,
    "confirm",
    "sell",
    *("cancel",) * 4,
    *("read_seat",) * 4,
    "read_reservation",
    "read_count",
)
EVERY_KIND: tuple[Kind, ...] = (*_KINDS, *("extend",) * 3, *("change_seats",) * 4, "release")
"""The operations of clients who also change their holds, and of a seller who releases some."""


@dataclass(slots=True)
class Clients:
    """What all clients share: the engine, what they want, and what they have seen."""

    engine: Engine
    recorder: Recorder
    random: Random
    event: UUID
    seats: Sequence[UUID]
    kinds: Sequence[Kind] = _KINDS
    pairs: Sequence[tuple[UUID, UUID]] = ()
    """Accessible seats with their companion seats, which are often wanted, together or the companion seat alone."""
    organiser: KeepsSeatsBack | None = None
    """Who keeps seats back for a channel while the others buy."""
    ends: dict[UUID, datetime] = field(default_factory=dict)
    """When holds end, by the last answer about each."""
    known: list[tuple[UUID, str]] = field(default_factory=list)
    """Reservations seen in answers, with their users."""
    wishes: list[tuple[str, str, tuple[UUID, ...], int]] = field(default_factory=list)
    """User, key, and seats, or how many are to be chosen."""
    keys: "count[int]" = field(default_factory=count)
    is_over: bool = False
    """The event is over, and the organiser keeps nothing back any more."""

    async def go_on_during(self, what: Coroutine[Any, Any, None], *, clients: int) -> None:
        """Have clients call until something else is done."""
        self.is_over = True
        doing = asyncio.create_task(what)

        async def go_on(client: int) -> None:
            while not doing.done():
                await self.live(client, 1)
                await asyncio.sleep(0.002)

        await asyncio.gather(*(go_on(client) for client in range(clients)))
        await doing

    async def live(self, client: int, calls: int) -> None:
        """Make one client's calls, one after the other."""
        for number in range(calls):
            if client == 0 and self.organiser is not None and not self.is_over:
                await self.organiser.act(number / calls)
            kind = self.random.choice(self.kinds)
            if kind in ("reserve", "choose"):
                await self._reserve(client, chooses=kind == "choose")
            elif kind == "read_count":
                await self._read_count(client)
            elif kind == "read_seat" or not self.known:
                await self._read_seat(client)
            elif kind == "read_reservation":
                await self._read_reservation(client)
            else:
                await self._resolve(client, kind)

    async def _reserve(self, client: int, *, chooses: bool) -> None:
        seats = () if chooses else self._some_seats()
        name = f"user-{client}" if self.organiser is None or client % 2 else f"user-{client}~{self.organiser.channel}"
        wish = name, f"key-{next(self.keys)}", seats, self.random.randint(1, 3) if chooses else 0
        if self.wishes and self.random.random() < 0.1:
            wish = self.random.choice(self.wishes[-200:])
        self.wishes.append(wish)
        user, key, seats, count = wish
        asked = (ANY_SEAT,) * count or tuple(map(str, seats))
        number = self.recorder.call(
            client, "choose" if count else "reserve", str(self.event), seats=asked, user=user, key=key
        )
        try:
            done = await reserve(
                self.engine.booking,
                event_id=self.event,
                user_id=user,
                idempotency_key=key,
                seat_ids=seats,
                code_digest=_digest_of(user),
                best=BestAvailable.wish(count=count) if count else None,
            )
        except (Refusal, Unavailable, OperationalFailure) as failure:
            self._failed(number, failure)
            return
        self._done(number, done, "replayed" if done.replayed else "created", chosen=bool(count))
        if not done.replayed:
            self.known.append((done.reservation.id, user))

    def _some_seats(self) -> tuple[UUID, ...]:
        if self.pairs and self.random.random() < 0.1:
            # Half of these want the companion seat alone.
            return self.random.choice(self.pairs)[self.random.randint(0, 1) :]
        wanted = self.random.choice((1, 1, 2, 3))
        # Half of the requests are for the first few seats, so that buyers compete.
        among = self.seats[:40] if self.random.random() < 0.5 else self.seats
        return tuple(self.random.sample(among, wanted))

    async def _resolve(self, client: int, kind: Kind) -> None:
        # Most older holds have ended, and then they cannot be changed.
        newest = 6 if kind in ("extend", "change_seats") else 100
        reservation, user = self.random.choice(self.known[-newest:])
        seats = self._some_seats() if kind == "change_seats" else ()
        number = self.recorder.call(
            client, kind, str(self.event), seats=tuple(map(str, seats)), user=user, reservation=str(reservation)
        )
        try:
            done = await self._ask(kind, reservation, user, seats)
        except (Refusal, Unavailable, OperationalFailure) as failure:
            self._failed(number, failure)
        else:
            self._done(number, done, "done")

    async def _ask(self, kind: Kind, reservation: UUID, user: str, seats: tuple[UUID, ...]) -> Done:
        booking = self.engine.booking
        match kind:
            case "cancel":
                return await cancel(booking, reservation_id=reservation, user_id=user)
            case "extend":
                known = self.ends[reservation]
                return await extend(booking, reservation_id=reservation, user_id=user, known_expires_at=known)
            case "change_seats":
                return await change_seats(booking, reservation_id=reservation, user_id=user, seat_ids=seats)
            case "release":
                return await submit(booking, self.event, Release(reservation))
            case _:
                by_seller = kind == "sell"
                return await confirm(booking, reservation_id=reservation, user_id=user, by_seller=by_seller)

    async def _read_seat(self, client: int) -> None:
        seat = self._some_seats()[0]
        number = self.recorder.call(client, "read_seat", str(self.event), seats=(str(seat),))
        found = await self.engine.views.reads.seat(seat)
        assert found is not None
        if found.archived:
            self._failed(number, EventArchived(self.event).at(found.version))
            return
        state = claim_from(found.seat.status, str(found.seat.reserved_by), blocked=found.seat.blocked)
        self.recorder.complete(number, "ok", "seen", version=found.version, status=state)

    async def _read_reservation(self, client: int) -> None:
        reservation, user = self.random.choice(self.known[-100:])
        number = self.recorder.call(
            client, "read_reservation", str(self.event), user=user, reservation=str(reservation)
        )
        try:
            found = await self.engine.views.reservation(reservation, [user])
        except Refusal as refusal:
            self._failed(number, refusal)
        else:
            self.recorder.complete(number, "ok", "seen", version=found.version, status=status_of(found.reservation))

    async def _read_count(self, client: int) -> None:
        number = self.recorder.call(client, "read_count", str(self.event))
        try:
            found = await self.engine.views.seat_maps.standing(self.event)
        except EventArchived as refusal:
            self._failed(number, refusal)
            return
        assert found is not None
        self.recorder.complete(number, "ok", "seen", version=found.version, count=found.available)

    def _done(self, number: int, done: Done, answer: str, *, chosen: bool = False) -> None:
        self.ends[done.reservation.id] = done.reservation.expires_at
        self.recorder.complete(
            number,
            "ok",
            answer,
            version=done.version,
            reservation=str(done.reservation.id),
            status=status_of(done.reservation),
            expires_at_us=microseconds(done.reservation.expires_at),
            named=tuple(map(str, done.reservation.seat_ids)) if chosen else (),
        )

    def _failed(self, number: int, failure: Exception) -> None:
        if isinstance(failure, Refusal):
            named: Any = failure.data.get("seat_ids", ())
            version = -1 if failure.version is None else failure.version
            left: Any = failure.data.get("left", 0)
            self.recorder.complete(number, "fail", failure.code, version=version, named=tuple(named), count=left)
        elif isinstance(failure, Unavailable) and failure.outcome == "unknown":
            self.recorder.complete(number, "info", "unknown")
        else:
            self.recorder.complete(number, "fail", "none")


def _digest_of(user: str) -> bytes | None:
    channel = channel_of_user(user)
    return digest_of(code_of(channel)) if channel else None


def status_of(reservation: Reservation) -> str:
    """Return a reservation's status in the words of a history."""
    return "expired" if reservation.cancel_reason == "expired" else str(reservation.status)


async def run(folder: Path, *, operations: int, clients: int, seats: int, seed: int) -> None:
    """Record one run into `folder`. With an odd seed only the seller confirms; a third of the seeds have no channel."""
    settings = load_settings()
    with Recorder(folder / "history.jsonl") as recorder:
        async with open_engine(settings) as engine:
            confirmation = Confirmation.SELLER if seed % 2 else Confirmation.BUYER
            hall = await hall_on_sale(engine, database_url_of(settings), seats, confirmation=confirmation)
            organiser = None if seed % 3 == 2 else await keeps_seats_back(engine, hall.event, hall.seats)
            everybody = Clients(
                engine,
                recorder,
                Random(seed),  # noqa: S311 - a simulation
                hall.event,
                hall.seats,
                kinds=EVERY_KIND,
                pairs=hall.pairs,
                organiser=organiser,
            )
            await asyncio.gather(*(everybody.live(client, operations // clients) for client in range(clients)))
            operator = Operator(engine, recorder, hall.event, database_url_of(settings), folder)
            await everybody.go_on_during(operator.put_away_and_bring_back(), clients=min(clients, 16))
    connection = await asyncpg.connect(database_url_of(settings))
    try:
        (await dump(connection)).save(folder / "rows.jsonl")
    finally:
        await connection.close()


def main() -> int:
    """Record a run."""
    parser = ArgumentParser(prog="python -m chaos.simulation.engine_run", description="Record a history of the engine.")
    parser.add_argument("folder", type=Path, help="where the history and the rows go; must exist")
    parser.add_argument("--operations", type=int, default=50_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seats", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(
        run(given.folder, operations=given.operations, clients=given.clients, seats=given.seats, seed=given.seed)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
