"""The drawn map, as a visitor uses it: by pointer, at the place where a seat is drawn, or by keyboard."""

from playwright.async_api import Locator, Page

MAP = "document.getElementById('map').hallMap"
"""In the page: the handle of the map (`mountMap`)."""

_STATE = f"""id => {{
  const map = {MAP}, place = map.board.hall.chart.ids.place(id);
  return map.board.chosen.has(place) ? "chosen" : map.seat(id).status;
}}"""
_PLACE = f"""id => {{
  const {{ board, play }} = {MAP}, {{ chart }} = board.hall, place = chart.ids.place(id);
  const [x, y] = play.view.toScreen(chart.xs[place], chart.ys[place]);
  const {{ left, top }} = play.stage.canvas.getBoundingClientRect();
  return [left + x, top + y];
}}"""


async def open_map(page: Page, event_id: str) -> None:
    """Open an event's page and wait for the first picture of the map with statuses."""
    await page.goto(f"/events/{event_id}")
    await map_ready(page)


async def map_ready(page: Page) -> None:
    await page.wait_for_function("performance.getEntriesByName('hall-map-ready').length > 0")


def element(page: Page) -> Locator:
    return page.locator("#map")


async def state(page: Page, seat_id: str) -> str:
    """How a seat is shown now: free, held, sold, mine or chosen."""
    return await page.evaluate(_STATE, seat_id)


async def becomes(page: Page, seat_id: str, *states: str) -> None:
    """Wait until a seat is shown in one of these states."""
    await page.wait_for_function(f"([id, states]) => states.includes(({_STATE})(id))", arg=[seat_id, list(states)])


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
