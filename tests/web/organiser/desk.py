"""An organiser at the pages: signs in, fills in forms, and reads what comes back."""

import re
from html import unescape

from web.visiting import Browser

EVENT = {
    "name": "Opening Night",
    "venue": "Small Theatre",
    "description": "One evening.",
    "starts": "2031-05-02T19:00",
    "ends": "2031-05-02T22:00",
    "zone": "Asia/Tokyo",
    "currency": "JPY",
    "opens": "",
    "closes": "",
    "limit": "",
    "total_seats": "100000",
}


def field(page, name: str) -> str:
    """The value of an input in a page."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', page.text)
    assert found, f"no field {name}"
    value = re.search(r'value="([^"]*)"', found[0])
    return unescape(value[1]) if value else ""


def said(page) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def new_event(browser: Browser, **fields) -> str:
    """Create an event by its form, and return the path of its pages."""
    answer = await browser.send("/organise/events/new", EVENT | fields)
    assert answer.status_code == 303, said(answer)
    path = answer.headers["location"]
    assert path.endswith("/hall")
    return path.removesuffix("/hall")


async def with_hall(browser: Browser, template: str = "theatre", **fields) -> str:
    """Create an event and give it a hall."""
    path = await new_event(browser, **fields)
    answer = await browser.send(f"{path}/hall", {"template": template})
    assert answer.status_code == 303, said(answer)
    return path


async def published(browser: Browser, **fields) -> str:
    """Create an event with a hall, and publish it."""
    path = await with_hall(browser, **fields)
    assert (await browser.send(f"{path}/publish", {"published": "yes"})).status_code == 303
    return path
