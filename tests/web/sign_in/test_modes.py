"""Where nobody signs in here: open servers, and those behind a gateway."""

from web.visiting import Browser


async def test_an_open_server_takes_one_click_and_says_that_it_is_open(serving):
    async with serving(auth_mode="open") as (_, browser):
        page = await browser.get("/organise/sign-in")
        assert "password" not in page.text.replace("no password", "")
        answer = await browser.send("/organise/sign-in", {"back": "/organise"})
        assert answer.headers["location"] == "/organise"
        assert (await browser.get("/organise/sign-in")).status_code == 303
        assert "This server is open" in (await browser.get("/sign-in/link?key=x")).text


async def test_an_open_server_has_no_passwords_issuers_or_links(serving):
    async with serving(auth_mode="open") as (_, browser):
        assert (await browser.get("/sign-in/start?issuer=shop")).status_code == 404
        assert (await browser.get("/sign-in/callback?code=x&state=y")).status_code == 404
        assert (await browser.send("/sign-in/link", {"key": "x"})).status_code == 404


async def test_behind_a_gateway_its_headers_count_and_nothing_else(serving):
    async with serving(auth_mode="gateway", gateway_peers="127.0.0.1") as (_, browser):
        assert "in front of this one" in (await browser.get("/organise/sign-in")).text
        assert (await browser.send("/organise/sign-in", {"name": "ann", "password": "x" * 20})).status_code == 200
        assert (await browser.send("/sign-in/link", {"key": "x"})).status_code == 404
        known = {"X-User-ID": "shop:ann", "X-User-Roles": "organiser"}
        assert (await browser.get("/organise/sign-in", headers=known)).status_code == 303


async def test_the_cookie_of_an_open_server_is_worth_nothing_elsewhere(serving):
    async with serving() as (_, browser), Browser(browser.url) as other:
        other.http.cookies.set("holdfast-session", "open")
        assert (await other.get("/organise/sign-in")).status_code == 200
