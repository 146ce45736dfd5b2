"""The drawn map in a real browser, alone: what it shows while seats are sold, and how it is used."""

import asyncio
import gzip
import math

import pytest
import pytest_asyncio

from hall.charts import layout_of, stored
from holdfast.domain.hall.document import Row, Section
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, sample_hall
from pages.chromium import new_context
from pages.map.site import sell, serving

PATIENCE_SECONDS = 15
FREE = 300
"""The place of a seat in the concert hall."""


@pytest.fixture(scope="module")
def site():
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
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


async def until(ask, wanted=True):
    """Ask until the answer is the wanted one."""
    for _ in range(PATIENCE_SECONDS * 50):
        if (found := await ask()) == wanted:
            return
        await asyncio.sleep(0.02)
    assert found == wanted


def code_of(page, place):
    return lambda: page.evaluate("(place) => map.board.codes[place]", place)


async def told(page, name):
    return await page.evaluate("(name) => told.filter((each) => each[0] === name).map((each) => each.slice(1))", name)


async def color_at(page, place):
    """Return the colour in the middle of a seat."""
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return await page.evaluate(
        """(place) => {
            const [x, y] = map.play.stage.painter.at(place);
            return [...map.play.stage.canvas.getContext("2d").getImageData(x, y, 1, 1).data];
        }""",
        place,
    )


async def spot_of(page, place):
    """Return where a seat is on the page."""
    return await page.evaluate(
        """(place) => {
            const box = map.play.stage.canvas.getBoundingClientRect();
            const [x, y] = map.play.stage.painter.at(place);
            return { x: box.x + x / devicePixelRatio, y: box.y + y / devicePixelRatio };
        }""",
        place,
    )


async def zoom_to(page, place, seat_pixels):
    await page.evaluate(
        """([place, pixels]) => {
            const { view, stage } = map.play;
            const { xs, ys } = map.board.hall.chart;
            view.put(pixels / view.pitch, xs[place], ys[place]);
            stage.change(() => {});
            stage.paint();
        }""",
        [place, seat_pixels],
    )


@pytest.mark.parametrize("seat_pixels", [1, 14, 30])
async def test_a_seat_that_is_sold_elsewhere_turns_grey(open_map, event, seat_pixels):
    page = await open_map()
    await zoom_to(page, FREE, seat_pixels)
    before = await color_at(page, FREE)
    sell(event, [FREE])
    await until(code_of(page, FREE), 2)
    after = await color_at(page, FREE)
    assert before != after
    assert max(after[:3]) - min(after[:3]) < 40, "grey"


async def test_a_map_that_lost_its_connection_shows_what_it_missed(open_map, event, watch):
    watch.expect("status of 503")
    page = await open_map()
    event.cut(down=True)
    sell(event, [FREE])
    await until(
        lambda: page.evaluate("() => told.some(([name, state]) => name === 'onConnection' && state === 'lost')")
    )
    event.is_down = False
    await until(code_of(page, FREE), 2)
    await until(lambda: page.evaluate("() => map.live.now"), "live")


async def test_a_map_that_is_told_to_reload_fetches_the_statuses_again(open_map, event):
    page = await open_map()
    assert event.requests.count("bits") == 1
    with event.lock:
        event.codes[FREE] = 2  # as if a failover had changed what was told before
    event.tell("reload")
    await until(code_of(page, FREE), 2)


async def test_a_chart_that_grows_is_loaded_anew_and_the_selection_stays(open_map, event):
    page = await open_map()
    await page.evaluate("(place) => map.select([map.board.hall.chart.ids.id(place)])", FREE)
    before, seats = gzip.decompress(event.layout), event.seats
    grown = sample_hall()
    grown.floors[-1].sections.append(a_new_section())
    try:
        event.put(layout_of(grown, SAMPLE_CATEGORIES, stored(grown)))
        event.change({seats - 1: 2})
        await until(lambda: page.evaluate("() => map.board.codes.length"), event.seats)
        await until(lambda: page.evaluate("() => map.selection.map((seat) => seat.place)"), [FREE])
        await until(code_of(page, seats - 1), 2)
        sell(event, [FREE])
        await until(code_of(page, FREE), 2)
    finally:
        event.put(before)


def a_new_section() -> Section:
    row = Row(label="A", count=8, start=(-70, 900), end=(70, 900))
    return Section(key="boxes", name="Boxes", category="premium", rows=[row])


async def test_an_event_that_is_gone_ends_the_map_calmly(open_map, event):
    page = await open_map()
    event.tell("deleted")
    await until(lambda: page.locator(".map-notice").text_content(), "This event is no longer open.")


