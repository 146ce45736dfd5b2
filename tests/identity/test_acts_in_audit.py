"""Every administrative act is in the audit, once, with its actor, request and time."""

import asyncio
import dataclasses
import inspect
import itertools
import json

import pytest

from box_office import sql
from holdfast.application.identifiers import uuid7
from holdfast.application.identity import accounts, api_keys, members, organisers
from holdfast.application.identity.auditing import read as audit
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.principal import NOBODY, open_principal
from holdfast.domain.identity.refusals import (
    ApiKeyNotFound,
    Forbidden,
    OrganiserNotFound,
    Unauthenticated,
)
from holdfast.domain.identity.roles import Role
from identity.acts import PASSWORD, a_wish, an_organiser, entries_of
from identity.offices import ADMIN, a_user, open_identity


async def test_the_audit_is_read_newest_first_page_by_page_and_only_what_is_one_s_own(identity):
    ours, theirs = await an_organiser(identity, "Ours"), await an_organiser(identity, "Theirs")
    boss = a_user(roles={ours: Role.ORGANISER})
    for number in range(4):
        there = (ours, theirs)[number % 2]
        await members.put_member(identity, ADMIN, organiser_id=there, user_id=f"u{number}", role=Role.BOX_OFFICE)
    await accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD)

    async def pages(principal, limit, organiser_id=None):
        after, seen = None, []
        while page := await audit.read_audit(identity, principal, organiser_id=organiser_id, after=after, limit=limit):
            seen += [(entry.verb, entry.thing_id) for entry in page]
            after = page[-1].id
        return seen

    everything = [
        ("add_account", "account:ann"),
        *(("put_member", f"u{number}") for number in (3, 2, 1, 0)),
        ("create_organiser", str(theirs)),
        ("create_organiser", str(ours)),
    ]
    for limit in (1, 3, 100):
        assert await pages(ADMIN.principal, limit) == everything
        of_ours = [("put_member", "u2"), ("put_member", "u0"), ("create_organiser", str(ours))]
        assert await pages(boss.principal, limit) == of_ours
        assert await pages(ADMIN.principal, limit, ours) == of_ours
        assert await pages(boss.principal, limit, ours) == of_ours
    with pytest.raises(OrganiserNotFound):
        await pages(boss.principal, 1, theirs)
    with pytest.raises(Forbidden):
        await pages(a_user(roles={ours: Role.BOX_OFFICE}).principal, 1)
    [newest, *_] = await audit.read_audit(identity, ADMIN.principal, organiser_id=None, after=None, limit=1)
    for unknown in (uuid7(), newest.id):  # what is not theirs is to them as if it were not there
        assert await audit.read_audit(identity, boss.principal, organiser_id=None, after=unknown, limit=9) == []


ACTS = {
    organisers.create_organiser: {"name": "Hall"},
    members.put_member: {"organiser_id": DEFAULT_ORGANISER_ID, "user_id": "new", "role": Role.BOX_OFFICE},
    members.delete_member: {"organiser_id": DEFAULT_ORGANISER_ID, "user_id": "old"},
    api_keys.create_api_key: {"wish": a_wish()},
    api_keys.revoke_api_key: {"key_id": None},
    accounts.add_account: {"name": "new", "password": PASSWORD},
    accounts.reset_password: {"name": "old", "password": PASSWORD},
}
"""Every use case that changes something."""


def test_every_use_case_that_has_an_actor_is_one_of_the_acts():
    found = {
        function
        for module in (organisers, members, api_keys, accounts, audit)
        for function in vars(module).values()
        if inspect.iscoroutinefunction(function) and "actor" in inspect.signature(function).parameters
    }
    assert found == set(ACTS)


async def test_every_act_writes_one_entry_with_actor_request_and_time(identity, database_url):
    there = DEFAULT_ORGANISER_ID
    await members.put_member(identity, ADMIN, organiser_id=there, user_id="old", role=Role.BOX_OFFICE)
    await accounts.add_account(identity, ADMIN, name="old", password=PASSWORD)
    stored, _ = await api_keys.create_api_key(identity, ADMIN, a_wish())
    for number, (act, wanted) in enumerate(ACTS.items()):
        before = await entries_of(database_url)
        given = {name: stored.id if name == "key_id" else value for name, value in wanted.items()}
        await act(identity, dataclasses.replace(ADMIN, request_id=f"r-{number}"), **given)
        after = await entries_of(database_url)
        assert after[:-1] == before
        entry = after[-1]
        assert (entry["verb"], entry["request_id"]) == (act.__name__, f"r-{number}")
        assert (entry["subject"], entry["proof"]) == ("command line: tests", "command_line")
        assert entry["thing_id"]
        assert entry["at"] >= before[-1]["at"]


async def test_what_is_refused_leaves_no_entry_and_changes_nothing(identity, database_url):
    for act, wanted in ACTS.items():
        given = {name: uuid7() if name == "key_id" else value for name, value in wanted.items()}
        for principal in (a_user().principal, NOBODY, open_principal("ann")):
            with pytest.raises((Forbidden, Unauthenticated, OrganiserNotFound, ApiKeyNotFound)):
                await act(identity, Actor(principal=principal, request_id="r-1"), **given)
    assert await entries_of(database_url) == []
    assert [row["version"] for row in await sql(database_url, "SELECT version FROM rights")] == [0]


async def test_two_admins_at_once_both_stand_in_the_audit_in_their_order(identity, database_url):
    async with open_identity(database_url) as other:
        roles = [Role.BOX_OFFICE, Role.ORGANISER] * 6
        await asyncio.gather(
            *(
                members.put_member(
                    (identity, other)[number % 2], ADMIN, organiser_id=DEFAULT_ORGANISER_ID, user_id="x", role=role
                )
                for number, role in enumerate(roles)
            )
        )
    entries = await entries_of(database_url)
    details = [json.loads(entry["details"]) for entry in entries]
    for one, next_one in itertools.pairwise(details):
        assert next_one["role_before"] == one["role"]
    [row] = await sql(database_url, "SELECT role FROM members")
    assert row["role"] == details[-1]["role"]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
