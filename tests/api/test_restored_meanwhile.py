"""An event that is restored between two looks for one of its reservations: among the stored ones, and in archives."""

from api.serving import api_with
from api.test_archived_events import Sold
from archiving import Archived, archive
from holdfast.infrastructure.postgres.booking.batch_store import PostgresBatchStore
from holdfast.infrastructure.postgres.identity.reads import PostgresIdentityReads
from holdfast.infrastructure.postgres.reading.reads import PostgresReads


def restored_before(monkeypatch, owner: type, look: str, archived: Archived) -> None:
    """Have an event restored just before the first look into the archives."""
    look_as_ever = getattr(owner, look)
    left = [archived]

    async def look_late(self, asked):
        if left:
            await left.pop().restore()
        return await look_as_ever(self, asked)

    monkeypatch.setattr(owner, look, look_late)


async def test_its_buyer_can_read_it(database_url, monkeypatch):
    async with api_with(database_url=database_url) as api:
        event = await Sold.on(api)
        restored_before(monkeypatch, PostgresReads, "archived_reservation", await archive(database_url, event.event_id))
        answer = await api.get(f"/reservations/{event.sold['id']}", headers={"X-User-ID": "ann"})
        assert (answer.status_code, answer.json()) == (200, event.sold)


async def test_its_buyer_can_act_on_it(database_url, monkeypatch):
    async with api_with(database_url=database_url) as api:
        event = await Sold.on(api)
    async with api_with(database_url=database_url) as api:  # one that has not seen the reservation
        restored_before(monkeypatch, PostgresBatchStore, "find_archived", await archive(database_url, event.event_id))
        answer = await api.confirm(event.sold["id"])
        assert (answer.status_code, answer.json()) == (200, event.sold)


async def test_whoever_is_permitted_finds_it(database_url, monkeypatch):
    async with api_with(database_url=database_url) as api:
        event = await Sold.on(api)
    async with api_with(database_url=database_url, auth_mode="gateway", gateway_peers="127.0.0.1") as api:
        archived = await archive(database_url, event.event_id)
        restored_before(monkeypatch, PostgresIdentityReads, "of_archived", archived)
        answer = await api.get(
            f"/reservations/{event.sold['id']}", headers={"X-User-ID": "boss", "X-User-Roles": "admin"}
        )
        assert (answer.status_code, answer.json()) == (200, event.sold)
