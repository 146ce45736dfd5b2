"""`holdfast keys`, `organisers` and `accounts`: what they print and do, and their one-line errors."""

import asyncio
import io
import sys

import pytest

from box_office import sql
from holdfast.application.identity import accounts
from holdfast.cli import main
from holdfast.domain.identity.api_keys import read_api_key
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.roles import Role
from identity.offices import open_identity

PASSWORD = "correct horse battery staple"


@pytest.fixture
def holdfast(database_url, monkeypatch, capsys):
    """Run a command; return its exit code and both outputs."""

    def run(*words, stdin="", url=database_url):
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setattr(sys, "argv", ["holdfast", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def query(database_url, statement):
    return asyncio.run(sql(database_url, statement))


def test_a_key_stands_alone_on_the_last_line_and_works(holdfast, database_url):
    code, out, err = holdfast("keys", "create", "first", "--role", "admin")
    assert code == 0
    key = read_api_key(out.removesuffix("\n"))
    assert str(key.id) in err
    assert key.text not in err

    async def who():
        async with open_identity(database_url) as identity:
            return await identity.rights.of_key(key)

    assert asyncio.run(who()).role is Role.ADMIN
    _, out, _ = holdfast("keys", "list")
    assert out.split("\t")[:4] == [str(key.id), "first", "admin", ""]
    assert key.text[26:] not in out
    assert holdfast("keys", "revoke", str(key.id))[0] == 0
    assert asyncio.run(who()) is None


def test_an_organiser_s_id_stands_alone_on_the_last_line_and_takes_a_key(holdfast, database_url):
    _, out, _ = holdfast("organisers", "create", "Grand Hall")
    organiser_id = out.strip()
    _, listed, _ = holdfast("organisers", "list")
    assert [line.split("\t")[:2] for line in listed.splitlines()] == [
        [organiser_id, "Grand Hall"],
        [str(DEFAULT_ORGANISER_ID), "Default organiser"],
    ]
    words = ("keys", "create", "till", "--role", "box_office", "--organiser", organiser_id)
    assert holdfast(*words, "--expires", "30d")[0] == 0
    assert holdfast(*words, "--expires", "2090-01-02T03:04:05+09:00")[0] == 0
    [soon, late] = query(database_url, "SELECT expires_at, created_at FROM api_keys ORDER BY id")
    assert (soon["expires_at"] - soon["created_at"]).days in (29, 30)
    assert late["expires_at"].isoformat() == "2090-01-01T18:04:05+00:00"
    entries = query(database_url, "SELECT subject, request_id FROM audit")
    assert {entry["subject"].partition(":")[0] for entry in entries} == {"command line"}
    assert len({entry["request_id"] for entry in entries}) == 3


def test_a_password_comes_from_the_standard_input(holdfast, database_url):
    assert holdfast("accounts", "add", "ann", stdin=PASSWORD + "\n") == (
        0,
        "",
        "The account signs in as account:ann.\n",
    )
    assert holdfast("accounts", "reset", "ann", stdin=PASSWORD + "!")[0] == 0

    async def signs_in(password):
        from holdfast.infrastructure.passwords import Argon2Hasher

        async with open_identity(database_url, hasher=Argon2Hasher()) as identity:
            return await accounts.sign_in(identity, name="ann", password=password) is not None

    assert [asyncio.run(signs_in(password)) for password in (PASSWORD, PASSWORD + "!")] == [False, True]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("keys", "create", "x", "--role", "organiser"), "organiser_id: must name the organiser"),
        (("keys", "create", "x", "--role", "admin", "--organiser", str(DEFAULT_ORGANISER_ID)), "organiser_id: must be"),
        (("keys", "create", "", "--role", "admin"), "name: must have 1 to 255"),
        (("keys", "create", "x", "--role", "admin", "--expires", "soon"), "--expires: must be a time"),
        (("keys", "create", "x", "--role", "admin", "--expires", "2031-02-03T04:05:06"), "--expires: must be a time"),
        (
            ("keys", "create", "x", "--role", "admin", "--expires", "0001-01-01T00:00:00+09:00"),
            "--expires: must be a time",
        ),
        (("keys", "create", "x", "--role", "admin", "--expires", "2001-02-03T04:05:06Z"), "expires_at: must be in the"),
        (("keys", "create", "x", "--role", "buyer", "--organiser", "0" * 32), "There is no organiser"),
        (("keys", "revoke", str(DEFAULT_ORGANISER_ID)), "There is no API key"),
        (("organisers", "create", "\u200b"), "name: must not contain the invisible"),
        (("accounts", "add", "ann"), "password: must have at least 15"),
        (("accounts", "reset", "nobody"), "There is no account"),
    ],
)
def test_what_cannot_be_done_is_one_line(holdfast, words, complaint):
    code, out, err = holdfast(*words, stdin=PASSWORD if "nobody" in words else "short")
    assert (code, out) == (1, "")
    assert err.startswith(f"holdfast: {complaint}")
    assert err.count("\n") == 1
    assert "short" not in err


def test_a_database_that_is_not_there_or_has_no_schema_is_one_line(holdfast, empty_database_url):
    gone = "postgresql://u:hidden-word@127.0.0.1:1/d"
    for url, hint in ((gone, "cannot be used"), (empty_database_url, "holdfast migrate up")):
        code, out, err = holdfast("organisers", "list", url=url)
        assert (code, out) == (1, "")
        assert hint in err
        assert err.count("\n") == 1
        assert "hidden-word" not in err
