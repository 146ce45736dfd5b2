"""Stories of buyers."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from pages.hall_map import map_ready


@pytest.mark.both_languages
@pytest.mark.parametrize("device", ["desk", "phone"])
async def test_two_seats_on_the_map(buyer, house, device):
    show = await house.show()
    ann = await buyer(device=device)
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5), show.seat("C", 6))
    await ann.presses("Continue")
    await ann.has_a_hold()
    assert "16,000" in await ann.main_text()
    assert await house.taken(show) == {"stalls-C-5", "stalls-C-6"}
    await ann.presses("Book these seats")
    await ann.reads("Your tickets are ready")
    await ann.follows("Show the tickets")
    await expect(ann.page.locator("svg.qr")).to_have_count(2)


async def test_by_the_list_without_javascript(buyer, house):
    show = await house.show()
    ann = await buyer(javascript=False)
    await ann.page.goto(f"/events/{show.id}")
    await ann.follows("Seat list")
    await ann.page.locator(f"input[value='{show.seat('B', 3)}']").check()
    await ann.presses("Continue")
    await expect(ann.page).to_have_url(re.compile("/reservations/"))
    assert await house.taken(show) == {"stalls-B-3"}
    await ann.presses("Book these seats")
    await ann.follows("Show the tickets")
    await expect(ann.page.locator("svg.qr")).to_have_count(1)


@pytest.mark.parametrize("javascript", [True, False])
async def test_the_best_seats(buyer, house, javascript):
    show = await house.show()
    ann = await buyer(javascript=javascript)
    await ann.page.goto(f"/events/{show.id}")
    await ann.page.locator("input[name=count]").first.fill("3")
    await ann.presses("Hold the best seats")
    await expect(ann.page).to_have_url(re.compile("/reservations/"))
    seats = await house.taken(show)
    assert len(seats) == 3
    assert {number.split("-")[1] for number in seats} == {"A"}


async def test_places_without_numbers_by_count(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.page.locator("select[name=where]").select_option("area:floor")
    await ann.page.locator("input[name=count]").first.fill("4")
    await ann.presses("Hold the best seats")
    await ann.has_a_hold()
    seats = await house.taken(show)
    assert len(seats) == 4
    assert all(number.startswith("floor-") for number in seats)


async def test_more_time_and_other_seats(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    hold = await ann.has_a_hold()
    before = (await house.reservation(show))["expires_at"]
    await ann.presses("More time")
    await ann.page.wait_for_url("**/reservations/*")
    assert (await house.reservation(show))["expires_at"] > before
    await ann.follows("Change seats")
    await map_ready(ann.page)
    await ann.taps(show.seat("C", 5), show.seat("D", 7))
    await ann.presses("Change to these seats")
    assert await ann.has_a_hold() == hold
    assert await house.taken(show) == {"stalls-D-7"}
    await ann.presses("Release them")
    await expect(ann.button("Book these seats")).to_have_count(0)
    assert await house.taken(show) == set()


@pytest.mark.both_languages
async def test_two_browsers_race_for_one_seat(buyer, house, watch):
    watch.expect_statuses(409)
    show = await house.show()
    both = [await buyer(), await buyer()]
    for one in both:
        await one.comes_to(show)
        await one.taps(show.seat("C", 5))
    pressed = asyncio.Barrier(2)

    async def send_when_both_have_pressed(route):
        """On a busy machine one page would hear of the other's hold, and lose its choice before it is sent."""
        await pressed.wait()
        await route.continue_()

    for one in both:
        await one.page.route("**/hold", send_when_both_have_pressed, times=1)
    await asyncio.gather(*(one.presses("Continue") for one in both))
    for one in both:
        await one.page.wait_for_load_state("load")
    winners = [one for one in both if "/reservations/" in one.page.url]
    assert len(winners) == 1
    [loser] = [one for one in both if one not in winners]
    # The seat has left the choice. The page says which it was, and offers the nearest that costs the same.
    refusal = loser.page.locator("#refusal")
    await expect(refusal).to_contain_text(re.compile(r"C\D+5\D+[46]"))
    assert await house.taken(show) == {"stalls-C-5"}
    await loser.presses("Hold these instead")
    await loser.has_a_hold()
    assert len(await house.taken(show)) == 2


async def test_a_seat_that_is_sold_elsewhere_greys(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 6))
    await house.sell(show, show.seat("C", 5), show.seat("C", 6))
    await ann.sees(show.seat("C", 5), "sold", "held")
    await ann.sees(show.seat("C", 6), "sold", "held")
    await expect(ann.button("Continue")).to_have_count(0)


async def test_own_holds_are_ones_own_after_a_reload(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    hold = await ann.has_a_hold()
    await ann.page.reload()
    assert await ann.has_a_hold() == hold
    await ann.comes_to(show)
    await ann.sees(show.seat("C", 5), "mine")
    bob = await buyer()
    await bob.comes_to(show)
    await bob.sees(show.seat("C", 5), "held")


async def test_back_does_not_lose_seats(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.presses("Continue")
    await ann.has_a_hold()
    await ann.page.go_back()
    await ann.sees(show.seat("C", 5), "mine")
    await ann.page.go_forward()
    await ann.has_a_hold()
    assert await house.taken(show) == {"stalls-C-5"}


async def test_a_choice_survives_looking_at_another_page(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.page.goto("/events")
    await ann.page.go_back()
    await ann.sees(show.seat("C", 5), "chosen")


async def test_a_double_click_is_one_order(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5))
    await ann.button("Continue").first.dblclick()
    await ann.has_a_hold()
    assert await house.reservation(show)
