"""The house that the pages' tests visit: the whole product as `make run` starts it, and events to visit there."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from api.serving import Api
from builders import a_category, a_hall, a_row, a_section, an_area, an_event
from holdfast.api.event_bodies import EventInput

ZONE = "Asia/Tokyo"
CATEGORIES = [
    a_category("premium", name="Premium", color="#b3261e", price=12_000),
    a_category("standard", name="Standard", color="#1f6feb", price=8_000),
    a_category("floor", name="Standing", color="#1a7f37", price=5_000),
]
ROWS = "ABCDEF"
ROW_SEATS = 12
STANDING = 30


def small_hall() -> dict:
    """Stalls with six rows of twelve, the first two premium, and a floor with thirty places."""
    rows = [
        a_row(
            label,
            ROW_SEATS,
            start=[0, 40 * at],
            end=[30 * (ROW_SEATS - 1), 40 * at],
            category="premium" if at < 2 else "standard",
        )
        for at, label in enumerate(ROWS)
    ]
    stalls = a_section("stalls", *rows, name="Stalls", category="standard")
    return a_hall(stalls, an_area("floor", name="Floor", category="floor", capacity=STANDING), name="Small hall")


@dataclass(frozen=True)
class Show:
    """An event on sale in the small hall."""

    id: str
    name: str
    seats: dict[str, str] = field(repr=False)
    """Ids by number: `stalls-C-7`, `floor-3`."""

    def seat(self, row: str, number: int) -> str:
        return self.seats[f"stalls-{row}-{number}"]


@dataclass(frozen=True)
class House:
    """A running Holdfast."""

    origin: str
    api: Api
    """What an organiser's programs and other buyers do meanwhile."""
    database_url: str

    async def show(self, name: str = "Spring concert", *, hall: dict | None = None, **wanted) -> Show:
        """An event with seats, on sale unless told otherwise."""
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
        details = {"start_at": start.isoformat(), "end_at": (start + timedelta(hours=2)).isoformat()}
        details |= {"venue": "Aoyama Concert Hall", "timezone": ZONE, "currency": "JPY", "total_seats": 2_100} | wanted
        made = await self.api.post("/events", an_event(name=name, **details))
        assert made.status_code == 201, made.text
        event_id = made.json()["id"]
        for path, body in (("categories", CATEGORIES), ("hall", hall or small_hall())):
            put = await self.api.put(f"/events/{event_id}/{path}", body)
            assert put.status_code == 200, put.text
        return Show(event_id, name, {seat["seat_number"]: seat["id"] for seat in await self._seats(event_id)})

    async def edit(self, show: Show, **wanted) -> None:
        """Change some fields of an event."""
        stored = (await self.api.get(f"/events/{show.id}")).json()
        kept = {name: stored[name] for name in EventInput.__struct_fields__ if name in stored}
        put = await self.api.put(f"/events/{show.id}", kept | wanted)
        assert put.status_code == 200, put.text

    async def statuses(self, show: Show) -> dict[str, str]:
        """The status of each seat by its number."""
        return {seat["seat_number"]: seat["status"] for seat in await self._seats(show.id)}

    async def taken(self, show: Show) -> set[str]:
        """The numbers of the seats that are held or sold."""
        return {number for number, status in (await self.statuses(show)).items() if status != "available"}

    async def until_taken(self, show: Show, *numbers: str) -> None:
        """Wait until these seats are held or sold."""
        async with asyncio.timeout(20):
            while not set(numbers) <= await self.taken(show):  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.05)

    async def until_free(self, show: Show) -> None:
        """Wait until nobody holds a seat."""
        async with asyncio.timeout(20):
            while await self.taken(show):  # noqa: ASYNC110 - the end of a hold is an event of the server's
                await asyncio.sleep(0.1)

    async def reservation(self, show: Show) -> dict:
        """The only reservation of an event."""
        [one] = (await self.api.get(f"/events/{show.id}/reservations")).json()
        return one

    async def sell(self, show: Show, *seat_ids: str, user="somebody") -> None:
        """Sell seats to another buyer, through the API."""
        await self.api.confirm(await self.hold(show, *seat_ids, user=user), user=user)

    async def hold(self, show: Show, *seat_ids: str, user="somebody") -> str:
        """Hold seats for another buyer, through the API; return the reservation's id."""
        held = await self.api.reserve(show.id, list(seat_ids), user=user)
        assert held.status_code == 201, held.text
        return held.json()["id"]

    async def _seats(self, event_id: str) -> list[dict]:
        return (await self.api.get(f"/events/{event_id}/seats")).json()
