"""An action is done once and has one audit entry, even if the response to its COMMIT is lost."""

import asyncio

import pytest

from box_office import outcome_of, sql
from faults.saboteur import fail
from holdfast.application.failures import Unavailable
from holdfast.application.identity import administration, api_keys, members, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN, a_user, open_identity

WISH = KeyWish(name="till", role=Role.ADMIN, organiser_id=None, expires_at=None)


async def verbs_in_audit(database_url) -> list[str]:
    return [row["verb"] for row in await sql(database_url, "SELECT verb FROM audit ORDER BY position")]


@pytest.mark.parametrize("side", ["request", "reply"])
async def test_what_was_committed_without_an_answer_is_done_once(database_url, proxy, side):
    there = {"organiser_id": DEFAULT_ORGANISER_ID, "user_id": "bob"}
    async with open_identity(proxy.url) as identity:
        faults = []

        async def with_lost_commit(act):
            faults.append(proxy.arm(side, "commit"))
            return await act

        organiser = await with_lost_commit(organisers.create_organiser(identity, ADMIN, name="Hall"))
        _, key = await with_lost_commit(api_keys.create_api_key(identity, ADMIN, WISH))
        await with_lost_commit(members.put_member(identity, ADMIN, **there, role=Role.ORGANISER))
        await with_lost_commit(members.delete_member(identity, ADMIN, **there))
        assert all(fault.met.is_set() for fault in faults)
        assert await organisers.get_organiser(identity, ADMIN.principal, organiser.id) == organiser
        assert (await identity.rights.of_key(key)).id == key.id
        await with_lost_commit(api_keys.revoke_api_key(identity, ADMIN, key.id))
        assert await identity.rights.of_key(key) is None
    verbs = ["create_organiser", "create_api_key", "put_member", "delete_member", "revoke_api_key"]
    assert await verbs_in_audit(database_url) == verbs


async def test_who_hangs_up_breaks_off_no_commit(database_url, proxy):
    async with open_identity(proxy.url) as identity:
        fault = proxy.arm("request", "commit", "hold")
        act = asyncio.create_task(organisers.create_organiser(identity, ADMIN, name="Hall"))
        await fault.met.wait()
        act.cancel()
        with pytest.raises(asyncio.CancelledError):
            await act
        fault.go_on.set()
    assert await verbs_in_audit(database_url) == ["create_organiser"]


async def test_an_entry_that_cannot_be_written_undoes_the_act(database_url):
    await fail(database_url, sqlstate="53100", table="audit", times=100)
    async with open_identity(database_url) as identity:
        assert await outcome_of(organisers.create_organiser(identity, ADMIN, name="Hall")) == "none"
        assert len(await organisers.list_organisers(identity, ADMIN.principal, limit=9, offset=0)) == 1


async def test_an_act_that_is_never_answered_is_in_doubt(identity, proxy, node, database_url, monkeypatch):
    monkeypatch.setattr(administration, "PAUSE_SECONDS", 0.001)
    proxy.arm("reply", "commit", times=administration.ATTEMPTS_MAX)
    assert await outcome_of(organisers.create_organiser(node, ADMIN, name="Hall")) == "unknown"
    assert len(await organisers.list_organisers(identity, ADMIN.principal, limit=9, offset=0)) == 2
    assert await verbs_in_audit(database_url) == ["create_organiser"]


async def test_acts_that_wait_are_bounded(identity, database_url, monkeypatch):
    monkeypatch.setattr(administration, "UNDER_WAY_MAX", 3)
    told = await asyncio.gather(
        *(organisers.create_organiser(identity, ADMIN, name=f"Hall {number}") for number in range(9)),
        return_exceptions=True,
    )
    refused = [one for one in told if isinstance(one, Unavailable)]
    assert len(refused) == 6
    assert {one.outcome for one in refused} == {"none"}
    assert len(await verbs_in_audit(database_url)) == 3


async def test_one_organiser_does_not_take_all_turns(identity, database_url):
    """Sixty acts of one organiser at once kept another's waiting for three seconds, or refused them."""
    there = {"organiser_id": DEFAULT_ORGANISER_ID, "role": Role.BOX_OFFICE}
    boss = a_user(roles={DEFAULT_ORGANISER_ID: Role.ORGANISER})
    acts = [members.put_member(identity, boss, **there, user_id=f"u{number}") for number in range(80)]
    told = asyncio.gather(*acts, return_exceptions=True)
    await asyncio.sleep(0)
    await organisers.create_organiser(identity, ADMIN, name="Hall")
    done = [one for one in await told if not isinstance(one, Unavailable)]
    assert len(done) == administration.UNDER_WAY_OF_ONE_MAX
    assert sorted(await verbs_in_audit(database_url)) == ["create_organiser", *["put_member"] * len(done)]
