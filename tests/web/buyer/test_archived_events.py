"""What buyers see of an event whose reservations are in an archive."""

import pytest

from archiving import archive
from web.buyer.reading import Document
from web.visiting import Browser


@pytest.fixture
async def bought(browser, show) -> str:
    """The address of two seats that were bought."""
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    seats = [show.seat("C", 7), show.seat("C", 8)]
    hold = (await browser.send(f"/events/{show.id}/hold", {**form.fields, "seats": seats})).headers["location"]
    form = Document(await browser.get(hold)).form("/confirm")
    assert (await browser.send(form.action, form.fields)).status_code == 303
    return hold


async def test_every_page_says_what_happened_in_the_readers_language(browser, show, bought, database_url):
    event = f"/events/{show.id}"
    choice = Document(await browser.get(event)).form("/hold")
    ticket = Document(await browser.get(f"{bought}/ticket")).text
    archived = await archive(database_url, show.id)
    pages = [await browser.get(path) for path in (event, f"{event}/seats", bought, f"{bought}/ticket")]
    pages += [await browser.send(f"{bought}/{verb}") for verb in ("confirm", "extend", "cancel", "change")]
    pages.append(await browser.send(f"{event}/hold", {**choice.fields, "seats": [show.seat("C", 1)]}))
    for page in pages:
        assert page.status_code == 410, page.url
        assert "This event is over and archived" in Document(page).text
        assert "ask the organiser" in Document(page).text
    in_japanese = await browser.get(event, headers={"Accept-Language": "ja"})
    assert "アーカイブ" in Document(in_japanese).text
    assert event not in Document(await browser.get("/events")).links
    assert bought not in Document(await browser.get("/reservations")).links
    for part in ("layout", "bits", "changes"):
        assert (await browser.get(f"{event}/map/{part}")).status_code == 410, part

    await archived.restore()
    assert Document(await browser.get(f"{bought}/ticket")).text == ticket
    assert event in Document(await browser.get("/events")).links
    assert bought in Document(await browser.get("/reservations")).links
    assert (await browser.get(event)).status_code == 200


async def test_strangers_do_not_learn_that_a_reservation_was_archived(browser, show, bought, database_url):
    await archive(database_url, show.id)
    async with Browser(browser.url) as another:
        nothing = await another.get(bought)
        assert (nothing.status_code, "nothing here" in nothing.text) == (404, True)
        form = Document(await another.get("/events"))
        assert form.text
        another.http.cookies.set("holdfast-guest", "0" * 43)
        assert (await another.get(bought)).status_code == 404
