"""Stories of buyers whose connection is not there."""

import re

from playwright.async_api import expect

_GONE = r"net::ERR_|Failed to load resource: net|NetworkError|network error"


async def test_a_lost_connection_is_made_up_for(buyer, house, watch):
    watch.expect(_GONE)
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 6))
    await ann.page.context.set_offline(True)
    await house.sell(show, show.seat("C", 5), show.seat("C", 6))
    await expect(
        ann.page.get_by_text(ann.words("Connection lost. The map is as it was; trying again."))
    ).to_be_visible()
    await ann.sees(show.seat("C", 5), "free")
    await ann.page.context.set_offline(False)
    await ann.sees(show.seat("C", 5), "sold", "held")
    await ann.sees(show.seat("C", 6), "sold", "held")
    await expect(ann.button("Continue")).to_have_count(0)


async def test_an_order_whose_answer_is_lost_is_one_order(buyer, house, watch):
    watch.expect(_GONE)
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    lost = []

    async def lose(route):
        await route.fetch(max_redirects=0)
        lost.append(route.request.url)
        await route.abort("connectionreset")

    await ann.page.route("**/hold", lose, times=1)
    await ann.button("Continue").first.click(no_wait_after=True)
    await ann.page.wait_for_timeout(500)
    assert lost
    assert await house.taken(show) == {"stalls-C-5"}
    if not ann.page.url.endswith(show.id):
        await ann.page.go_back()
    # The seat is one's own by now, whichever way one goes on.
    await ann.sees(show.seat("C", 5), "mine", "chosen")
    if await ann.button("Continue").count():
        await ann.presses("Continue")
    else:
        await ann.follows("Go to your seats")
    await expect(ann.page).to_have_url(re.compile("/reservations/"))
    assert await house.reservation(show)
    assert await house.taken(show) == {"stalls-C-5"}


async def test_a_page_in_the_background_holds_no_stream(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
            Object.defineProperty(document, "visibilityState", {get: () => "hidden", configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    await ann.page.wait_for_timeout(300)
    await house.sell(show, show.seat("C", 5))
    await ann.page.wait_for_timeout(500)
    await ann.sees(show.seat("C", 5), "free")
    await ann.page.evaluate(
        """() => {
            delete document.hidden;
            delete document.visibilityState;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    await ann.sees(show.seat("C", 5), "sold", "held")
