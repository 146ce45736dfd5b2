"""Organisers, members and keys: who may change them, what is stored, and what the audit has."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from box_office import sql
from holdfast.application.identifiers import uuid7
from holdfast.application.identity import api_keys, members, organisers
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID, StoredKey
from holdfast.domain.identity.principal import NOBODY, key_principal, open_principal
from holdfast.domain.identity.refusals import (
    ApiKeyNotFound,
    Forbidden,
    MemberNotFound,
    OrganiserNotFound,
    TooManyApiKeys,
    TooManyMembers,
    Unauthenticated,
)
from holdfast.domain.identity.roles import Role
from holdfast.domain.refusal import InvalidValue
from identity.acts import a_wish, an_organiser, entries_of
from identity.offices import ADMIN, a_user


async def test_the_default_organiser_is_there_from_the_start(identity):
    found = await organisers.get_organiser(identity, ADMIN.principal, DEFAULT_ORGANISER_ID)
    assert found.name == "Default organiser"


async def test_an_organiser_is_seen_by_its_members_only(identity):
    ours, theirs = await an_organiser(identity, "Ours"), await an_organiser(identity, "Theirs")
    ann = a_user(roles={ours: Role.BOX_OFFICE}).principal
    assert (await organisers.get_organiser(identity, ann, ours)).name == "Ours"
    assert [found.id for found in await organisers.list_organisers(identity, ann, limit=9, offset=0)] == [ours]
    everything = await organisers.list_organisers(identity, ADMIN.principal, limit=9, offset=0)
    assert [found.id for found in everything] == [theirs, ours, DEFAULT_ORGANISER_ID]
    assert await organisers.list_organisers(identity, ADMIN.principal, limit=1, offset=1) == everything[1:2]
    for there in (theirs, uuid7()):
        with pytest.raises(OrganiserNotFound):
            await organisers.get_organiser(identity, ann, there)
    with pytest.raises(Forbidden):
        await organisers.create_organiser(identity, a_user(roles={ours: Role.ORGANISER}), name="Mine")
    with pytest.raises(Unauthenticated):
        await organisers.create_organiser(identity, Actor(principal=NOBODY, request_id=""), name="Mine")


async def test_a_name_that_nobody_can_read_is_refused(identity):
    for name in ("", "x" * 256, " a", "a\u200bb", "a\x00", "a\ud800"):
        with pytest.raises(InvalidValue, match="name"):
            await organisers.create_organiser(identity, ADMIN, name=name)
        with pytest.raises(InvalidValue, match="name"):
            await api_keys.create_api_key(identity, ADMIN, a_wish(name=name))


async def test_members_are_put_changed_and_removed(identity, database_url):
    ours = await an_organiser(identity)
    boss = a_user(roles={ours: Role.ORGANISER})
    put = await members.put_member(identity, boss, organiser_id=ours, user_id="shop:bob", role=Role.BOX_OFFICE)
    again = await members.put_member(identity, boss, organiser_id=ours, user_id="shop:bob", role=Role.BOX_OFFICE)
    assert again == put
    assert await identity.rights.of_user("shop:bob") == {ours: Role.BOX_OFFICE}
    await members.put_member(identity, boss, organiser_id=ours, user_id="shop:bob", role=Role.ORGANISER)
    assert await identity.rights.of_user("shop:bob") == {ours: Role.ORGANISER}
    listed = await members.list_members(identity, boss.principal, ours, limit=9, offset=0)
    assert [(member.user_id, member.role) for member in listed] == [("shop:bob", Role.ORGANISER)]
    await members.delete_member(identity, boss, organiser_id=ours, user_id="shop:bob")
    assert await identity.rights.of_user("shop:bob") == {}
    with pytest.raises(MemberNotFound):
        await members.delete_member(identity, boss, organiser_id=ours, user_id="shop:bob")
    entries = (await entries_of(database_url))[1:]
    assert [(entry["verb"], entry["thing_id"], entry["organiser_id"]) for entry in entries] == [
        ("put_member", "shop:bob", ours),
        ("put_member", "shop:bob", ours),
        ("delete_member", "shop:bob", ours),
    ]
    assert entries[1]["details"] == '{"role": "organiser", "role_before": "box_office"}'
    assert {(entry["subject"], entry["proof"], entry["request_id"]) for entry in entries} == {
        ("shop:ann", "gateway", "r-1")
    }


async def test_members_are_none_of_the_business_of_others(identity):
    ours, theirs = await an_organiser(identity), await an_organiser(identity)
    calls = {
        "put": lambda actor, there: members.put_member(
            identity, actor, organiser_id=there, user_id="x", role=Role.BOX_OFFICE
        ),
        "delete": lambda actor, there: members.delete_member(identity, actor, organiser_id=there, user_id="x"),
        "list": lambda actor, there: members.list_members(identity, actor.principal, there, limit=9, offset=0),
    }
    for call in calls.values():
        for there in (theirs, uuid7()):
            with pytest.raises(OrganiserNotFound):
                await call(a_user(roles={ours: Role.ORGANISER}), there)
        with pytest.raises(Forbidden):
            await call(a_user(roles={ours: Role.BOX_OFFICE}), ours)
        with pytest.raises(OrganiserNotFound):
            await call(ADMIN, uuid7())
    for name in ("put", "delete"):
        with pytest.raises(Forbidden):
            await calls[name](Actor(principal=open_principal("ann"), request_id=""), ours)


async def test_no_member_is_more_than_an_organiser_or_less_than_box_office(identity):
    for role in (Role.ADMIN, Role.BUYER, Role.NOBODY):
        with pytest.raises(InvalidValue, match="role"):
            await members.put_member(identity, ADMIN, organiser_id=DEFAULT_ORGANISER_ID, user_id="x", role=role)


async def test_members_and_live_keys_are_bounded(identity, database_url, monkeypatch):
    monkeypatch.setattr(members, "MEMBERS_MAX", 1)
    monkeypatch.setattr(api_keys, "LIVE_KEYS_MAX", 2)
    there = DEFAULT_ORGANISER_ID
    for role in (Role.BOX_OFFICE, Role.ORGANISER):
        await members.put_member(identity, ADMIN, organiser_id=there, user_id="x", role=role)
    with pytest.raises(TooManyMembers):
        await members.put_member(identity, ADMIN, organiser_id=there, user_id="y", role=Role.BOX_OFFICE)
    first, _ = await api_keys.create_api_key(identity, ADMIN, a_wish())
    soon = datetime.now(UTC) + timedelta(hours=1)
    await api_keys.create_api_key(identity, ADMIN, a_wish(expires_at=soon))
    with pytest.raises(TooManyApiKeys):
        await api_keys.create_api_key(identity, ADMIN, a_wish())
    await api_keys.create_api_key(identity, ADMIN, a_wish(Role.ADMIN, None))
    await api_keys.revoke_api_key(identity, ADMIN, first.id)
    await sql(database_url, "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE expires_at > now()")
    for _ in range(2):
        await api_keys.create_api_key(identity, ADMIN, a_wish())


async def test_a_key_is_stored_as_a_digest_and_shown_once(identity, database_url):
    stored, key = await api_keys.create_api_key(identity, ADMIN, a_wish(name="till 1"))
    [row] = await sql(database_url, "SELECT * FROM api_keys")
    assert (row["id"], row["name"], row["role"], row["digest"]) == (key.id, "till 1", "organiser", key.digest)
    for table in ("api_keys", "audit", "rights"):
        rows = await sql(database_url, f"SELECT to_jsonb(t)::text AS text FROM {table} t")
        assert not [row for row in rows if key.text[26:] in row["text"]]
    [listed] = await api_keys.list_api_keys(identity, ADMIN.principal, limit=9, offset=0)
    assert listed == stored
    assert await identity.rights.of_key(key) == stored
    assert await identity.rights.of_key(dataclasses.replace(key, text=key.text[:-1] + "?")) is None


async def test_a_key_belongs_to_its_organiser(identity):
    ours, theirs = await an_organiser(identity), await an_organiser(identity)
    boss = a_user(roles={ours: Role.ORGANISER})
    mine, _ = await api_keys.create_api_key(identity, boss, a_wish(Role.BOX_OFFICE, ours))
    other, _ = await api_keys.create_api_key(identity, ADMIN, a_wish(Role.BOX_OFFICE, theirs))
    of_all, _ = await api_keys.create_api_key(identity, ADMIN, a_wish(Role.ADMIN, None))
    listed = await api_keys.list_api_keys(identity, boss.principal, limit=9, offset=0)
    assert [key.id for key in listed] == [mine.id]
    everything = await api_keys.list_api_keys(identity, ADMIN.principal, limit=9, offset=0)
    assert [key.id for key in everything] == [of_all.id, other.id, mine.id]
    for key_id in (other.id, of_all.id, uuid7()):
        with pytest.raises(ApiKeyNotFound):
            await api_keys.revoke_api_key(identity, boss, key_id)
    with pytest.raises(ApiKeyNotFound):
        await api_keys.revoke_api_key(identity, a_user(roles={ours: Role.BOX_OFFICE}), mine.id)
    await api_keys.revoke_api_key(identity, boss, mine.id)
    await api_keys.revoke_api_key(identity, boss, mine.id)
    [revoked] = await api_keys.list_api_keys(identity, boss.principal, limit=9, offset=0)
    assert revoked.revoked_at is not None


KEYS = [(Role.BUYER, False), (Role.BUYER, True), (Role.BOX_OFFICE, True), (Role.ORGANISER, True), (Role.ADMIN, False)]


async def test_no_key_makes_one_that_may_more_than_itself(identity):
    ours, theirs = await an_organiser(identity), await an_organiser(identity)
    for role, in_organiser in KEYS:
        maker, _ = await api_keys.create_api_key(identity, ADMIN, a_wish(role, ours if in_organiser else None))
        actor = Actor(principal=key_principal(maker, None), request_id="r-2")
        made = set()
        for wanted, somewhere in KEYS:
            for organiser_id in (ours, theirs) if somewhere else (None,):
                try:
                    stored, _ = await api_keys.create_api_key(identity, actor, a_wish(wanted, organiser_id))
                except (Forbidden, OrganiserNotFound):
                    continue
                made.add((stored.role, stored.organiser_id))
        if role is Role.ADMIN:
            assert len(made) == 8
        elif role is Role.ORGANISER:
            assert made == {(lower, ours) for lower in (Role.BUYER, Role.BOX_OFFICE, Role.ORGANISER)}
        else:
            assert made == set()


async def test_a_key_that_makes_no_sense_is_refused(identity):
    for wish, field in (
        (a_wish(Role.NOBODY), "role"),
        (a_wish(Role.ADMIN), "organiser_id"),
        (a_wish(Role.ORGANISER, None), "organiser_id"),
        (a_wish(expires_at=datetime(2020, 1, 1, tzinfo=UTC)), "expires_at"),
    ):
        with pytest.raises(InvalidValue) as refused:
            await api_keys.create_api_key(identity, ADMIN, wish)
        assert refused.value.data["field"] == field


async def test_a_key_of_an_organiser_that_is_not_there_is_refused(identity):
    with pytest.raises(OrganiserNotFound):
        await api_keys.create_api_key(identity, ADMIN, a_wish(Role.ORGANISER, uuid7()))


def test_a_stored_key_shows_nothing_that_lets_in():
    fields = {field.name for field in dataclasses.fields(StoredKey)}
    assert fields == {
        "id", "name", "role", "organiser_id", "digest", "created_at", "expires_at", "revoked_at", "last_used_at",
    }  # fmt: skip
