"""Signing in at an issuer: there and back with a real provider, and answers that nobody must believe."""

import asyncio
import json
import re
import time
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from box_office import sql
from holdfast.application.identity.signing_in.sign_in import Flow
from holdfast.domain.identity.sessions import SessionSecret, new_secret
from oidc.local_issuer import answer, local_issuer
from oidc.real_provider import real_provider
from web.visiting import Browser

START = "/sign-in/start?issuer=shop&back=/organise/events/new"
CALLBACK = "/sign-in/callback"
CLIENT = {"client_id": "pages", "client_secret": "secret & of pages"}


def issuers(address):
    return json.dumps({"shop": {"issuer": address, "audience": "https://tickets.example", **CLIENT}})


def asked(response):
    """What the browser is to ask the issuer for."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


async def sign_in_at(provider, location, name):
    """Enter a name on the provider's own pages; return where it sends the browser in the end."""
    async with httpx.AsyncClient(base_url=provider.issuer.issuer, timeout=20) as http:
        for _ in range(12):
            there = await http.get(location)
            while there.is_redirect:
                location = urljoin(str(there.url), there.headers["location"])
                if not location.startswith(provider.issuer.issuer):
                    return location
                there = await http.get(location)
            [form] = re.findall(r'<form[^>]*action="([^"]+)"', there.text)
            [prompt] = re.findall(r'name="prompt" value="(\w+)"', there.text)
            sent = await http.post(form, data={"prompt": prompt, "login": name, "password": "x"})
            location = urljoin(str(sent.url), sent.headers["location"])
    raise AssertionError("the provider goes on asking")


@asynccontextmanager
async def at_provider(serving, *keys):
    async with (
        real_provider(*keys) as provider,
        serving(
            oidc_issuers=issuers(provider.issuer.issuer),
            oidc_roles='{"ticket-admins": "admin"}',
            oidc_roles_claim="realm.roles",
        ) as (_, browser),
    ):
        await provider.allow(browser.url + CALLBACK)
        yield provider, browser


@pytest.mark.parametrize("signer", ["rsa", "ec", "ed"])
async def test_somebody_signs_in_at_a_real_provider_and_goes_where_they_were(serving, signer, database_url):
    async with at_provider(serving, signer) as (provider, browser):
        page = await browser.get("/organise/sign-in?back=/organise/events/new")
        assert "Sign in with shop" in page.text
        assert 'type="password"' not in page.text
        away = await browser.get(START)
        assert asked(away)["code_challenge_method"] == "S256"
        back = await sign_in_at(provider, away.headers["location"], "ann")
        done = await browser.get(back)
        assert (done.status_code, done.headers["location"]) == (303, "/organise/events/new"), done.text
        assert "holdfast-sign-in" not in browser.http.cookies
        [session] = await sql(database_url, "SELECT user_id, admin FROM sessions")
        assert (session["user_id"], session["admin"]) == ("shop:ann", False)
        again = await browser.get(back)  # the code has been used, and the attempt is over
        assert again.status_code in (303, 403)
        assert len(await sql(database_url, "SELECT FROM sessions")) == 1


async def test_an_admin_of_the_provider_is_one_here_and_another_password_page_is_not_offered(serving, database_url):
    async with at_provider(serving, "rsa") as (provider, browser):
        away = await browser.get(START)
        await browser.get(await sign_in_at(provider, away.headers["location"], "boss"))
        [session] = await sql(database_url, "SELECT user_id, admin FROM sessions")
        assert (session["user_id"], session["admin"]) == ("shop:boss", True)
        assert (await browser.get("/organise/sign-in")).status_code == 303


async def test_a_code_is_of_no_use_in_another_browser_or_another_attempt(serving, database_url):
    """Login CSRF: whoever sends somebody their own answer does not sign them in as themselves."""
    async with at_provider(serving, "rsa") as (provider, browser), Browser(browser.url) as victim:
        away = await browser.get(START)
        back = await sign_in_at(provider, away.headers["location"], "eve")
        assert (await victim.get(back)).status_code == 403
        await victim.get(START)
        assert (await victim.get(back)).status_code == 403
        state = asked(await victim.get(START))["state"]
        stolen = re.sub(r"state=[^&]+", f"state={state}", back)
        # Even with a state of their own the code cannot be redeemed: the verifier is that of another attempt.
        assert "cannot accept" in (await victim.get(stolen)).text
        assert await sql(database_url, "SELECT FROM sessions") == []


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_while_the_provider_is_away_a_page_says_so(serving, how, monkeypatch):
    async with at_provider(serving, "rsa") as (provider, browser):
        away = await browser.get(START)
        back = await sign_in_at(provider, away.headers["location"], "ann")
        monkeypatch.setattr("holdfast.infrastructure.oidc.fetching.FETCH_SECONDS_MAX", 0.3)
        await provider.kill() if how == "killed" else provider.freeze()
        failed = await browser.get(back)
        assert failed.status_code == 503
        assert "cannot be reached" in failed.text
        if how == "frozen":
            provider.thaw()


