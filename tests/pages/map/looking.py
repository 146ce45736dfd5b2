"""Looks at the drawn map: colours, places of seats on the page, and what the map has told."""

import asyncio

PATIENCE_SECONDS = 15
FREE = 300
"""The place of a seat in the concert hall."""


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
