"""Stories of an organiser who has never seen the API."""

import csv
import io
import json
import re
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from holdfast.application.identity.accounts import add_account
from holdfast.application.identity.members import put_member
from holdfast.application.identity.organisers import create_organiser
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN, open_identity
from pages.house import House, Show
from pages.words import Words

SEATS_CSV = """section,row,number,category,price
Parkett,A,1,Standard,8000
Parkett,A,2,Standard,8000
Parkett,A,3,Standard,8000
"""
PRETIX_PLAN = {
    "name": "Studio",
    "categories": [{"name": "Standard", "color": "#1f6feb"}],
    "zones": [
        {
            "name": "Stalls",
            "position": {"x": 0, "y": 0},
            "rows": [
                {
                    "row_number": "A",
                    "position": {"x": 0, "y": 0},
                    "seats": [
                        {
                            "seat_guid": f"A-{number}",
                            "seat_number": str(number),
                            "category": "Standard",
                            "position": {"x": 30 * number, "y": 0},
                        }
                        for number in (1, 2, 3, 4)
                    ],
                }
            ],
            "areas": [],
        }
    ],
    "size": {"width": 400, "height": 200},
}


class Desk:
    """An organiser's browser."""

    def __init__(self, page: Page, words: Words) -> None:
        self.page = page
        self.words = words

    async def sign_in(self) -> None:
        """Come to the organiser's pages, and sign in with the one click that an open server asks for."""
        await self.page.goto("/organise")
        await self.press("Continue as the organiser")
        await expect(self.page).to_have_url(re.compile("/organise$"))

    async def sign_in_as(self, name: str, password: str) -> None:
        """Sign in with a name and a password."""
        await self.page.goto("/organise")
        await self.fill(name=name, password=password)
        await self.page.locator("main form button").click()

    async def press(self, name: str, **values: object) -> None:
        await self.page.get_by_role("button", name=self.words(name, **values), exact=True).click()

    async def follow(self, name: str, **values: object) -> None:
        await self.page.get_by_role("link", name=self.words(name, **values), exact=True).first.click()

    async def fill(self, **fields: str) -> None:
        """Fill in fields by their names in the form."""
        for name, value in fields.items():
            await self.page.locator(f"#{name}").fill(value)

    async def is_told(self, text: str, **values: object) -> None:
        await expect(self.page.get_by_text(self.words(text, **values)).first).to_be_visible()

    async def new_event(self, name: str) -> str:
        """Create an event by its form; returns the path of its pages."""
        await self.page.goto("/organise/events/new")
        starts = (datetime.now() + timedelta(days=40)).replace(hour=19, minute=0)  # noqa: DTZ005 - the event's own zone
        await self.fill(name=name, venue="Aoyama Concert Hall", starts=starts.isoformat(timespec="minutes"), ends="")
        await self.fill(zone="Asia/Tokyo")
        await self.page.locator("#currency").select_option("JPY")
        await self.press("Save and go on to the hall")
        await self.is_told("The event is saved as a draft. Now choose its hall.")
        return self.page.url.removesuffix("/hall")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(visitor, words) -> Desk:
    desk = Desk(await visitor(language=words.language), words)
    await desk.sign_in()
    return desk


@pytest.mark.both_languages
@pytest.mark.parametrize("device", ["desk", "phone"])
async def test_from_nothing_to_an_event_on_sale(visitor, words, device):
    desk = Desk(await visitor(language=words.language, device=device), words)
    await desk.sign_in()
    await desk.new_event("Opening Night")
    await desk.page.locator(".choices").get_by_role("link", name=words("Add seats")).click()
    await desk.fill(name="Stalls", rows="3", seats="8")
    await expect(desk.page.locator("#preview-said")).to_contain_text("24")
    await desk.press("Save the section")
    await desk.is_told("The section is saved.")
    await desk.follow("Go on to the prices")
    await desk.page.locator("#price-0").fill("7,500")
    await desk.press("Save and go on to publishing")
    await desk.is_told("The prices are saved.")
    await desk.page.locator("#publish").get_by_role("button", name=words("Publish")).click()
    await desk.is_told("Published. Everybody can see it now.")
    await desk.follow("See it as a buyer")
    await expect(desk.page.get_by_role("heading", name="Opening Night")).to_be_visible()
    await expect(desk.page.locator("#main")).to_contain_text("7,500")


@pytest.mark.parametrize("kind", ["csv", "pretix"])
async def test_a_hall_from_a_file(desk, kind):
    path = await desk.new_event(f"From {kind}")
    await desk.page.goto(f"{path}/hall/import")
    await desk.page.locator("#format").select_option(kind)
    content = SEATS_CSV if kind == "csv" else json.dumps(PRETIX_PLAN)
    await desk.page.locator("#file").set_input_files(
        {"name": f"hall.{kind}", "mimeType": "application/octet-stream", "buffer": content.encode()}
    )
    if kind == "pretix":
        await desk.fill(prices="Standard = 8000")
    await desk.press("Import")
    await desk.is_told("The hall is saved. This is how buyers will see it.")
    await expect(desk.page.locator(".card-head")).to_contain_text("3" if kind == "csv" else "4")


