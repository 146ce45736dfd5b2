"""An event with a channel, over HTTP."""

from datetime import UTC, datetime, timedelta

CODE = "canary-of-the-fans"
FANS = {"name": "Fans", "access_code": CODE}


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


class Sale:
    """An event with five seats and a channel."""

    def __init__(self, api, event_id, seats) -> None:
        self.api, self.event_id, self.seats = api, event_id, seats
        self.path = f"/events/{event_id}/channels"

    async def put(self, key="fans", **body):
        return await self.api.put(f"{self.path}/{key}", FANS | body)

    async def keep_back(self, *places, key="fans", **body):
        body = body or {"seat_ids": [self.seats[place] for place in places]}
        return await self.api.post(f"{self.path}/{key}/seats", body)

    async def give_back(self, *places, key="fans", **body):
        body = body or {"seat_ids": [self.seats[place] for place in places]}
        return await self.api.post(f"{self.path}/{key}/seats/release", body)

    async def reserve(self, *places, **wanted):
        return await self.api.reserve(self.event_id, [self.seats[place] for place in places], **wanted)

    async def count(self):
        return (await self.api.get(f"/events/{self.event_id}/seats/available/count")).json()["count"]

    async def statuses(self):
        """Return each seat's status as the list shows it, `blocked` for one that is kept back."""
        listed = (await self.api.get(f"/events/{self.event_id}/seats")).json()
        for seat in listed:
            assert ("reserved_by" in seat) == (seat["status"] != "available" and not seat.get("blocked", False))
        shown = {seat["id"]: "blocked" if seat.get("blocked") else seat["status"] for seat in listed}
        return [shown[seat_id] for seat_id in self.seats]

    async def codes(self):
        """Return each seat's code in the availability."""
        headers = {"Accept": "application/octet-stream"}
        packed = (await self.api.get(f"/events/{self.event_id}/availability", headers=headers)).content
        return [packed[place // 4] >> 2 * (place % 4) & 3 for place in range(len(self.seats))]

    async def channel(self, key="fans"):
        channels = (await self.api.get(self.path)).json()
        return next(channel for channel in channels if channel["key"] == key)
