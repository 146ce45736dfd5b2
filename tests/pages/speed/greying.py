"""How long after a sale elsewhere a seat turns grey on a page, while many pages listen to the same event."""

import asyncio
import time
from contextlib import AsyncExitStack

from playwright.async_api import Page

from holdfast.bench.load.listening import audience
from holdfast.bench.proportion.ground import Ground
from holdfast.bench.report.statistics import percentile
from pages.chromium import new_context, open_chromium
from pages.hall_map import MAP, open_map
from pages.speed.figures import Figure
from pages.speed.stadium import Stadium, open_stadium

_P50_MS_MAX, _P99_MS_MAX = 150, 400
_PER_SECOND = 20
_LAST_SECONDS = 2.0

_WATCH = f"""ids => {{
  const free = new Set(ids);
  window.greyed = {{}};
  const look = () => {{
    for (const id of free) {{
      if ({MAP}.seat(id).status !== "free") {{
        // It is drawn in this frame or in the next one.
        requestAnimationFrame(() => (window.greyed[id] = Date.now()));
        free.delete(id);
      }}
    }}
    requestAnimationFrame(look);
  }};
  requestAnimationFrame(look);
}}"""


async def measure(on: Ground, *, streams: int, pages: int, sales: int) -> list[Figure]:
    """Sell seats one after another, and note in each page when they are drawn as taken.

    A delay runs from the moment before the request of the sale is sent to the picture with the taken seat.

    Args:
        on: The node.
        streams: Pages that only listen: streams of the pages' own protocol, opened by another process.
        pages: Real pages, in which the delay is measured.
        sales: How many seats are sold.
    """
    stadium = open_stadium(on, 20_000)
    address, path = on.server.caller.address, f"/events/{stadium.id}/map/changes"
    async with AsyncExitStack() as open_things:
        browser = await open_things.enter_async_context(open_chromium())
        watching = [await _open_page(browser, on, stadium) for _ in range(pages)]
        with audience(address, path, streams) as listening:
            assert listening.opened == streams, f"{listening.opened} of {streams} streams are open"
            seats = stadium.seat_ids[:: len(stadium.seat_ids) // sales][:sales]
            for page in watching:
                await page.evaluate(_WATCH, seats)
            sold = [await _sell(on, stadium, seat) for seat in seats]
            await asyncio.sleep(_LAST_SECONDS)
            heard = listening.leave()
        greyed = [await page.evaluate("window.greyed") for page in watching]
    assert heard.open == streams, f"{streams - heard.open} streams were lost"
    delays = [
        of_page[seat] - at * 1_000
        for of_page in greyed
        for seat, at in zip(seats, sold, strict=True)
        if seat in of_page
    ]
    assert len(delays) == sales * pages, f"{len(delays)} of {sales * pages} seats turned grey"
    note = f"{streams} streams and {pages} pages open, {sales} sales, {_PER_SECOND} a second"
    return [
        Figure("A sale elsewhere greys the seat, p50", percentile(delays, 0.5), "ms", _P50_MS_MAX, note),
        Figure("A sale elsewhere greys the seat, p99", percentile(delays, 0.99), "ms", _P99_MS_MAX, note),
    ]


async def _open_page(browser, on: Ground, stadium: Stadium) -> Page:
    context = await new_context(browser, on.stack.url)
    page = await context.new_page()
    await open_map(page, stadium.id)
    return page


async def _sell(on: Ground, stadium: Stadium, seat: str) -> float:
    """Sell one seat, and wait for the time of the next; return when the request was sent."""
    begin, at = time.perf_counter(), time.time()
    body = {"event_id": stadium.id, "seat_ids": [seat], "idempotency_key": seat}
    await asyncio.to_thread(lambda: on.server.caller.json("POST", "/api/v1/reservations", body, user="somebody-else"))
    await asyncio.sleep(max(0.0, 1 / _PER_SECOND - (time.perf_counter() - begin)))
    return at
