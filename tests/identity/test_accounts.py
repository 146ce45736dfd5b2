"""Accounts: their passwords and names."""

import asyncio

import pytest

from box_office import sql
from holdfast.application.identity import accounts
from holdfast.domain.identity.refusals import (
    AccountExists,
    AccountNotFound,
    Forbidden,
)
from holdfast.domain.refusal import InvalidValue
from identity.acts import PASSWORD, entries_of
from identity.offices import ADMIN, a_user, open_identity


async def test_accounts_sign_in_with_their_password_alone(identity, database_url):
    made = await accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD)
    assert made.user_id == "account:ann"
    assert PASSWORD not in repr(made)
    assert made.password_hash not in repr(made)
    assert await accounts.sign_in(identity, name="ann", password=PASSWORD) == made
    for name, password in (
        ("ann", PASSWORD + "!"),
        ("bob", PASSWORD),
        ("ann", "x" * 10_000),
        ("ann", ""),
        ("ann", "\ud800"),
        ("\0", PASSWORD),
    ):
        assert await accounts.sign_in(identity, name=name, password=password) is None
    with pytest.raises(AccountExists):
        await accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD)
    await accounts.reset_password(identity, ADMIN, name="ann", password=PASSWORD + "!")
    assert await accounts.sign_in(identity, name="ann", password=PASSWORD) is None
    assert await accounts.sign_in(identity, name="ann", password=PASSWORD + "!")
    with pytest.raises(AccountNotFound):
        await accounts.reset_password(identity, ADMIN, name="bob", password=PASSWORD)
    with pytest.raises(Forbidden):
        await accounts.reset_password(identity, a_user(), name="ann", password=PASSWORD)
    [row] = await sql(database_url, "SELECT password_hash FROM accounts")
    assert row["password_hash"].startswith("$argon2id$v=19$m=64,t=1,p=1$")


async def test_a_password_is_hashed_anew_when_the_parameters_have_changed(identity, database_url):
    from holdfast.infrastructure.passwords import Argon2Hasher

    await accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD)
    async with open_identity(database_url, hasher=Argon2Hasher(time_cost=2, memory_kib=64, lanes=1)) as later:
        assert await accounts.sign_in(later, name="ann", password=PASSWORD)
        [row] = await sql(database_url, "SELECT password_hash FROM accounts")
        assert "t=2" in row["password_hash"]
        assert await accounts.sign_in(later, name="ann", password=PASSWORD)


@pytest.mark.parametrize(
    "password", ["", "x" * 14, "x" * 15, "abcdabcdabcdabcd", "x" * 1001, "\ud800" + "abcdefghijklmno"]
)
async def test_a_bad_password_is_refused_and_not_repeated(identity, password):
    with pytest.raises(InvalidValue) as refused:
        await accounts.add_account(identity, ADMIN, name="ann", password=password)
    assert refused.value.data["field"] == "password"
    assert not password or password not in str(refused.value) + repr(refused.value.data)


@pytest.mark.parametrize("name", ["", " ann", "a\n", "ä", "x" * 248])
async def test_a_bad_account_name_is_refused(identity, name):
    with pytest.raises(InvalidValue, match="name"):
        await accounts.add_account(identity, ADMIN, name=name, password=PASSWORD)


async def test_of_two_who_add_the_same_account_one_wins(identity, database_url):
    told = await asyncio.gather(
        *(accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD) for _ in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in told) == ["Account", *["AccountExists"] * 3]
    assert len(await entries_of(database_url)) == 1
