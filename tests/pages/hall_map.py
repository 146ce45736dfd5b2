"""The drawn map, as a visitor uses it: by pointer, at the place where a seat is drawn, or by keyboard."""

import asyncio
import contextlib

from playwright.async_api import Error, Locator, Page

from pages.chromium import PATIENCE_MS

MAP = "document.getElementById('map')?.hallMap"
"""In the page: the handle of the map (`mountMap`)."""

_STATE = f"""id => {{
  const map = {MAP}, place = map.board.hall.chart.ids.place(id);
  return map.board.chosen.has(place) ? "chosen" : map.seat(id).status;
}}"""
_PLACE = f"""id => {{
  const {{ board, play }} = {MAP}, {{ chart }} = board.hall, place = chart.ids.place(id);
  const [x, y] = play.view.toCanvas(chart.xs[place], chart.ys[place]);
  const {{ left, top }} = play.stage.canvas.getBoundingClientRect();
  return [left + x, top + y];
}}"""


async def open_map(page: Page, event_id: str) -> None:
    """Open an event's page and wait for the first picture of the map with statuses."""
    await page.goto(f"/events/{event_id}")
    await map_ready(page)


async def map_ready(page: Page) -> None:
    await until(page, f"() => {MAP}?.ready")


def element(page: Page) -> Locator:
    return page.locator("#map")


async def state(page: Page, seat_id: str) -> str:
    """How a seat is shown now: free, held, sold, mine or chosen."""
    return await page.evaluate(_STATE, seat_id)


async def becomes(page: Page, seat_id: str, *states: str) -> None:
    """Wait until a seat is shown in one of these states."""
    await until(page, f"([id, states]) => states.includes(({_STATE})(id))", [seat_id, list(states)])


async def until(page: Page, condition: str, argument: object = None) -> None:
    """Wait until a function of the page returns true. (Playwright's own way to wait needs `eval` in the page.)"""
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while True:
            with contextlib.suppress(Error):  # the page is just being replaced by the next one
                if await page.evaluate(condition, argument):
                    return
            await asyncio.sleep(0.02)


async def tap(page: Page, seat_id: str, *, touch: bool = False) -> None:
    """Tap a seat where it is drawn. The view is moved there first, so that the seat is large enough to be hit."""
    await page.evaluate(f"id => {MAP}.show({{seat: id}})", seat_id)
    await element(page).scroll_into_view_if_needed()
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    x, y = await page.evaluate(_PLACE, seat_id)
    if touch:
        await page.touchscreen.tap(x, y)
    else:
        await page.mouse.click(x, y)
