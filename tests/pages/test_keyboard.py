"""A story told with the keyboard alone, as somebody does who uses a screen reader."""

import re

import pytest
from playwright.async_api import expect


@pytest.mark.both_languages
async def test_seats_by_keyboard_alone(buyer, house):
    show = await house.show()
    await house.sell(show, show.seat("A", 2))
    ann = await buyer()
    await ann.comes_to(show)
    page = ann.page
    await _tab_to(page, "#map")
    focused = page.locator(":focus")
    await page.keyboard.press("Home")
    first = await _said(focused)
    assert re.search(r"A\D+1\D", first), first
    assert "12,000" in first, first
    assert ann.words("free") in first, first
    await page.keyboard.press("Enter")
    await ann.sees(show.seat("A", 1), "chosen")
    await page.keyboard.press("ArrowRight")
    second = await _said(focused)
    assert ann.words("not available") in second or ann.words("held by somebody") in second, second
    await page.keyboard.press("ArrowDown")
    third = await _said(focused)
    assert re.search(r"B\D+2\D", third), third
    await page.keyboard.press("Space")
    await ann.sees(show.seat("B", 2), "chosen")
    await _tab_to(page, "#cart form[data-hold] button")
    await page.keyboard.press("Enter")
    await ann.has_a_hold()
    assert await house.taken(show) == {"stalls-A-1", "stalls-B-2", "stalls-A-2"}
    await _tab_to(page, "form[action$='/confirm'] button")
    await page.keyboard.press("Enter")
    await ann.reads("Your tickets are ready")


async def test_the_first_stop_leads_to_the_content(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.page.goto(f"/events/{show.id}")
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.locator(":focus")).to_have_text(ann.words("Skip to the content"))


async def _tab_to(page, selector: str) -> None:
    """Press Tab until the focus is in an element that matches."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement?.closest(selector) !== null", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def _said(focused) -> str:
    """What a screen reader says of the element with the focus."""
    return await focused.evaluate("element => element.getAttribute('aria-label') ?? element.textContent")
