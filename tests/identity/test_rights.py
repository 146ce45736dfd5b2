"""Rights of keys and members are cached, and end soon after they are removed."""

import asyncio
import dataclasses
import os
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from box_office import sql, until
from holdfast.application.failures import OperationalFailure, Unavailable
from holdfast.application.identifiers import uuid7
from holdfast.application.identity import api_keys, members, rights
from holdfast.application.identity.rights import Rights
from holdfast.domain.identity.api_keys import SECRET_BYTES, make_api_key
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.roles import Role
from identity.acts import a_key
from identity.offices import ADMIN, is_refused_with, open_identity


@pytest.fixture
def quick(monkeypatch):
    """Make everything that takes seconds take a tenth of that."""
    for name in ("FRESH_SECONDS", "LATE_SECONDS", "RETRY_SECONDS", "AWAY_SECONDS_MAX"):
        monkeypatch.setattr(rights, name, getattr(rights, name) / 20)


class Counted:
    """A source that counts the queries it gets."""

    def __init__(self, source) -> None:
        self._source = source
        self.asked = Counter()
        self.names = []

    async def version(self):
        self.asked["version"] += 1
        return await self._source.version()

    async def api_keys_by_id(self, key_ids):
        self.asked["keys"] += 1
        self.names += key_ids
        return await self._source.api_keys_by_id(key_ids)

    async def memberships(self, user_ids):
        self.asked["members"] += 1
        self.names += user_ids
        return await self._source.memberships(user_ids)


async def at_last(is_so) -> None:
    """Poll until it is true; the test's time limit bounds that."""
    while not await is_so():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.01)


async def is_let_in(node, key) -> bool:
    try:
        return await node.rights.of_key(key) is not None
    except Unavailable:
        return False


async def is_shut_out(node, key) -> bool:
    return await node.rights.of_key(key) is None


async def test_a_thousand_requests_cost_one_look(identity):
    _, key = await a_key(identity)
    source = Counted(identity.reads)
    known = Rights(source)
    found = await asyncio.gather(*(known.of_key(key) for _ in range(1000)))
    assert {one.id for one in found} == {key.id}
    assert source.names == [key.id] * len(source.names)
    for _ in range(1000):
        assert await known.of_key(key)
    assert source.asked["version"] <= 2
    assert source.asked["keys"] <= 5


async def test_many_users_at_once_are_looked_up_together(identity):
    await members.put_member(identity, ADMIN, organiser_id=DEFAULT_ORGANISER_ID, user_id="u7", role=Role.ORGANISER)
    source = Counted(identity.reads)
    known = Rights(source)
    found = await asyncio.gather(*(known.of_user(f"u{number}") for number in range(500)))
    assert [number for number, roles in enumerate(found) if roles] == [7]
    assert source.asked["members"] <= 5
    assert len(source.names) == 500


async def test_what_is_known_is_bounded(identity, monkeypatch):
    monkeypatch.setattr(rights, "ENTRIES_MAX", 3)
    source = Counted(identity.reads)
    known = Rights(source)
    for name in ("a", "b", "c", "a", "d", "a", "b"):
        await known.of_user(name)
    assert source.names == ["a", "b", "c", "d", "b"], "the one not asked for longest has to go"


@pytest.mark.usefixtures("quick")
async def test_a_key_that_is_revoked_while_it_is_used_is_refused_everywhere_soon_and_here_at_once(
    identity, database_url
):
    async with open_identity(database_url) as other:
        _, key = await a_key(identity)
        uses = Counter()

        async def use(node):
            while await node.rights.of_key(key) is not None:
                uses[id(node)] += 1
                await asyncio.sleep(0.005)

        using = [asyncio.create_task(use(node)) for node in (identity, other) for _ in range(5)]
        await until(lambda: min(uses[id(identity)], uses[id(other)]) >= 20)
        await api_keys.revoke_api_key(identity, ADMIN, key.id)
        assert await identity.rights.of_key(key) is None
        await asyncio.gather(*using)
        for node in (identity, other):
            assert [await node.rights.of_key(key) for _ in range(3)] == [None] * 3


@pytest.mark.usefixtures("quick")
async def test_an_idle_node_does_not_remember_what_it_knew(identity, database_url):
    async with open_identity(database_url) as other:
        _, key = await a_key(identity)
        assert await other.rights.of_key(key)
        await api_keys.revoke_api_key(identity, ADMIN, key.id)
        await asyncio.sleep(2 * rights.LATE_SECONDS)
        assert await other.rights.of_key(key) is None