async def test_tabs_of_one_browser_share_a_stream_and_hand_it_on(open_map, event):
    first = await open_map()
    others = [await open_map(context=first.context) for _ in range(2)]
    assert event.requests.count("changes") == 1
    sell(event, [FREE])
    for page in [first, *others]:
        await until(code_of(page, FREE), 2)
    await first.close()
    sell(event, [FREE + 1])
    for page in others:
        await until(code_of(page, FREE + 1), 2)
    assert event.requests.count("changes") == 2


async def test_a_hidden_tab_has_no_stream_and_is_up_to_date_when_it_is_seen(open_map, event):
    page = await open_map()
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    sell(event, [FREE])

    async def streams():
        event.change({0: 0})  # A server notices a reader who has gone when it writes.
        return len(event.streams)

    await until(streams, 0)
    assert await code_of(page, FREE)() == 0
    await page.evaluate(hide, False)
    await until(code_of(page, FREE), 2)


async def test_a_chosen_seat_that_somebody_else_takes_leaves_the_selection(open_map, event):
    page = await open_map()
    await page.evaluate("(place) => map.select([map.board.hall.chart.ids.id(place)])", FREE)
    sell(event, [FREE], 1)
    await until(lambda: page.evaluate("() => map.selection.length"), 0)
    ((lost,),) = await told(page, "onLost")
    assert [seat["status"] for seat in lost] == ["held"]


async def test_a_hold_under_way_is_no_loss(open_map, event):
    page = await open_map()
    seat_id = await page.evaluate(
        """(place) => {
            const id = map.board.hall.chart.ids.id(place);
            map.select([id]);
            map.setBusy(true);
            return id;
        }""",
        FREE,
    )
    sell(event, [FREE], 1)
    await until(code_of(page, FREE), 1)
    await page.evaluate("(id) => { map.setMine([id]); map.setBusy(false); }", seat_id)
    assert await told(page, "onLost") == []
    assert await page.evaluate("() => map.selection.length") == 0
    assert await page.evaluate("(id) => map.seat(id).status", seat_id) == "mine"


async def test_a_refused_seat_looks_taken_until_the_statuses_say_otherwise(open_map, event):
    page = await open_map()
    await page.evaluate(
        """(place) => {
            const id = map.board.hall.chart.ids.id(place);
            map.select([id]);
            map.refuse([id]);
        }""",
        FREE,
    )
    assert await page.evaluate("() => map.selection.length") == 0
    assert await told(page, "onLost") == []
    await until(code_of(page, FREE), 0)
    assert event.requests.count("bits") == 2


async def test_a_keyboard_chooses_a_seat_and_hears_which(open_map, event):
    sell(event, [1])
    page = await open_map()
    await page.locator("h1").click()
    await page.keyboard.press("Tab")
    seat = page.locator(".map-seat:focus")
    assert await seat.text_content() == "Stalls left, row A, seat 23, Standard, ¥8,000, free"
    await page.keyboard.press("ArrowRight")
    assert await seat.text_content() == "Stalls left, row A, seat 21, Standard, ¥8,000, not available"
    assert await seat.get_attribute("aria-disabled") == "true"
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    assert await seat.text_content() == "Stalls left, row A, seat 19, Standard, ¥1, chosen"
    assert await seat.get_attribute("aria-pressed") == "true"
    await page.keyboard.press("Space")
    assert await page.evaluate("() => map.selection.length") == 0
    await page.keyboard.press("PageDown")
    assert (await seat.text_content()).startswith("Stalls centre, row A")
    await page.keyboard.press("End")
    await page.keyboard.press("PageDown")
    await page.keyboard.press("PageDown")
    assert await seat.text_content() == "Standing, Economy, ¥5,000, 400 free"
    await page.keyboard.press("Enter")
    ((area, _),) = await told(page, "onArea")
    assert area["section"] == "standing"
    await page.keyboard.press("Tab")
    assert await page.evaluate("() => document.activeElement.closest('[role=toolbar]') !== null")
    await page.keyboard.press("Tab")
    assert await page.evaluate("() => document.activeElement.closest('.hall-map') === null")


async def test_a_tap_on_a_small_seat_zooms_in_and_the_next_chooses_it(open_map):
    page = await open_map(device="phone")
    spot = await spot_of(page, FREE)
    await page.touchscreen.tap(**spot)
    await until(lambda: page.evaluate("() => Math.round(map.play.view.seat)"), 32)
    assert await told(page, "onSelect") == []
    await page.touchscreen.tap(**await spot_of(page, FREE))
    await until(lambda: page.evaluate("() => map.selection.map((seat) => seat.place)"), [FREE])


async def touch(session, kind, *points):
    """Put fingers on the screen, move them or take them away."""
    await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})