async def test_seats_that_are_kept_back_for_a_channel(desk, house):
    show = await house.show("Members first")
    await desk.page.goto(f"/organise/events/{show.id}/channels")
    await desk.fill(name="Fan club", access_code="open-sesame")
    await desk.page.locator("form[action$='/channels'] button").click()
    await desk.page.goto(f"/organise/events/{show.id}/channels")
    await desk.page.get_by_role("link", name="Fan club").click()
    await desk.page.locator("input[name=by][value=rows]").check()
    await desk.fill(rows="A, B")
    await desk.press("Keep back for this channel")
    await expect(desk.page.get_by_role("status").first).to_contain_text("24")
    refused = await house.api.reserve(show.id, [show.seat("A", 1)])
    assert refused.json()["code"] == "seats_unavailable"
    with_code = await house.api.reserve(show.id, [show.seat("A", 1)], access_code="open-sesame")
    assert with_code.status_code == 201


async def test_a_live_sale_follows_by_itself(desk, house):
    show = await house.show("Evening")
    await desk.page.goto(f"/organise/events/{show.id}/live")
    tiles = desk.page.locator("#live-figures .tile b")
    await expect(tiles).to_have_text(["0", "0", "102", re.compile("0")])
    await house.hold(show, show.seat("C", 1), show.seat("C", 2), user="somebody-slow")
    await house.sell(show, show.seat("A", 1), user="somebody-quick")
    await expect(tiles).to_have_text(["1", "2", "99", re.compile("12,000")], timeout=40_000)
    await expect(desk.page.locator("#live-holds")).to_contain_text("somebody-slow")


@pytest.mark.both_languages
async def test_ending_a_hold_says_what_is_lost_and_frees_its_seats(desk, house):
    show = await house.show("Evening")
    await house.hold(show, show.seat("C", 1), show.seat("C", 2), user="somebody-slow")
    await desk.page.goto(f"/organise/events/{show.id}/reservations")
    await desk.follow("End this hold…")
    await expect(desk.page.locator(".ask")).to_contain_text("somebody-slow")
    await expect(desk.page.locator(".ask")).to_contain_text("stalls-C-1")
    assert await _status(house, show, "stalls-C-1") == "reserved"
    await desk.fill(reason="Asked for it by telephone")
    await desk.press("End the hold")
    await desk.is_told("The hold was ended, and its seats are free again.")
    assert await _status(house, show, "stalls-C-1") == "available"


async def test_the_reservations_as_a_file(desk, house):
    show = await house.show("Evening")
    await house.sell(show, show.seat("A", 1), user="somebody-quick")
    await desk.page.goto(f"/organise/events/{show.id}/reservations")
    async with desk.page.expect_download() as downloading:
        await desk.follow("Download as CSV")
    text = (await (await downloading.value).path()).read_text(encoding="utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["user_id"] for line in lines] == ["somebody-quick"]


async def _status(house: House, show: Show, number: str) -> str:
    return (await house.statuses(show))[number]


async def test_two_organisers_with_passwords_do_not_see_each_others_drafts(
    visitor, another_house, pages_database, words, watch
):
    watch.expect_statuses(403, 404)
    house = await another_house(auth_mode="tokens")
    async with open_identity(pages_database) as identity:
        for name, account in (("Aoyama Concerts", f"ann-{words.language}"), ("Shibuya Live", f"ben-{words.language}")):
            firm = await create_organiser(identity, ADMIN, name=f"{name} {words.language}")
            await add_account(identity, ADMIN, name=account, password="correct horse battery")
            await put_member(identity, ADMIN, organiser_id=firm.id, user_id=f"account:{account}", role=Role.ORGANISER)
    ann, ben = [Desk(await visitor(at=house, language=words.language), words) for _ in range(2)]
    await ann.sign_in_as(f"ann-{words.language}", "wrong")
    await ann.is_told("The name or the password is wrong. Please try again.")
    await ann.sign_in_as(f"ann-{words.language}", "correct horse battery")
    path = await ann.new_event("Still a secret")
    await ben.sign_in_as(f"ben-{words.language}", "correct horse battery")
    await expect(ben.page.get_by_text("Still a secret")).to_have_count(0)
    for end in ("", "/hall", "/live", "/reservations"):
        answer = await ben.page.goto(f"{path}{end}")
        assert answer.status == 404
    await ben.is_told("There is nothing here")
    await ann.page.goto(path)
    await expect(ann.page.get_by_role("heading", name="Still a secret")).to_be_visible()