class Answers:
    """An issuer that gives the answers that a test wants."""

    def __init__(self, issuer, browser):
        self.issuer = issuer
        self.browser = browser

    async def begin(self):
        """Start an attempt; return what the issuer was asked for."""
        return asked(await self.browser.get(START))

    async def come_back(self, query, token, **more):
        self.issuer.answers["/token"] = answer({"access_token": "x", "token_type": "Bearer", "id_token": token} | more)
        return await self.browser.get(CALLBACK, params={"code": "a-code", "state": query["state"]})

    def claims(self, query, *without, **changes):
        now = int(time.time())
        right = {"aud": "pages", "nonce": query["nonce"], "iat": now, "exp": now + 300}
        return self.issuer.shop.claims(*without, **right | changes)

    def token(self, query, *without, by="rsa", header=None, **changes):
        return self.issuer.shop.token(self.claims(query, *without, **changes), by=by, **header or {})


@pytest.fixture
async def at_issuer(serving):
    async with (
        local_issuer("rsa", "ec") as issuer,
        serving(oidc_issuers=issuers(issuer.address)) as (_, browser),
    ):
        document = {"issuer": issuer.address, "jwks_uri": f"{issuer.address}/keys"}
        document |= {"authorization_endpoint": f"{issuer.address}/auth", "token_endpoint": f"{issuer.address}/token"}
        issuer.answers["/.well-known/openid-configuration"] = answer(document)
        yield Answers(issuer, browser)


FORGED = {
    "of another attempt": {"nonce": "x" * 43},
    "without a nonce": {"nonce": None},
    "with a list for a nonce": {"nonce": ["x"]},
    "of another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "somebody"},
    "for the API": {"aud": "https://tickets.example"},
    "for nobody": {"aud": None},
    "for several, and it does not say for whom it was made": {"aud": ["pages", "somebody"]},
    "made for another client": {"azp": "somebody"},
    "for several, and made for another": {"aud": ["pages", "somebody"], "azp": "somebody"},
    "for a client and a number": {"aud": ["pages", 1]},
    "that has run out": {"exp": 1_000_000_000},
    "that never runs out": {"exp": None},
    "that was made long ago": {"iat": 1_000_000_000},
    "that does not say when it was made": {"iat": None},
    "of tomorrow": {"iat": 4_000_000_000, "exp": 4_000_000_300},
    "without a subject": {"sub": ""},
    "with a subject that is too long": {"sub": "x" * 300},
    "with a subject of two lines": {"sub": "a\nb"},
    "that is bound to a key": {"cnf": {"jkt": "x"}},
    "that is a logout token": {"events": {}},
    "that is an access token of Cognito": {"token_use": "access"},
    "that is a refresh token of Keycloak": {"typ": "Refresh"},
}


async def test_an_id_token_is_refused_and_its_twin_believed(at_issuer, database_url):
    for forged, changes in FORGED.items():
        query = await at_issuer.begin()
        refused = await at_issuer.come_back(query, at_issuer.token(query, **changes))
        assert refused.status_code == 403, forged
        assert "cannot accept" in refused.text, forged
        assert await sql(database_url, "SELECT FROM sessions") == [], forged
        query = await at_issuer.begin()
        believed = await at_issuer.come_back(query, at_issuer.token(query))
        assert believed.headers["location"] == "/organise/events/new", forged
        await at_issuer.browser.send("/sign-out")


async def test_an_id_token_that_is_written_in_another_way_is_believed(at_issuer):
    for changes in ({"aud": ["pages"]}, {"azp": "pages"}, {"aud": ["pages", "x"], "azp": "pages"}):
        query = await at_issuer.begin()
        assert (await at_issuer.come_back(query, at_issuer.token(query, **changes))).status_code == 303, changes