async def test_two_fingers_pinch_and_one_moves_the_hall_only_when_it_is_zoomed(open_map):
    page = await open_map(device="phone")
    session = await page.context.new_cdp_session(page)
    spot = await spot_of(page, FREE)
    x, y = spot["x"], spot["y"]
    whole = await page.evaluate("() => map.play.view.state")

    async def drag():
        await touch(session, "touchStart", (x, y))
        for step in range(1, 6):
            await touch(session, "touchMove", (x, y - 8 * step))
        await touch(session, "touchEnd")

    await drag()
    assert await page.evaluate("() => map.play.view.state") == whole, "the page scrolls"
    await touch(session, "touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        await touch(session, "touchMove", (x - 20 - 8 * step, y), (x + 20 + 8 * step, y))
    await touch(session, "touchEnd")
    scale, _, top = await page.evaluate("() => map.play.view.state")
    assert scale / whole[0] == pytest.approx(3, rel=0.1)
    await drag()
    assert (await page.evaluate("() => map.play.view.state"))[2] < top
    assert await told(page, "onSelect") == []


async def test_a_drag_is_no_tap_and_moves_a_hall_that_is_larger_than_its_canvas(open_map):
    page = await open_map()
    whole = await page.evaluate("() => map.play.view.state")
    spot = await spot_of(page, FREE)

    async def drag():
        await page.mouse.move(spot["x"], spot["y"])
        await page.mouse.down()
        await page.mouse.move(spot["x"] + 40, spot["y"] + 30, steps=4)
        await page.mouse.up()

    await drag()
    assert await page.evaluate("() => map.play.view.state") == whole
    await zoom_to(page, FREE, 30)
    spot = await spot_of(page, FREE)
    before = await page.evaluate("() => map.play.view.state")
    await drag()
    after = await page.evaluate("() => map.play.view.state")
    assert (after[1] - before[1], after[2] - before[2]) == pytest.approx((40, 30), abs=5)
    assert await told(page, "onSelect") == []


async def test_the_wheel_scrolls_the_page_and_zooms_only_with_ctrl(open_map):
    page = await open_map()
    spot = await spot_of(page, FREE)
    await page.mouse.move(spot["x"], spot["y"])
    before = await page.evaluate("() => map.play.view.scale")
    await page.mouse.wheel(0, 200)
    assert await page.evaluate("() => map.play.view.scale") == before
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -100)
    await page.keyboard.up("Control")
    await until(lambda: page.evaluate("(before) => map.play.view.scale > before", before))


async def test_a_layout_that_is_given_asks_the_server_for_nothing(open_map, event):
    page = await open_map("given=1&mode=look")
    assert event.requests == ["layout"], "the harness itself"
    await zoom_to(page, FREE, 30)
    await page.mouse.click(**await spot_of(page, FREE))
    assert await told(page, "onSelect") == []
    first = await page.evaluate("() => map.play.view.state")
    await page.evaluate("() => map.setLayout(map.board.hall.chart.layout)")
    assert await page.evaluate("() => map.play.view.state") == pytest.approx(first, rel=1e-3)


async def test_a_party_is_seated_together_with_one_tap_and_no_more_than_may_be_had(open_map):
    page = await open_map("party=3&max=4")
    await zoom_to(page, FREE, 30)
    await page.mouse.click(**await spot_of(page, FREE))
    assert await page.evaluate("() => map.selection.length") == 3
    await page.mouse.click(**await spot_of(page, FREE + 2))
    await page.mouse.click(**await spot_of(page, FREE - 2))
    assert await page.evaluate("() => map.selection.length") == 4
    assert await told(page, "onLimit") == [[4]]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"rows": [{"seats": 1}], "seats": 1},
        {"rows": [{"seats": 1, "from": [0, 0]}], "seats": 1},
        {"sections": [{"key": "a", "name": "A", "area": True}], "rows": [{"seats": 50, "section": 0}], "seats": 50},
        {
            "shapes": [
                {"shape": "text", "at": [1, 1], "text": "Bar"},
                {"shape": "ellipse", "at": [0, 0], "radii": [9, 0]},
            ]
        },
    ],
)
async def test_a_hall_that_is_only_begun_is_drawn_too(open_map, parts):
    page = await open_map("given=1&mode=look")
    nothing = {
        "format": "holdfast-layout/1", "name": "", "unit": 0.25, "origin": [0, 0], "size": [0, 0], "floors": [],
        "categories": [], "shapes": [], "seats": 0, "ids": [], "sections": [], "rows": [], "accessible": [],
        "restricted_view": [], "companions": [],
    }  # fmt: skip
    ids = [["019a0000-0000-7000-8000-000000000000", parts["seats"]]] if "seats" in parts else []
    await page.evaluate("(layout) => map.setLayout(layout)", nothing | {"ids": ids} | parts)
    assert all(map(math.isfinite, await page.evaluate("() => map.play.view.state")))
    await page.locator("h1").click()
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.mouse.move(300, 300)
