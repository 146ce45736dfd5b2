"""Signing in with an account of our own: its words, its limits, and the session that it begins."""

import asyncio
import statistics
import time

import pytest

from box_office import sql
from holdfast.application.identity import accounts, members, organisers
from holdfast.application.identity.signing_in.tries import LocalSignInTries
from holdfast.domain.identity.roles import Role
from holdfast.domain.identity.sign_in_tries import OF_ACCOUNT_HERE
from identity.offices import ADMIN
from web.visiting import Browser

PASSWORD = "correct horse battery staple"
WRONG = "The name or the password is wrong."
SIGN_IN = "/organise/sign-in"

pytestmark = pytest.mark.usefixtures("ann")


@pytest.fixture
async def ann(identity):
    return await accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD)


def fields(name="ann", password=PASSWORD, **more):
    return {"name": name, "password": password, **more}


async def who(browser):
    """Return who the pages take the browser for: the sign-in page sends those away who have signed in."""
    answer = await browser.get(SIGN_IN)
    return "signed in" if answer.status_code == 303 else "nobody"


async def test_the_right_password_signs_in_and_goes_where_the_reader_was(serving, ann, identity, database_url):
    hall = await organisers.create_organiser(identity, ADMIN, name="Hall")
    await members.put_member(identity, ADMIN, organiser_id=hall.id, user_id=ann.user_id, role=Role.ORGANISER)
    async with serving() as (_, browser):
        page = await browser.get(f"{SIGN_IN}?back=/organise/events/new")
        assert page.headers["cache-control"] == "no-store"
        assert 'autocomplete="current-password"' in page.text
        answer = await browser.send(SIGN_IN, fields(back="/organise/events/new"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/organise/events/new")
        [cookie] = [value for value in answer.headers.get_list("set-cookie") if "session" in value]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "expires" not in cookie.lower()
        assert await who(browser) == "signed in"
    [stored] = await sql(database_url, "SELECT user_id, admin FROM sessions")
    assert (stored["user_id"], stored["admin"]) == ("account:ann", False)


async def test_somebody_whose_session_has_ended_is_told_so_and_shown_the_way_back(serving, database_url):
    async with serving() as (_, browser):
        await browser.send(SIGN_IN, fields())
        await sql(database_url, "DELETE FROM sessions")
        refused = await browser.send("/organise/organisers", {"name": "Hall"})
        assert refused.status_code == 401
        assert "nothing was changed" in refused.text
        assert f'href="{SIGN_IN}"' in refused.text
        sent = await browser.get("/organise/organisers")
        page = await browser.follow(sent)
        assert "Your session is over" in page.text
        assert 'name="back" value="/organise/organisers"' in page.text
        answer = await browser.send(SIGN_IN, fields())
        out = await browser.send("/sign-out")
        assert "You have signed out" in (await browser.follow(out)).text
        assert "You have signed out" not in (await browser.get("/events")).text
        assert "Your session is over" not in (await browser.get(SIGN_IN)).text
        assert answer.status_code == 303


async def test_over_https_no_other_host_can_set_the_cookie(serving):
    async with serving(public_url="https://tickets.example/shop") as (_, browser):
        origin = {"Origin": "https://tickets.example"}
        answer = await browser.send(SIGN_IN, fields(), headers=origin)
        assert answer.headers["location"] == "/shop/organise"
        [cookie] = [value for value in answer.headers.get_list("set-cookie") if "session" in value]
        assert cookie.startswith("__Host-holdfast-session=")
        assert "Secure" in cookie


async def test_all_that_is_wrong_is_refused_with_the_same_words(serving):
    async with serving() as (_, browser):
        for given in (
            fields(password=PASSWORD + "!"),
            fields(name="bob"),
            fields(name=""),
            fields(password=""),
            fields(name="\x00ann"),
            fields(name="x" * 3_000),
            fields(password="x" * 50_000),
            {},
        ):
            answer = await browser.send(SIGN_IN, given)
            assert answer.status_code == 403, given
            assert WRONG in answer.text
            assert PASSWORD not in answer.text
            assert "session" not in str(answer.headers.get_list("set-cookie"))


async def test_a_name_that_is_sent_back_is_escaped(serving):
    async with serving() as (_, browser):
        answer = await browser.send(SIGN_IN, fields(name='"><script>alert(1)</script>'))
        assert "<script>" not in answer.text


async def test_an_unknown_name_takes_about_as_long_as_a_known_one(serving):
    """The smallest of several, so that a busy machine makes no difference; without a hash it were a tenth."""
    async with serving() as (_, browser):
        await browser.send(SIGN_IN, fields(name="warm"))

        async def seconds(name):
            begin = time.perf_counter()
            await browser.send(SIGN_IN, fields(name=name, password="no"))
            return time.perf_counter() - begin

        known = [await seconds("ann") for _ in range(8)]
        unknown = [await seconds("eve") for _ in range(8)]
    assert 1 / 5 < min(known) / min(unknown) < 5, (statistics.median(known), statistics.median(unknown))


@pytest.mark.parametrize("with_redis", [True, False])
async def test_after_too_many_wrong_passwords_the_right_one_has_to_wait_too(serving, with_redis, request):
    settings = {"redis_url": request.getfixturevalue("redis_url"), "redis_call_seconds": 1.0} if with_redis else {}
    async with serving(**settings) as (_, browser):
        wrong = fields(password="wrong")
        answers = await asyncio.gather(*(browser.send(SIGN_IN, wrong) for _ in range(OF_ACCOUNT_HERE.tries + 5)))
        told = sorted(answer.status_code for answer in answers)
        assert told == [403] * OF_ACCOUNT_HERE.tries + [429] * 5
        late = await browser.send(SIGN_IN, fields())
        assert late.status_code == 429
        assert 0 < int(late.headers["retry-after"]) <= OF_ACCOUNT_HERE.seconds
        assert "15 minutes" in late.text
        assert (await browser.send(SIGN_IN, fields(name="bob"))).status_code == 403  # another account is not concerned


async def test_who_tries_a_name_from_elsewhere_does_not_keep_its_owner_out(serving):
    async with serving(trusted_proxies="127.0.0.1") as (_, browser):
        for _ in range(OF_ACCOUNT_HERE.tries + 1):
            await browser.send(SIGN_IN, fields(password="wrong"), headers={"X-Forwarded-For": "203.0.113.7"})
        away = await browser.send(SIGN_IN, fields(), headers={"X-Forwarded-For": "203.0.113.7"})
        at_home = await browser.send(SIGN_IN, fields(), headers={"X-Forwarded-For": "198.51.100.1"})
        assert (away.status_code, at_home.status_code) == (429, 303)


async def test_signing_in_makes_a_new_session_and_ends_the_one_before(serving, database_url):
    """Session fixation: a cookie that somebody else has put into the browser never becomes a session."""
    async with serving() as (_, browser):
        planted = "A" * 43
        browser.http.cookies.set("holdfast-session", planted, domain="127.0.0.1")
        await browser.send(SIGN_IN, fields())
        first = browser.http.cookies["holdfast-session"]
        await browser.send(SIGN_IN, fields())
        second = browser.http.cookies["holdfast-session"]
        assert len({planted, first, second}) == 3
        assert len(await sql(database_url, "SELECT FROM sessions")) == 1
        async with Browser(browser.url) as thief:
            for secret in (planted, first):
                thief.http.cookies.set("holdfast-session", secret, domain="127.0.0.1")
                assert await who(thief) == "nobody"


async def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(serving, database_url):
    async with serving() as (_, browser):
        await browser.send(SIGN_IN, fields())
        kept = browser.http.cookies["holdfast-session"]
        answer = await browser.send("/sign-out")
        assert answer.headers["location"] == "/events"
        assert "holdfast-session" not in browser.http.cookies
        assert await sql(database_url, "SELECT FROM sessions") == []
        browser.http.cookies.set("holdfast-session", kept, domain="127.0.0.1")
        assert await who(browser) == "nobody"


async def test_another_password_ends_all_sessions_of_the_account(serving, identity, database_url):
    await accounts.add_account(identity, ADMIN, name="bob", password=PASSWORD)
    async with serving() as (_, browser), Browser(browser.url) as other:
        await browser.send(SIGN_IN, fields())
        await other.send(SIGN_IN, fields(name="bob"))
        await accounts.reset_password(identity, ADMIN, name="ann", password=PASSWORD + "!")
        left = await sql(database_url, "SELECT user_id FROM sessions")
        assert [row["user_id"] for row in left] == ["account:bob"]
        assert (await browser.send(SIGN_IN, fields())).status_code == 403
        assert (await browser.send(SIGN_IN, fields(password=PASSWORD + "!"))).status_code == 303


async def test_nobody_is_sent_to_another_site_afterwards(serving):
    elsewhere = (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
    )
    async with serving() as (_, browser):
        for back in (*elsewhere, "\\"):
            answer = await browser.send(SIGN_IN, fields(back=back))
            assert answer.headers["location"] == "/organise", back
            assert (await browser.get(SIGN_IN, params={"back": back})).headers["location"] == "/organise", back


async def test_a_form_of_another_site_signs_nobody_in(serving):
    async with serving() as (_, browser):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            assert (await browser.send(SIGN_IN, fields(), headers=headers)).status_code == 403
        assert await who(browser) == "nobody"


async def test_a_buyer_signs_in_as_well_and_stays_the_guest_they_were(serving):
    async with serving() as (_, browser):
        browser.http.cookies.set("holdfast-guest", "g" * 42 + "A", domain="127.0.0.1")
        assert "/sign-in?back=/reservations" in (await browser.get("/reservations")).text
        answer = await browser.send("/sign-in", fields())
        assert answer.headers["location"] == "/reservations"
        assert "/sign-in" not in (await browser.get("/reservations")).text
        assert browser.http.cookies["holdfast-guest"] == "g" * 42 + "A"


async def test_the_page_speaks_japanese(serving):
    async with serving(language="ja") as (_, browser):
        assert "パスワード" in (await browser.get(SIGN_IN)).text


async def test_what_cannot_be_a_name_is_counted_as_one(serving, monkeypatch):
    """A form takes 64 KiB, and a process keeps 20,000 counts."""
    counted = []
    take = LocalSignInTries.take

    async def noting(self, tried):
        counted.append(tried.account)
        return await take(self, tried)

    monkeypatch.setattr(LocalSignInTries, "take", noting)
    async with serving() as (_, browser):
        for name in ("x" * 60_000, "y" * 300, "\N{SNOWMAN}", "ann"):
            answer = await browser.send(SIGN_IN, fields(name=name, password="wrong" * 5))
            assert answer.status_code == 403
    assert counted == ["", "", "", "ann"]
