"""The list of events: what each is, when, from what price, and whether it can be booked."""

from datetime import UTC, datetime, timedelta

from builders import a_hall, a_row, a_section, an_event
from web.buyer.reading import Document


async def test_an_event_is_listed_with_its_time_where_it_takes_place_and_its_lowest_price(browser, show):
    page = Document(await browser.get("/events"))
    assert f"/events/{show.id}" in page.links
    assert "Aoyama Concert Hall" in page.text
    assert "Japan Standard Time" in page.text
    assert "On sale from ¥5,000" in page.text


async def test_the_year_is_told_where_readers_would_think_of_another(browser, house):
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=500)
    await house.show("Next but one", start_at=start.isoformat(), end_at=(start + timedelta(hours=2)).isoformat())
    await house.show("Soon")
    text = Document(await browser.get("/events")).text
    assert text.count(str(start.year)) == 1
    assert text.index("Soon") < text.index(str(start.year)) < text.index("Next but one")


async def test_the_list_says_what_can_be_done_with_each_event(browser, house):
    opens = datetime.now(UTC) + timedelta(days=1)
    await house.show("Soon", sale_opens_at=opens.isoformat())
    short = await house.show("Short", hall=a_hall(a_section("stalls", a_row("A", 21), category="standard")))
    await house.sell(short, *[short.seat("A", number) for number in range(1, 21)])
    page = Document(await browser.get("/events"))
    assert "Opens" in page.text
    assert "Few left from ¥5,000" in page.text
    await house.sell(short, short.seat("A", 21))
    assert "Sold out" in Document(await browser.get("/events")).text


async def test_events_follow_by_when_they_start_page_by_page(browser, api):
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    for number in reversed(range(21)):
        at = start + timedelta(hours=number)
        await api.event_on_sale(
            seats=1, name=f"Concert {number:02}", start_at=at.isoformat(), end_at=(at + timedelta(hours=1)).isoformat()
        )
    first = Document(await browser.get("/events"))
    assert first.text.index("Concert 00") < first.text.index("Concert 01") < first.text.index("Concert 19")
    assert "Concert 20" not in first.text
    following = next(link for link in first.links if "after=" in link)
    second = Document(await browser.get(following))
    assert [f"Concert {number}" in second.text for number in (19, 20)] == [False, True]
    assert (await browser.get("/events?after=yesterday")).status_code == 400


async def test_drafts_and_events_that_are_long_over_are_not_listed(browser, house, api):
    draft = await house.show("Secret", published=False)
    past = datetime.now(UTC) - timedelta(days=3)
    await api.event_on_sale(name="Gone", start_at=past.isoformat(), end_at=past.isoformat())
    page = Document(await browser.get("/events"))
    assert "Secret" not in page.text
    assert "Gone" not in page.text
    assert (await browser.get(f"/events/{draft.id}")).status_code == 404
    assert (await browser.get(f"/events/{draft.id}/seats")).status_code == 404


async def test_an_event_without_seats_has_no_empty_map(browser, api):
    start = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    made = await api.post("/events", an_event(name="Seats follow", start_at=start, end_at=start))
    for path in ("", "/seats"):
        answer = await browser.get(f"/events/{made.json()['id']}{path}")
        page = Document(answer)
        assert "have not been announced yet" in page.text, path
        assert 'id="map"' not in answer.text
        assert "Best seats" not in page.text


async def test_an_empty_list_says_so(browser):
    assert "Nothing is on sale right now" in Document(await browser.get("/events")).text
