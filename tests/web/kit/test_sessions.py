"""Sessions and sign-in links, in PostgreSQL."""

import asyncio

import asyncpg
import pytest

from box_office import sql
from holdfast.application.identity.signing_in.links import make_sign_in_link
from holdfast.bootstrap.identity import open_identity
from holdfast.domain.identity.sessions import SESSIONS_PER_USER_MAX, digest_of_secret, new_secret
from holdfast.settings import Settings
from identity.offices import ADMIN


@pytest.fixture
async def identity(database_url):
    async with open_identity(Settings(database_url=database_url), process="test") as identity:
        yield identity


@pytest.fixture
def sessions(identity):
    return identity.sessions


@pytest.fixture
async def another_node(database_url):
    async with open_identity(Settings(database_url=database_url), process="test") as identity:
        yield identity.sessions


async def test_a_session_is_found_by_its_secret_until_it_is_closed(sessions):
    secret = await sessions.open(user_id="account:ann", admin=True)
    found = await sessions.find(secret)
    assert (found.user_id, found.admin) == ("account:ann", True)
    await sessions.close(secret)
    assert await sessions.find(secret) is None


async def test_only_a_digest_is_stored(sessions, database_url):
    secret = await sessions.open(user_id="account:ann", admin=False)
    [row] = await sql(database_url, "SELECT * FROM sessions")
    assert row["digest"] == digest_of_secret(secret)
    assert secret not in str(dict(row))


async def test_nobody_else_is_found(sessions):
    await sessions.open(user_id="account:ann", admin=False)
    assert await sessions.find(new_secret()) is None


async def test_a_session_that_is_over_is_not_found_and_goes_with_the_next_one(sessions, database_url):
    secret = await sessions.open(user_id="account:ann", admin=False)
    await sql(database_url, "UPDATE sessions SET expires_at = clock_timestamp() - interval '1 second'")
    assert await sessions.find(secret) is None
    await sessions.open(user_id="account:bob", admin=False)
    assert [row["user_id"] for row in await sql(database_url, "SELECT user_id FROM sessions")] == ["account:bob"]


async def test_a_session_that_is_not_used_ends_and_one_that_is_used_goes_on(
    sessions, another_node, database_url, monkeypatch
):
    monkeypatch.setattr("holdfast.application.identity.sessions.FRESH_SECONDS", -1)
    used, left_alone = [await sessions.open(user_id="account:ann", admin=False) for _ in range(2)]
    await _pass(database_url, minutes=70)
    assert await sessions.find(used) is not None
    await _pass(database_url, minutes=70)
    assert await sessions.find(left_alone) is None
    assert await another_node.find(used) is not None
    assert await _minutes_left(database_url, used) == pytest.approx(120, abs=2)


async def test_a_session_that_is_used_all_the_time_ends_after_twelve_hours(sessions, database_url, monkeypatch):
    monkeypatch.setattr("holdfast.application.identity.sessions.FRESH_SECONDS", -1)
    secret = await sessions.open(user_id="account:ann", admin=False)
    for _ in range(7):
        await _pass(database_url, minutes=100)
        assert await sessions.find(secret) is not None
    assert await _minutes_left(database_url, secret) == pytest.approx(20, abs=2)
    await _pass(database_url, minutes=21)
    assert await sessions.find(secret) is None


async def test_what_is_used_all_the_time_is_recorded_once_a_minute(sessions, database_url, monkeypatch):
    monkeypatch.setattr("holdfast.application.identity.sessions.FRESH_SECONDS", -1)
    secret = await sessions.open(user_id="account:ann", admin=False)
    written = "SELECT xmin::text AS row_version FROM sessions"
    [before] = await sql(database_url, written)
    await sessions.find(secret)
    assert await sql(database_url, written) == [before]
    await _pass(database_url, minutes=2)
    [before] = await sql(database_url, written)
    await sessions.find(secret)
    assert await sql(database_url, written) != [before]


async def test_a_session_is_found_also_where_its_use_cannot_be_recorded(sessions, database_url):
    """The row is locked, as by somebody who is signing out."""
    secret = await sessions.open(user_id="account:ann", admin=False)
    await _pass(database_url, minutes=70)
    locker = await asyncpg.connect(database_url)
    async with locker.transaction():
        await locker.execute("SELECT FROM sessions FOR UPDATE")
        assert await sessions.find(secret) is not None
    await locker.close()


async def _pass(database_url, *, minutes: int) -> None:
    """Let time pass for all sessions."""
    ago = f"interval '{minutes} minutes'"
    await sql(database_url, f"UPDATE sessions SET created_at = created_at - {ago}, expires_at = expires_at - {ago}")


async def _minutes_left(database_url, secret) -> float:
    [(left,)] = await sql(
        database_url,
        "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM sessions WHERE digest = $1",
        digest_of_secret(secret),
    )
    return float(left) / 60


async def test_the_oldest_session_of_somebody_with_very_many_ends(sessions, database_url):
    other = await sessions.open(user_id="account:bob", admin=False)
    secrets = [await sessions.open(user_id="account:ann", admin=False) for _ in range(SESSIONS_PER_USER_MAX + 1)]
    assert await sessions.find(secrets[0]) is None
    assert await sessions.find(secrets[1]) is not None
    assert await sessions.find(other) is not None
    assert len(await sql(database_url, "SELECT FROM sessions")) == SESSIONS_PER_USER_MAX + 1


async def test_a_link_signs_in_one_of_many_who_follow_it_at_once(identity, sessions, another_node):
    link = await make_sign_in_link(identity, ADMIN, user_id="operator:ann")
    used = await asyncio.gather(*(node.use_link(link) for node in (sessions, another_node) * 5))
    [secret] = [secret for secret in used if secret is not None]
    assert (await another_node.find(secret)).admin


async def test_a_link_that_is_too_old_signs_nobody_in(identity, sessions, database_url):
    link = await make_sign_in_link(identity, ADMIN, user_id="operator:ann")
    await sql(database_url, "UPDATE sign_in_links SET expires_at = clock_timestamp()")
    assert await sessions.use_link(link) is None
    assert await sql(database_url, "SELECT FROM sign_in_links") == []


async def test_every_node_notices_that_somebody_has_signed_out(sessions, another_node, monkeypatch):
    secret = await sessions.open(user_id="account:ann", admin=False)
    assert await another_node.find(secret) is not None
    await sessions.close(secret)
    monkeypatch.setattr("holdfast.application.identity.sessions.FRESH_SECONDS", -1)
    assert await another_node.find(secret) is None
