"""The hall of a recorded run, and the organiser who keeps some of its seats back while they are being sold."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from chaos.histories.kept_back import code_of
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.keep_seats_back import begin_giving_back, begin_keeping_back
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.catalogue.put_channel import put_channel
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.bootstrap.engine import Engine
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.channel import ChannelDetails, SeatSelection
from holdfast.domain.catalogue.event import Confirmation, EventDetails
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.reading import read_hall
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import open_principal

_ROW_SEATS = 40
_ACTOR = Actor(principal=open_principal("organiser"), request_id="run")
_OPENS_AFTER = timedelta(seconds=0.2)


@dataclass(frozen=True, slots=True)
class Hall:
    """An event on sale."""

    event: UUID
    seats: Sequence[UUID]
    """In the order of the chart: the rows, then the places of the area."""
    pairs: Sequence[tuple[UUID, UUID]]
    """Accessible seats with their companions: the first two seats of each row."""


async def hall_on_sale(
    engine: Engine, database_url: str, seats: int, *, confirmation: Confirmation = Confirmation.BUYER
) -> Hall:
    """Put an event on sale, a tenth of whose seats are places of an area.

    Args:
        engine: Where.
        database_url: Its database.
        seats: How many, at least 20.
        confirmation: Who confirms reservations.
    """
    start_at = datetime.now(UTC) + timedelta(days=1)
    details = EventDetails(
        name="Run",
        description="",
        venue="",
        start_at=start_at,
        end_at=start_at,
        total_seats=seats,
        confirmation=confirmation,
    )
    event = await create_event(engine.catalogue, details)
    await put_categories(engine.catalogue, event.id, [CategoryDetails("std", "Standard", "#3a7bd5", 5_000)])
    counts = _rows_of(seats - seats // 10)
    hall = read_hall(msgspec.json.encode(_document(counts, seats // 10)))

    async def read(known: list[CategoryDetails]) -> Imported:
        return Imported(hall, known)

    await put_hall(engine.catalogue, event.id, read)
    connection = await asyncpg.connect(database_url)
    try:
        found = await connection.fetch("SELECT id FROM seats WHERE event_id = $1 ORDER BY position", event.id)
    finally:
        await connection.close()
    ids = [seat["id"] for seat in found]
    firsts = [sum(counts[:number]) for number in range(len(counts))]
    return Hall(event.id, ids, [(ids[first], ids[first + 1]) for first in firsts])


def _rows_of(seats: int) -> list[int]:
    rows = -(-seats // _ROW_SEATS)
    return [seats // rows + (number < seats % rows) for number in range(rows)]


def _document(counts: Sequence[int], places: int) -> dict[str, object]:
    rows = [
        {
            "label": str(number + 1),
            "count": count,
            "start": [0, 35 * number],
            "end": [25 * (count - 1), 35 * number],
            "exceptions": [{"seats": ["1"], "accessible": True}, {"seats": ["2"], "companion_of": "1"}],
        }
        for number, count in enumerate(counts)
    ]
    stalls = {"key": "stalls", "name": "Stalls", "category": "std", "rows": rows}
    pit = {"key": "pit", "name": "Pit", "category": "std", "capacity": places}
    return {"format": "holdfast-hall/1", "sections": [stalls, pit]}


@dataclass(slots=True)
class KeepsSeatsBack:
    """The organiser: keeps seats back for a channel, gives some back, and halfway lets it open by its time.

    The log does not say that a channel opens or closes while none of its seats is free, so it opens only once. A short
    run can be over before that time, so the organiser waits for it when three quarters are done: what follows finds the
    channel due.
    """

    engine: Engine
    event: UUID
    seats: Sequence[UUID]
    channel: str = "fans"
    opens_at: datetime | None = None
    steps: int = 0

    async def act(self, progress: float) -> None:
        """Make the next change, at a point of the run between 0 (start) and 1 (end)."""
        self.steps += 1
        if progress >= 0.5:
            if self.opens_at is None:
                self.opens_at = datetime.now(UTC) + _OPENS_AFTER
                await self.put(self.opens_at)
            elif progress >= 0.75:
                await asyncio.sleep((self.opens_at - datetime.now(UTC)).total_seconds())
            return
        first = self.steps * 7 % len(self.seats)
        selection = SeatSelection(seat_ids=self.seats[first : first + 5])
        begin = begin_giving_back if self.steps % 3 == 0 else begin_keeping_back
        where = self.engine.catalogue, self.event, self.channel
        await begin(*where, selection, list(selection.seat_ids), actor=_ACTOR).result()

    async def put(self, opens_to_all_at: datetime | None) -> None:
        """Store the channel."""
        details = ChannelDetails(
            name=self.channel, code_digest=digest_of(code_of(self.channel)), opens_to_all_at=opens_to_all_at
        )
        await put_channel(self.engine.catalogue, self.event, self.channel, details)


async def keeps_seats_back(engine: Engine, event: UUID, seats: Sequence[UUID]) -> KeepsSeatsBack:
    """Give an event a channel."""
    organiser = KeepsSeatsBack(engine, event, seats)
    await organiser.put(None)
    return organiser
