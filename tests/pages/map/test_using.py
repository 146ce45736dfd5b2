"""The drawn map in a real browser, alone: how it is used by fingers, mouse and keyboard."""

import math

import pytest

from pages.map.looking import FREE, spot_of, told, until, zoom_to
from pages.map.site import sell

pytestmark = pytest.mark.usefixtures("event")


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
