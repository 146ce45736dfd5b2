"""A buyer with a browser: what they do, and what they see."""

import re
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from pages import hall_map
from pages.house import Show
from pages.words import Words

RESERVATION = re.compile(r"/reservations/[0-9a-f-]{36}$")


@dataclass
class Buyer:
    """Somebody who buys seats."""

    page: Page
    words: Words
    touch: bool = False

    async def comes_to(self, show: Show) -> None:
        """Open the event's page; the map is drawn."""
        await hall_map.open_map(self.page, show.id)

    async def taps(self, *seat_ids: str) -> None:
        for seat_id in seat_ids:
            await hall_map.tap(self.page, seat_id, touch=self.touch)

    async def sees(self, seat_id: str, *states: str) -> None:
        """A seat of the map is, or becomes, one of these: free, held, sold, mine, chosen."""
        await hall_map.becomes(self.page, seat_id, *states)

    def button(self, name: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.words(name, **values), exact=True).locator("visible=true")

    async def presses(self, name: str, **values: object) -> None:
        await self.button(name, **values).first.click()

    async def follows(self, name: str, **values: object) -> None:
        await self.page.get_by_role("link", name=self.words(name, **values), exact=True).first.click()

    async def has_a_hold(self) -> str:
        """The page of a reservation is open, and its countdown runs; returns its id."""
        await expect(self.page).to_have_url(RESERVATION)
        await expect(self.page.locator(".countdown").first).to_have_text(re.compile(r"\d+:\d\d"))
        return self.page.url.rsplit("/", 1)[1]

    async def reads(self, text: str, **values: object) -> None:
        await expect(self.page.get_by_text(self.words(text, **values)).first).to_be_visible()

    async def main_text(self) -> str:
        return await self.page.locator("#main").inner_text()