async def test_a_new_key_and_a_new_member_count_on_other_nodes_at_once(identity, database_url):
    async with open_identity(database_url) as other:
        _, first = await a_key(identity)
        assert await other.rights.of_key(first)
        _, second = await a_key(identity)
        assert await other.rights.of_key(second)
        await members.put_member(identity, ADMIN, organiser_id=DEFAULT_ORGANISER_ID, user_id="bob", role=Role.ORGANISER)
        assert await other.rights.of_user("bob") == {DEFAULT_ORGANISER_ID: Role.ORGANISER}
        assert await other.rights.of_key(first)


async def test_a_key_ends_by_the_clock_of_the_database(identity, database_url):
    _, key = await a_key(identity, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert await identity.rights.of_key(key)
    await sql(database_url, "UPDATE api_keys SET expires_at = clock_timestamp() + interval '0.3 seconds'")
    identity.rights.changed()
    identity.rights._forget_all()
    await at_last(lambda: is_shut_out(identity, key))
    [row] = await sql(database_url, "SELECT clock_timestamp() >= expires_at AS over FROM api_keys")
    assert row["over"]


async def test_a_key_that_nobody_made_is_refused(identity):
    _, key = await a_key(identity)
    unknown = make_api_key(uuid7(), os.urandom(SECRET_BYTES))
    forged = make_api_key(key.id, os.urandom(SECRET_BYTES))
    assert [await identity.rights.of_key(one) for one in (unknown, forged)] == [None, None]
    assert await identity.rights.of_key(key)


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
async def test_what_is_known_holds_a_while_without_the_database_and_then_nobody_is_let_in(identity, proxy, node):
    _, key = await a_key(identity)
    assert await node.rights.of_key(key)
    await proxy.go_away()
    loop = asyncio.get_running_loop()
    away_at = loop.time()
    while loop.time() < away_at + 2 * rights.LATE_SECONDS:
        assert await node.rights.of_key(key)
        with pytest.raises(OperationalFailure):
            await node.rights.of_key(make_api_key(uuid7(), os.urandom(SECRET_BYTES)))
        await asyncio.sleep(0.01)
    await at_last(lambda: is_refused_with(node.rights.of_key(key), Unavailable))
    proxy.away = False
    await at_last(lambda: is_let_in(node, key))


async def test_uses_are_recorded_beside_the_requests_and_at_most_once_a_minute(identity, database_url):
    stored, key = await a_key(identity)
    other, _ = await a_key(identity)
    assert await identity.rights.of_key(key)
    for _ in range(3):
        identity.key_uses.note(stored.id)
    await identity.key_uses.record()
    used = {row["id"]: row["last_used_at"] for row in await sql(database_url, "SELECT id, last_used_at FROM api_keys")}
    assert used[stored.id] is not None
    assert used[other.id] is None
    identity.key_uses.note(stored.id)
    await identity.key_uses.record()
    [row] = await sql(database_url, "SELECT last_used_at FROM api_keys WHERE last_used_at IS NOT NULL")
    assert row["last_used_at"] == used[stored.id]


async def test_uses_that_could_not_be_recorded_are_recorded_the_next_time(identity, proxy, node, database_url):
    stored, _ = await a_key(identity)
    node.key_uses.note(stored.id)
    await proxy.go_away()
    with pytest.raises(OperationalFailure):
        await node.key_uses.record()
    proxy.away = False
    await node.key_uses.record()
    [row] = await sql(database_url, "SELECT last_used_at FROM api_keys")
    assert row["last_used_at"] is not None


class AlwaysChanging(Counted):
    """A source in which rights change between any two queries, as while somebody keeps putting members."""

    version_now = 100

    def _next(self):
        self.version_now += 1
        return self.version_now

    async def version(self):
        return dataclasses.replace(await super().version(), number=self._next())

    async def memberships(self, user_ids):
        _, found = await super().memberships(user_ids)
        return self._next(), found

    async def api_keys_by_id(self, key_ids):
        _, found = await super().api_keys_by_id(key_ids)
        return self._next(), found


async def test_rights_that_change_all_the_time_keep_nobody_out(identity):
    await members.put_member(identity, ADMIN, organiser_id=DEFAULT_ORGANISER_ID, user_id="u7", role=Role.ORGANISER)
    _, key = await a_key(identity)
    source = AlwaysChanging(identity.reads)
    known = Rights(source)
    for _ in range(10):
        assert await known.of_user("u7") == {DEFAULT_ORGANISER_ID: Role.ORGANISER}
        assert await known.of_key(key)
    assert source.asked["members"] + source.asked["keys"] <= 20


async def test_a_node_that_changes_rights_all_the_time_looks_many_users_up_together(identity):
    source = Counted(identity.reads)
    known = Rights(source)
    asking = []
    for number in range(300):
        known.changed()
        asking.append(asyncio.create_task(known.of_user(f"u{number}")))
        await asyncio.sleep(0)
    await asyncio.gather(*asking)
    assert source.asked["version"] <= 30, "a look-up for each would be 300"
    assert source.asked["members"] <= 100
