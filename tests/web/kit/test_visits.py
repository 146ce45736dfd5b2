"""What all pages have in common: who visits, in which language, and what is refused before a handler runs."""

from holdfast.domain.identity.sessions import GUEST_MARK, guest_id, new_secret, read_secret
from web.visiting import Browser

LANGUAGE = "/language"


ORIGINS = [
    ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "none"}, 303),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": ""}, 403),
    ({}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "https://elsewhere.example"}, 403),
    ({"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}, 403),
]


class TestWhereAFormComesFrom:
    async def test_decides_whether_it_is_carried_out(self, api):
        for headers, status in ORIGINS:
            answer = await api.http.post(LANGUAGE, data={"language": "ja"}, headers=headers)
            assert answer.status_code == status, headers
            assert ("set-cookie" in answer.headers) == (status == 303)

    async def test_may_be_known_by_the_host_alone(self, api):
        origin = str(api.http.base_url)
        answer = await api.http.post(LANGUAGE, data={"language": "ja"}, headers={"Origin": origin})
        assert answer.status_code == 303

    async def test_may_be_known_by_the_public_address(self, api_where):
        async with api_where(public_url="https://shop.example/tickets") as api:
            headers = {"Origin": "https://shop.example"}
            answer = await api.http.post(LANGUAGE, data={"language": "ja", "back": "/events"}, headers=headers)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/tickets/events"
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-holdfast-lang=ja;")
        assert {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"} <= {part.strip() for part in cookie.split(";")}


PREFERRED = [
    ("ja", "ja"),
    ("ja-JP,en;q=0.5", "ja"),
    ("en-GB,en;q=0.9,ja;q=0.8", "en"),
    ("de,ja;q=0.3", "ja"),
    ("de", "en"),
    ("en;q=0,ja;q=0.1", "ja"),
    ("ja;q=x", "en"),
    ("," * 400 + "ja", "ja"),
    ("x" * 5000, "en"),
]


class TestTheLanguage:
    async def test_is_the_one_that_the_browser_prefers(self, browser):
        for preferred, language in PREFERRED:
            page = await browser.get("/nowhere", headers={"Accept-Language": preferred})
            assert f'<html lang="{language}"' in page.text, preferred
            assert page.headers["content-language"] == language

    async def test_may_be_preferred_in_two_lines(self, browser):
        lines = [("Accept", "text/html"), ("Accept-Language", "de"), ("Accept-Language", "ja, en;q=0.5")]
        browser.http.headers.pop("Accept-Language")
        page = await browser.get("/nowhere", headers=lines)
        assert (page.status_code, page.headers["content-language"]) == (404, "ja")

    async def test_is_the_chosen_one_from_then_on(self, browser):
        sent = await browser.send(LANGUAGE, {"language": "ja", "back": "/nowhere?a=b"})
        assert sent.headers["location"] == "/nowhere?a=b"
        assert '<html lang="ja"' in (await browser.follow(sent)).text
        await browser.send(LANGUAGE, {"language": "tlh"})
        assert '<html lang="ja"' in (await browser.get("/nowhere")).text

    async def test_never_leads_to_another_site(self, browser):
        for back in [
            "https://elsewhere.example/",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "elsewhere",
            "/a\nb",
            "",
            "//[",
            "http://[",
            "//\u2100.example",
        ]:
            sent = await browser.send(LANGUAGE, {"language": "ja", "back": back})
            assert sent.headers["location"] == "/events", back


class TestWhatIsNotThere:
    async def test_is_a_page_for_a_browser_and_a_problem_for_a_program(self, api, browser):
        page = await browser.get("/nowhere")
        assert page.status_code == 404
        assert "There is nothing here" in page.text
        problem = await api.http.get("/nowhere")
        assert problem.json()["code"] == "path_not_found"

    async def test_may_be_half_an_address_that_somebody_copied(self, browser):
        for path in ("/events/01a2", "/reservations/x/ticket"):
            page = await browser.get(path)
            assert page.status_code == 404, path
            assert "There is nothing here" in page.text
            assert "UUID" not in page.text

    async def test_is_told_in_japanese(self, browser):
        page = await browser.get("/nowhere", headers={"Accept-Language": "ja"})
        assert "ページが見つかりません" in page.text

    async def test_the_first_page_is_for_browsers_only(self, api, browser):
        first = await browser.get("/")
        assert (first.status_code, first.headers["location"]) == (303, "/events")
        assert (await api.http.get("/")).json()["name"] == "Holdfast"

    async def test_a_node_may_have_no_pages(self, api_where):
        async with api_where(pages=False) as api, Browser(str(api.http.base_url)) as browser:
            assert (await browser.get("/events")).json()["code"] == "path_not_found"
            assert (await browser.get("/")).json()["name"] == "Holdfast"


async def test_a_page_loads_nothing_from_elsewhere_and_may_not_be_framed(browser):
    policy = (await browser.get("/nowhere")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {"frame-ancestors 'none'", "form-action 'self'", "require-trusted-types-for 'script'"} <= {
        part.strip() for part in policy.split(";")
    }


async def test_pages_are_sent_gzipped_to_who_can_read_it(browser):
    page = await browser.get("/nowhere", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    assert "There is nothing here" in page.text
    plain = await browser.get("/nowhere", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers


class TestStaticFiles:
    async def test_are_kept_for_ever_under_an_address_that_changes_with_them(self, browser):
        page = await browser.get("/nowhere")
        address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        sheet = await browser.get(address)
        assert sheet.headers["content-type"] == "text/css; charset=utf-8"
        assert "immutable" in sheet.headers["cache-control"]
        digest = address.split("/")[2]
        other_version = await browser.get(address.replace(digest, "0" * len(digest)))
        assert other_version.content == sheet.content
        assert other_version.headers["cache-control"] == "no-cache"

    async def test_are_only_those_that_there_are(self, browser):
        page = await browser.get("/nowhere")
        digest = page.text.partition('href="/static/')[2].partition("/")[0]
        for name in ["", "css", "../pages.py", "css/%2e%2e/css/holdfast.css", "%2e%2e/pages.py", "a" * 3000]:
            assert (await browser.get(f"/static/{digest}/{name}")).status_code == 404, name


class TestGuests:
    def test_have_ids_that_do_not_tell_their_secret_and_that_nobody_can_send(self):
        secret = new_secret()
        name = guest_id(secret)
        assert name.startswith(GUEST_MARK)
        assert not name.isascii()
        assert secret not in name
        assert guest_id(secret) == name != guest_id(new_secret())

    def test_have_one_spelling_of_their_secret(self):
        secret = new_secret()
        assert read_secret(secret) == secret
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(secret[-1])
        other = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ 1]
        assert read_secret(secret[:-1] + other) is None
        for text in ("", secret[:-1], secret + "A", "+" * 43, "é" * 43, " " + secret[1:]):
            assert read_secret(text) is None

    async def test_cannot_be_named_through_the_api(self, api):
        name = guest_id(new_secret()).encode()
        answer = await api.http.get("/api/v1/reservations", headers={b"X-User-ID": name})
        assert answer.status_code in (400, 401)
