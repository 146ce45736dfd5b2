"""Who has lost a right can no longer do with it what would last."""

import pytest

from box_office import sql
from holdfast.application.identity import accounts, api_keys, members
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.principal import Principal, Proof, key_principal
from holdfast.domain.identity.refusals import Forbidden, Unauthenticated
from holdfast.domain.identity.roles import Role
from identity.acts import PASSWORD, a_key, a_wish
from identity.offices import ADMIN, is_refused_with


@pytest.mark.parametrize("proof", [Proof.TOKEN, Proof.SESSION])
async def test_who_is_removed_cannot_use_the_seconds_until_every_node_knows_it_to_stay(identity, database_url, proof):
    """A node lets them in for up to five seconds more; a key that they made then would stay valid for ever."""
    there = {"organiser_id": DEFAULT_ORGANISER_ID, "user_id": "mal"}
    late = Principal(subject="mal", user_id="mal", proof=proof, roles={DEFAULT_ORGANISER_ID: Role.ORGANISER})
    mal = Actor(principal=late, request_id="r-1")
    wish = a_wish(name="back door")
    acts = {
        "create key": lambda: api_keys.create_api_key(identity, mal, wish),
        "stay": lambda: members.put_member(identity, mal, **there, role=Role.ORGANISER),
        "bring a friend": lambda: members.put_member(identity, mal, **there | {"user_id": "eve"}, role=Role.ORGANISER),
        "throw others out": lambda: members.delete_member(identity, mal, **there | {"user_id": "ann"}),
    }
    await identity.sessions.open(user_id="mal", admin=False)
    await members.put_member(identity, ADMIN, **there | {"user_id": "ann"}, role=Role.ORGANISER)
    for role in (Role.BOX_OFFICE, None):
        await members.put_member(identity, ADMIN, **there, role=Role.ORGANISER)
        await api_keys.create_api_key(identity, mal, wish)
        if role is None:
            await members.delete_member(identity, ADMIN, **there)
        else:
            await members.put_member(identity, ADMIN, **there, role=role)
        before = await sql(database_url, "SELECT version FROM rights")
        allowed = [name for name, act in acts.items() if not await is_refused_with(act(), Forbidden)]
        assert allowed == []
        assert await sql(database_url, "SELECT version FROM rights") == before


@pytest.mark.parametrize("admin", [True, False])
@pytest.mark.parametrize("ending", ["another password", "time", "signing out"])
async def test_whose_session_has_ended_makes_no_key(identity, database_url, ending, admin):
    """Other nodes take the session for valid for up to two seconds more; a key that a thief made then would stay."""
    await accounts.add_account(identity, ADMIN, name="mal", password=PASSWORD)
    roles = {} if admin else {DEFAULT_ORGANISER_ID: Role.ORGANISER}
    whose = "account:mal"
    thief = Principal(subject=whose, user_id=whose, proof=Proof.SESSION, roles=roles, admin=admin)
    actor, wish = Actor(principal=thief, request_id="r-1"), a_wish(name="back door")
    await members.put_member(identity, ADMIN, organiser_id=DEFAULT_ORGANISER_ID, user_id=whose, role=Role.ORGANISER)
    secret = await identity.sessions.open(user_id=whose, admin=admin)
    await api_keys.create_api_key(identity, actor, wish)
    if ending == "another password":
        await accounts.reset_password(identity, ADMIN, name="mal", password=PASSWORD + "!")
    elif ending == "time":
        await sql(database_url, "UPDATE sessions SET expires_at = clock_timestamp()")
    else:
        await identity.sessions.close(secret)
    assert await is_refused_with(api_keys.create_api_key(identity, actor, wish), Unauthenticated)


@pytest.mark.parametrize("ending", ["revoked", "expired"])
async def test_a_key_that_has_ended_makes_no_other(identity, database_url, ending):
    stored, _ = await a_key(identity, Role.ORGANISER)
    actor = Actor(principal=key_principal(stored, None), request_id="r-1")
    wish = a_wish(name="back door")
    await api_keys.create_api_key(identity, actor, wish)
    if ending == "revoked":
        await api_keys.revoke_api_key(identity, ADMIN, stored.id)
    else:
        await sql(database_url, "UPDATE api_keys SET expires_at = clock_timestamp()")
    assert await is_refused_with(api_keys.create_api_key(identity, actor, wish), Unauthenticated)
    assert await is_refused_with(api_keys.revoke_api_key(identity, actor, stored.id), Unauthenticated)