async def test_only_the_issuer_s_own_keys_and_the_right_kind_of_token_count(at_issuer, database_url):
    for header in ({"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"alg": "none"}, {"crit": ["x"]}, {"kid": "ec"}):
        query = await at_issuer.begin()
        answered = await at_issuer.come_back(query, at_issuer.token(query, header=header))
        assert answered.status_code == 403, header
    query = await at_issuer.begin()
    assert (
        await at_issuer.come_back(query, at_issuer.token(query, by="rsa-forger", header={"kid": "rsa"}))
    ).status_code == 403
    for token in ("", "x", "a.b.c", None, {"id": 1}, "x" * 100_000):
        query = await at_issuer.begin()
        assert (await at_issuer.come_back(query, token)).status_code == 403
    assert await sql(database_url, "SELECT FROM sessions") == []


async def test_what_came_back_must_belong_to_this_attempt(at_issuer, database_url):
    query = await at_issuer.begin()
    token = at_issuer.token(query)
    for state in ("", query["state"][:-1], query["state"] + "x", "\ud7ff", query["nonce"]):
        assert (await at_issuer.come_back({"state": state}, token)).status_code == 403
        query = await at_issuer.begin()
        token = at_issuer.token(query)
    parameters = {"code": "x", "state": query["state"], "iss": "https://evil.example"}
    assert (await at_issuer.browser.get(CALLBACK, params=parameters)).status_code == 403
    assert at_issuer.issuer.asked.get("/token", 0) == 0
    assert await sql(database_url, "SELECT FROM sessions") == []


async def test_each_attempt_has_words_of_its_own_and_the_cookie_does_not_tell_them_to_the_issuer(at_issuer):
    first, second = await at_issuer.begin(), await at_issuer.begin()
    for word in ("state", "nonce", "code_challenge"):
        assert first[word] != second[word]
        assert len(first[word]) == 43
    kept = at_issuer.browser.http.cookies["holdfast-sign-in"].strip('"')
    flow = Flow(SessionSecret(kept[:43]))
    assert (flow.state, flow.nonce, flow.challenge) == (second["state"], second["nonce"], second["code_challenge"])
    assert len({flow.secret, flow.state, flow.nonce, flow.verifier, flow.challenge}) == 5
    assert Flow(new_secret()).state != flow.state


async def test_who_gives_up_at_the_issuer_is_asked_again(at_issuer):
    query = await at_issuer.begin()
    parameters = {"error": "access_denied", "error_description": "<script>", "state": query["state"]}
    answered = await at_issuer.browser.get(CALLBACK, params=parameters)
    assert answered.status_code == 403
    assert "You were not signed in" in answered.text
    assert "<script>" not in answered.text


async def test_a_code_that_the_issuer_does_not_accept_signs_nobody_in(at_issuer):
    for status in ("400 Bad Request", "401 Unauthorized"):
        query = await at_issuer.begin()
        at_issuer.issuer.answers["/token"] = answer({"error": "invalid_grant"}, status=status)
        answered = await at_issuer.browser.get(CALLBACK, params={"code": "x", "state": query["state"]})
        assert answered.status_code == 403, status


async def test_an_issuer_that_answers_nonsense_counts_as_away(at_issuer):
    for said in (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n", answer(b"[]")):
        query = await at_issuer.begin()
        at_issuer.issuer.answers["/token"] = said
        answered = await at_issuer.browser.get(CALLBACK, params={"code": "x", "state": query["state"]})
        assert answered.status_code == 503, said


async def test_an_issuer_whose_document_has_no_place_to_sign_in_counts_as_away(serving):
    async with local_issuer("rsa") as issuer, serving(oidc_issuers=issuers(issuer.address)) as (_, browser):
        answered = await browser.get(START)
        assert answered.status_code == 503
        assert "cannot be reached" in answered.text


async def test_nobody_leads_somebody_elsewhere_through_the_issuer(at_issuer):
    for back in ("https://evil.example", "//evil.example", "/\\evil.example"):
        query = asked(await at_issuer.browser.get("/sign-in/start", params={"issuer": "shop", "back": back}))
        done = await at_issuer.come_back(query, at_issuer.token(query))
        assert done.headers["location"] == "/organise"
        await at_issuer.browser.send("/sign-out")
    assert (await at_issuer.browser.get("/sign-in/start?issuer=other")).status_code == 404


async def test_many_who_start_at_once_look_the_issuer_up_once(at_issuer):
    before = at_issuer.issuer.asked.get("/.well-known/openid-configuration", 0)
    await asyncio.gather(*(at_issuer.browser.get(START) for _ in range(30)))
    await at_issuer.begin()
    assert at_issuer.issuer.asked["/.well-known/openid-configuration"] - before <= 2


async def test_passwords_are_no_way_round_the_issuer(at_issuer):
    answered = await at_issuer.browser.send("/organise/sign-in", {"name": "ann", "password": "x" * 20})
    assert answered.status_code == 200
    assert "Sign in with shop" in answered.text
