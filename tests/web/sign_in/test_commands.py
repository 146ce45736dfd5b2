"""`holdfast accounts link`, and the link that a run prints."""

import asyncio
import io
import sys

import pytest

from box_office import sql
from holdfast.cli import main
from holdfast.cli.programs import sign_in_link
from holdfast.settings import Settings


@pytest.fixture
def link(database_url, monkeypatch, capsys):
    """Run `holdfast accounts link`; return its exit code and both outputs."""

    def run(**settings):
        for name, value in {"DATABASE_URL": database_url, "AUTH_MODE": "tokens", **settings}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["holdfast", "accounts", "link"])
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_the_link_stands_alone_on_the_last_line(link, database_url):
    code, out, err = link(PUBLIC_URL="https://tickets.example/shop")
    assert code == 0
    address, _, secret = out.strip().partition("?key=")
    assert address == "https://tickets.example/shop/sign-in/link"
    assert len(secret) == 43
    assert "15 minutes" in err
    assert secret not in err
    [entry] = asyncio.run(sql(database_url, "SELECT verb, proof FROM audit"))
    assert (entry["verb"], entry["proof"]) == ("make_sign_in_link", "command_line")


@pytest.mark.parametrize("mode", ["open", "gateway"])
def test_where_nobody_signs_in_there_is_no_link(link, mode):
    code, out, err = link(AUTH_MODE=mode, GATEWAY_PEERS="127.0.0.1")
    assert (code, out) == (1, "")
    assert "AUTH_MODE=tokens" in err


async def test_the_link_of_a_run_signs_in(serving, database_url, monkeypatch):
    monkeypatch.setenv("AUTH_MODE", "tokens")
    settings = Settings(database_url=database_url, auth_mode="tokens", host="127.0.0.1", port=9)
    address = await asyncio.to_thread(sign_in_link, settings)
    base, _, secret = address.partition("?key=")
    assert base == "http://127.0.0.1:9/sign-in/link"
    async with serving() as (_, browser):
        answer = await browser.send("/sign-in/link", {"key": secret})
        assert answer.headers["location"] == "/organise"
        assert "Sign out" in (await browser.get("/sign-in/link?key=x")).text
