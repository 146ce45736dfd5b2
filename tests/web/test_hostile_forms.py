"""Whatever stands in a form or a query, no page answers with 500."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest

import holdfast.web
from api.serving import Api
from box_office import open_engine
from pages.house import House
from pages.stage import WALKED, set_stage
from web.visiting import Browser

HOSTILE = ("\0", "9" * 400)
"""PostgreSQL takes no NUL, and no number that long."""
_QUERIED = re.compile(r'\.query\(\s*"(\w+)"')
_NOT_HERE = ("/sign-out", "/language")


class Forms(HTMLParser):
    """The forms of a page: how and where they are sent, and their fields."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.found.append((given.get("method", "get"), given.get("action") or "", {}))
        elif given.get("name") and self.found and tag in ("input", "select", "textarea", "button"):
            self.found[-1][2].setdefault(given["name"], given.get("value") or "")


def names_in_queries():
    """Return all names that a page reads out of its query."""
    sources = Path(holdfast.web.__file__).parent.rglob("*.py")
    return sorted({name for source in sources for name in _QUERIED.findall(source.read_text())})


@pytest.mark.slow
async def test_no_page_fails(api: Api, database_url):
    house = House(str(api.http.base_url), api, database_url)
    async with open_engine(database_url) as engine:
        stage = await set_stage(house, engine)
    failed, sent = [], set()

    async def send(method, where, fields, name, value):
        if where in _NOT_HERE or (where, name, value) in sent:
            return
        sent.add((where, name, value))
        spoilt = {**fields, name: value}
        answer = await (browser.get(where, params=spoilt) if method == "get" else browser.send(where, spoilt))
        if answer.status_code >= 500:
            failed.append((where, name, value[:10]))

    async with Browser(str(api.http.base_url)) as browser:
        for page in WALKED:
            cookies = stage.cookies(page)
            for _, address in stage.addresses(page):
                browser.http.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
                forms = Forms()
                forms.feed((await browser.get(address)).text)
                await send("get", address, dict.fromkeys(names_in_queries(), "\0"), "x", "\0")
                for method, action, fields in forms.found:
                    for name in fields:
                        for value in HOSTILE:
                            await send(method, urljoin(address, action or address), fields, name, value)
    assert failed == []
    assert len(sent) > 100


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "punycode", "undefined", "idna", "nothing"])
async def test_a_form_in_another_encoding_is_refused(browser, charset):
    """A name became half of a character, which no answer and no statement could contain."""
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800 +2AA-\r\n--x--\r\n'
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}", "Sec-Fetch-Site": "same-origin"}
    for path in ("/language", "/organise/sign-in"):
        assert (await browser.http.post(path, content=body, headers=headers)).status_code == 400
