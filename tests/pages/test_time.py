"""Stories about time: a hold that runs out, a clock that is wrong, and the moment when the sale opens."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from box_office import let_holds_run_out


async def test_a_hold_that_runs_out_while_the_buyer_pays(buyer, another_house):
    house = await another_house(hold_seconds=8)
    show = await house.show()
    ann = await buyer(at=house)
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    await expect(ann.page).to_have_url(re.compile("/reservations/"))
    ended = ann.page.url
    # The page says so by itself, and offers the same seats again.
    await ann.reads("Your hold has ended")
    await ann.reads("The same seats are still free.")
    await house.until_free(show)
    await ann.presses("Hold the same seats again")
    await ann.page.wait_for_url(lambda url: "/reservations/" in url and url != ended)
    assert await house.taken(show) == {"stalls-C-5"}


async def test_a_hold_that_ran_out_and_whose_seats_are_gone(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.page.clock.install(time=datetime.now(UTC))
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    hold = await ann.has_a_hold()
    await let_holds_run_out(house.database_url, UUID(hold))
    await house.sell(show, show.seat("C", 5))
    await ann.page.clock.fast_forward("15:10")
    await ann.reads("Your hold has ended")
    await ann.reads("These seats cannot be held again, but there may be others.")


async def test_booking_too_late_says_so(buyer, house, watch):
    watch.expect_statuses(409)
    show = await house.show()
    ann = await buyer(javascript=False)
    await ann.page.goto(f"/events/{show.id}/seats")
    await ann.page.locator(f"input[value='{show.seat('C', 5)}']").check()
    await ann.presses("Continue")
    await expect(ann.button("Book these seats")).to_be_visible()
    await let_holds_run_out(house.database_url, UUID(ann.page.url.rsplit("/", 1)[1]))
    await ann.presses("Book these seats")
    await ann.reads("Your hold has ended")
    assert await house.taken(show) == set()


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_browser_whose_clock_is_wrong_by_an_hour(buyer, house, hours):
    show = await house.show()
    ann = await buyer()
    await ann.page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    await ann.has_a_hold()
    # 15 minutes have just begun.
    await expect(ann.page.locator(".countdown").first).to_have_text(re.compile(r"1[45]:\d\d"))
    await ann.presses("Book these seats")
    await ann.reads("Your tickets are ready")


@pytest.mark.both_languages
async def test_the_end_of_a_hold_is_announced_three_times(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.page.clock.install(time=datetime.now(UTC))
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    await ann.has_a_hold()
    status = ann.page.locator("#status")
    await ann.page.evaluate(
        """() => {
            window.spoken = [];
            new MutationObserver(() => {
                const text = document.getElementById("status").textContent.trim();
                if (text) window.spoken.push(text);
            }).observe(document.getElementById("status"), {childList: true, characterData: true, subtree: true});
        }"""
    )
    for forward, left in (("10:01", 5), ("03:00", 2), ("01:00", 1)):
        await ann.page.clock.fast_forward(forward)
        await expect(status).to_contain_text(str(left))
        await expect(ann.button("Give me more time")).to_be_visible()
    spoken = await ann.page.evaluate("window.spoken")
    assert len(spoken) == 3, spoken
    before = (await house.reservation(show))["expires_at"]
    await ann.presses("Give me more time")
    await ann.page.wait_for_load_state()
    assert (await house.reservation(show))["expires_at"] > before


async def test_a_page_that_is_open_before_the_sale_opens_by_itself(buyer, house):
    show = await house.show(sale_opens_at=_in_seconds(3600))
    ann = await buyer()
    await ann.page.clock.install(time=datetime.now(UTC))
    await ann.comes_to(show)
    await expect(ann.page.locator("#opening")).to_be_visible()
    await ann.taps(show.seat("C", 5))
    await expect(ann.button("Continue").first).to_be_disabled()
    await ann.page.clock.fast_forward("55:00")
    await expect(ann.page.locator("[data-opens]")).to_have_text(re.compile(r"^[45]:\d\d$"))
    await expect(ann.button("Continue").first).to_be_disabled()
    # For the server it is time now. For the page it is in five minutes, so it must find that out by itself then.
    await house.edit(show, sale_opens_at=_in_seconds(-1))
    asked = []
    ann.page.on("request", lambda request: asked.append(request.url))
    await ann.page.clock.fast_forward("05:10")
    await expect(ann.button("Continue").first).to_be_enabled()
    await expect(ann.page.locator("#opening")).to_have_count(0)
    # Thousands of pages open in this second. None of them asks the server for anything.
    # (The map asks for its stream again, since nothing has come for five minutes by the page's clock.)
    assert [url for url in asked if "/map/changes" not in url] == []
    await ann.presses("Continue")
    await ann.has_a_hold()


async def test_nobody_holds_before_the_sale_opens(buyer, house, watch):
    watch.expect_statuses(409)
    show = await house.show(sale_opens_at=_in_seconds(3600))
    ann = await buyer()
    await ann.page.clock.install(time=datetime.now(UTC) + timedelta(hours=2))
    await ann.comes_to(show)
    await expect(ann.page.locator("#opening")).to_be_visible()
    await ann.taps(show.seat("C", 5))
    await expect(ann.button("Continue").first).to_be_disabled()
    assert await house.taken(show) == set()


@pytest.mark.both_languages
async def test_times_are_in_the_events_zone(buyer, house):
    start = (datetime.now(UTC) + timedelta(days=40)).replace(hour=3, minute=30, second=0, microsecond=0)
    show = await house.show(start_at=start.isoformat(), end_at=(start + timedelta(hours=2)).isoformat())
    ann = await buyer()
    await ann.page.goto(f"/events/{show.id}")
    lead = await ann.page.locator(".lead").inner_text()
    assert "12:30" in lead, lead
    assert re.search("Japan|日本", lead), lead


def _in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
