"""The site of the drawn map, and pages of it."""

import pytest
import pytest_asyncio

from pages.chromium import new_context
from pages.map.site import serving


@pytest.fixture(scope="module")
def site():
    with serving() as running:
        yield running


@pytest.fixture
def event(site):
    """The concert hall with all seats free, and nothing asked for yet."""
    event = site.events["sample"]
    event.cut()
    event.change(dict.fromkeys(range(event.seats), 0))
    event.requests.clear()
    return event


@pytest_asyncio.fixture(loop_scope="session")
async def open_map(chromium, site, watch):
    """Open the page of the map: `await open_map("mode=look", device="phone")`; pages of one `context` share it."""
    contexts = []

    async def open_page(query="", *, context=None, **wanted):
        if context is None:
            context = await new_context(chromium, site.origin, **wanted)
            contexts.append(context)
            watch.over(context, site.origin)
        page = await context.new_page()
        await page.goto(f"/?hall=sample&{query}")
        await page.evaluate("() => window.ready")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    watch.require_nothing()
