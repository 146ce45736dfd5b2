"""Stories of buyers whose connection is not there."""

import re

from playwright.async_api import expect

from pages.cable import cable_to

_GONE = r"net::ERR_|Failed to load resource: net|NetworkError|network error"


async def test_a_lost_connection_is_made_up_for(buyer, house, watch):
    watch.expect(_GONE)
    show = await house.show()
    async with cable_to(house) as (cable, far_away):
        ann = await buyer(at=far_away)
        await ann.comes_to(show)
        await ann.taps(show.seat("C", 6))
        cable.pull()
        await house.sell(show, show.seat("C", 5), show.seat("C", 6))
        await ann.reads("Connection lost. The map is as it was; trying again.")
        await ann.sees(show.seat("C", 5), "free")
        cable.plug_in()
        await ann.sees(show.seat("C", 5), "sold", "held")
        await ann.sees(show.seat("C", 6), "sold", "held")
        await expect(ann.button("Continue")).to_have_count(0)
        await expect(
            ann.page.get_by_text(ann.words("Connection lost. The map is as it was; trying again."))
        ).to_have_count(0)


async def test_an_order_whose_answer_is_lost_is_one_order(buyer, house, watch):
    watch.expect(_GONE)
    show = await house.show()
    async with cable_to(house) as (cable, far_away):
        ann = await buyer(at=far_away)
        await ann.comes_to(show)
        await ann.taps(show.seat("C", 5))
        cable.lose_answers()
        await ann.button("Continue").first.click(no_wait_after=True)
        await house.until_taken(show, "stalls-C-5")
        cable.plug_in()
        # Either the browser has sent the form again by itself, or it shows an error and leaves that to its user.
        await expect(ann.page).to_have_url(re.compile("^chrome-error:|/reservations/"))
        if "/reservations/" not in ann.page.url:
            await ann.page.goto(f"/events/{show.id}")
            await ann.sees(show.seat("C", 5), "mine")
            await ann.follows("Go to your seats")
        await ann.has_a_hold()
        assert await house.taken(show) == {"stalls-C-5"}
        assert await house.reservation(show)


async def test_a_choice_that_is_sent_again_is_one_order(buyer, house, watch):
    watch.expect(_GONE)
    show = await house.show()
    async with cable_to(house) as (cable, far_away):
        ann = await buyer(at=far_away)
        await ann.comes_to(show)
        await ann.taps(show.seat("C", 5))
        field = ann.page.locator("#cart [name=key]")
        key = await field.input_value()
        await ann.page.reload()
        await ann.sees(show.seat("C", 5), "chosen")
        await expect(field).to_have_value(key)
        cable.pull()
        await ann.button("Continue").first.click(no_wait_after=True)
        await expect(ann.page).to_have_url(re.compile("^chrome-error:"))
        cable.plug_in()
        await ann.page.goto(f"/events/{show.id}")
        await ann.sees(show.seat("C", 5), "chosen")
        await expect(field).to_have_value(key)
        await ann.presses("Continue")
        await ann.has_a_hold()
        assert await house.reservation(show)


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
