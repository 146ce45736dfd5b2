"""Tickets of confirmed reservations, and the keys behind them, on a real database."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from api.serving import api_with
from box_office import open_engine, put_on_sale, sql
from faults.proxy import between
from holdfast.application.booking.confirm import confirm
from holdfast.application.failures import ConnectionLost
from holdfast.application.tickets.codes import codes_of
from holdfast.application.tickets.door import Door
from holdfast.application.tickets.key_ring import AWAY_SECONDS_MAX, KNOWN_SECONDS, KeyRing
from holdfast.application.tickets.rotation import revoke_key, rotate_key
from holdfast.application.tickets.tickets import Tickets
from holdfast.bootstrap.tickets import open_tickets
from holdfast.domain.tickets.code import read_code
from holdfast.domain.tickets.faults import BadTicket, Fault
from holdfast.domain.tickets.keys import read_key_set
from holdfast.domain.tickets.refusals import TicketKeyNotFound, TicketsNotIssued
from holdfast.domain.tickets.signed import key_id_of
from holdfast.settings import Settings
from identity.offices import ADMIN
from tickets.tickets import SIGNATURES


async def sold(engine, on_sale, *places):
    held = await on_sale.reserve(engine, *places)
    return (await confirm(engine.booking, reservation_id=held.reservation.id, user_id="ann")).reservation


def opening(database_url):
    return open_tickets(Settings(database_url=database_url), process="test")


async def keys_of(tickets: Tickets) -> dict[bytes, bytes]:
    tickets.key_ring.forget()
    return {key_id_of(public): public for public in await tickets.key_ring.public_keys()}


def stored_keys(database_url):
    return sql(database_url, "SELECT * FROM ticket_keys ORDER BY created_at")


class CountedStore:
    """A key store that counts what is asked of it."""

    def __init__(self, store):
        self._store = store
        self.reads = 0
        self.away = False

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def keys(self):
        self.reads += 1
        if self.away:
            raise ConnectionLost("away")
        return await self._store.keys()


async def test_each_seat_of_a_sold_reservation_has_a_ticket_that_the_door_accepts(database_url):
    async with open_engine(database_url) as engine:
        on_sale = await put_on_sale(engine, 25)
        reservation = await sold(engine, on_sale, *range(22, 2, -1))
        codes = await codes_of(engine.tickets, reservation)
        door = Door(SIGNATURES, await keys_of(engine.tickets), event_id=on_sale.event_id)
        tickets = [door.check(one.code) for one in codes]
    assert [one.seat_id for one in codes] == list(reservation.seat_ids) == [one.seat_id for one in tickets]
    assert [one.seat_number for one in tickets] == [one.number for one in codes] == [f"A-{n}" for n in range(23, 3, -1)]
    assert {(one.event_id, one.reservation_id) for one in tickets} == {(on_sale.event_id, reservation.id)}
    assert codes[0].code not in repr(codes)


async def test_what_is_not_sold_has_no_tickets(database_url):
    async with open_engine(database_url) as engine:
        on_sale = await put_on_sale(engine)
        held = (await on_sale.reserve(engine, 0)).reservation
        with pytest.raises(TicketsNotIssued) as refused:
            await codes_of(engine.tickets, held)
    assert refused.value.data == {"reservation_id": str(held.id), "reservation_status": "pending"}
    assert await stored_keys(database_url) == []


async def test_nodes_that_need_the_first_key_at_once_all_get_the_same(database_url):
    async with open_engine(database_url) as engine:
        reservation = await sold(engine, await put_on_sale(engine), 0)

        @asynccontextmanager
        async def node(ready):
            async with opening(database_url) as tickets:
                await tickets.key_store.keys()  # it is connected
                await ready.wait()
                yield tickets

        async def codes(ready):
            async with node(ready) as tickets:
                return await asyncio.gather(*(codes_of(tickets, reservation) for _ in range(20)))

        ready = asyncio.Barrier(6)
        of_all = await asyncio.gather(*(codes(ready) for _ in range(6)))
    assert len({one.code for of_node in of_all for codes in of_node for one in codes}) == 1
    assert len(await stored_keys(database_url)) == 1


async def test_a_crowd_of_ticket_pages_reads_the_keys_once(database_url):
    now = time.monotonic()
    async with opening(database_url) as tickets:
        store = CountedStore(tickets.key_store)
        ring = KeyRing(store, SIGNATURES, clock=lambda: now)
        signers = await asyncio.gather(*(ring.signer() for _ in range(500)))
        assert store.reads == 1
        assert len(set(map(id, signers))) == 1
        now += KNOWN_SECONDS - 0.001
        await ring.signer()
        assert store.reads == 1
        now += 0.002
        assert await ring.signer() is signers[0]  # the key is not loaded again
        assert store.reads == 2


async def test_tickets_are_signed_on_while_the_keys_cannot_be_read(database_url):
    """The keys are in cell 0, and the seats may be in a cell that works."""
    now = 0.0
    async with opening(database_url) as tickets:
        store = CountedStore(tickets.key_store)
        ring = KeyRing(store, SIGNATURES, clock=lambda: now)
        signer, public = await ring.signer(), await ring.public_keys()
        store.away = True
        now += AWAY_SECONDS_MAX
        assert await ring.signer() is signer
        assert await ring.public_keys() == public
        now += 1
        assert await ring.signer() is signer
        with pytest.raises(ConnectionLost):  # one of them may have been revoked
            await ring.public_keys()
        store.away = False
        now += KNOWN_SECONDS
        assert await ring.public_keys() == public
        assert await ring.signer() is signer


async def test_the_first_key_is_made_although_the_one_who_asked_first_has_left(database_url):
    async with opening(database_url) as tickets:
        first = asyncio.create_task(tickets.key_ring.signer())
        await asyncio.sleep(0)
        second = asyncio.create_task(tickets.key_ring.signer())
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).key_id
    assert len(await stored_keys(database_url)) == 1


@pytest.mark.parametrize("side", ["request", "reply"])
async def test_a_first_key_whose_commit_was_lost_is_made_once(database_url, side):
    async with between(database_url) as proxy, opening(proxy.url) as tickets:
        proxy.arm(side, "commit")
        signer = await tickets.key_ring.signer()
        [stored] = await stored_keys(database_url)
        assert stored["id"] == signer.key_id
        assert proxy.cancel_requests == 0


@pytest.mark.parametrize("side", ["request", "reply"])
async def test_a_rotation_whose_commit_was_lost_happens_once(database_url, side):
    async with between(database_url) as proxy, opening(proxy.url) as tickets:
        before = (await tickets.key_ring.signer()).key_id
        proxy.arm(side, "commit")
        after = await rotate_key(tickets, ADMIN)
        assert [bytes(row["id"]) for row in await stored_keys(database_url)] == [before, after]
    [entry] = await sql(database_url, "SELECT * FROM audit")
    assert (entry["verb"], entry["kind"], entry["thing_id"]) == ("rotate_ticket_key", "ticket key", after.hex())


async def test_after_a_rotation_the_new_key_signs_and_old_tickets_stay_valid(database_url):
    async with open_engine(database_url) as engine, opening(database_url) as elsewhere:
        on_sale = await put_on_sale(engine)
        reservation, later = await sold(engine, on_sale, 0), await sold(engine, on_sale, 1)
        [before] = await codes_of(engine.tickets, reservation)
        made = await rotate_key(elsewhere, ADMIN)
        [between_times] = await codes_of(engine.tickets, later)  # the node still knows the old key
        engine.tickets.key_ring.forget()
        [after] = await codes_of(engine.tickets, reservation)
        assert read_code(after.code).key_id == made != read_code(between_times.code).key_id
        keys = await keys_of(engine.tickets)
        for code in (before.code, between_times.code, after.code):
            assert Door(SIGNATURES, keys).check(code).event_id == on_sale.event_id
    old, new = await stored_keys(database_url)
    assert (old["private_key"], new["retired_at"], old["revoked_at"]) == (None, None, None)
    assert old["retired_at"] > old["created_at"]


async def test_what_a_revoked_key_signed_is_no_ticket_and_the_next_page_shows_a_valid_one(database_url):
    async with open_engine(database_url) as engine:
        reservation = await sold(engine, await put_on_sale(engine), 0)
        [stolen] = await codes_of(engine.tickets, reservation)
        key_id = read_code(stolen.code).key_id
        for _ in range(2):  # revoking twice changes nothing
            await revoke_key(engine.tickets, ADMIN, key_id)
        [again] = await codes_of(engine.tickets, reservation)
        door = Door(SIGNATURES, await keys_of(engine.tickets))
        with pytest.raises(BadTicket) as refused:
            door.check(stolen.code)
        assert refused.value.fault is Fault.UNKNOWN_KEY
        assert door.check(again.code).seat_id == reservation.seat_ids[0]
        with pytest.raises(TicketKeyNotFound):
            await revoke_key(engine.tickets, ADMIN, bytes(8))
    assert [row["verb"] for row in await sql(database_url, "SELECT verb FROM audit")] == ["revoke_ticket_key"]
    revoked, _ = await stored_keys(database_url)
    assert (revoked["private_key"], revoked["revoked_at"]) == (None, revoked["retired_at"])


async def test_the_public_keys_are_for_everybody_and_may_be_cached(database_url):
    async with api_with(database_url=database_url, auth_mode="tokens") as api:
        path = "/.well-known/holdfast-ticket-keys.json"
        response = await api.http.get(path, headers={"Authorization": "Bearer nonsense"})
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=300"
        [stored] = await stored_keys(database_url)
        assert read_key_set(response.content) == {stored["id"]: stored["public_key"]}
        assert stored["private_key"].hex() not in response.text
        known = {"If-None-Match": response.headers["etag"]}
        assert (await api.http.get(path, headers=known)).status_code == 304
