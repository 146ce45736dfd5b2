"""Links that sign an operator in once."""

import asyncio

from box_office import sql
from holdfast.application.identity.signing_in.links import make_sign_in_link
from identity.offices import ADMIN

LINK = "/sign-in/link"


async def test_a_link_signs_in_once_as_an_admin_and_looking_at_it_does_not_use_it_up(serving, identity, database_url):
    secret = await make_sign_in_link(identity, ADMIN, user_id="operator:root")
    async with serving() as (_, browser):
        for _ in range(2):
            page = await browser.get(f"{LINK}?key={secret}")
            assert page.status_code == 200
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.headers["cache-control"] == "no-store"
        answers = await asyncio.gather(*(browser.send(LINK, {"key": secret}) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403, 403]
        assert "holdfast accounts link" in (await browser.send(LINK, {"key": secret})).text
    [session] = await sql(database_url, "SELECT user_id, admin FROM sessions")
    assert (session["user_id"], session["admin"]) == ("operator:root", True)
    [entry] = await sql(database_url, "SELECT verb, thing_id, details::text FROM audit")
    assert (entry["verb"], entry["thing_id"]) == ("make_sign_in_link", "operator:root")
    assert secret not in str(dict(entry))


async def test_a_link_that_is_too_old_made_up_or_cut_signs_nobody_in(serving, identity, database_url):
    secret = await make_sign_in_link(identity, ADMIN, user_id="operator:root")
    await sql(database_url, "UPDATE sign_in_links SET expires_at = clock_timestamp()")
    async with serving() as (_, browser):
        for key in (secret, secret[:-1], "x" * 43, "", "\x00"):
            assert (await browser.send(LINK, {"key": key})).status_code == 403
        assert (await browser.get("/organise/sign-in")).status_code == 200
