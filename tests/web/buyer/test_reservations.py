"""What a buyer does with a hold: confirm, extend, change, let go; and what they see when it has ended."""

from uuid import UUID

import pytest

from box_office import let_holds_run_out
from web.buyer.reading import Document


@pytest.fixture
async def hold(browser, show) -> str:
    """The address of a hold of two seats."""
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    seats = [show.seat("C", 7), show.seat("C", 8)]
    answer = await browser.send(f"/events/{show.id}/hold", {**form.fields, "seats": seats})
    return answer.headers["location"]


async def acted(browser, hold, verb):
    """Press a button of a reservation's page."""
    form = Document(await browser.get(hold)).form(f"/{verb}")
    return await browser.send(form.action, form.fields)


async def test_a_confirmed_hold_has_a_ticket_for_each_seat(browser, hold):
    booked = Document(await browser.follow(await acted(browser, hold, "confirm")))
    assert "Your tickets are ready" in booked.text
    assert f"{hold}/ticket" in booked.links
    answer = await browser.get(f"{hold}/ticket")
    tickets = Document(answer)
    assert answer.text.count('<svg class="qr"') == 2
    assert "Section Stalls Row C Seat 7 Ticket 1 of 2" in tickets.text
    assert "HF1-" in tickets.text


async def test_whose_tickets_they_are_is_known_for_a_year_from_the_last_look_at_them(browser, hold):
    """The cookie may be from a visit a year ago, and the tickets from last week."""
    cookies = (await browser.get(hold)).headers.get_list("set-cookie")
    [guest] = [cookie for cookie in cookies if "holdfast-guest=" in cookie]
    assert browser.http.cookies["holdfast-guest"] in guest
    assert "Max-Age=31536000" in guest


async def test_confirming_twice_is_confirming_once(browser, hold):
    form = Document(await browser.get(hold)).form("/confirm")
    for _ in range(2):
        assert (await browser.send(form.action, form.fields)).status_code == 303


async def test_a_hold_that_is_not_confirmed_has_no_tickets(browser, hold):
    assert (await browser.get(f"{hold}/ticket")).headers["location"] == hold


async def test_a_hold_is_extended_once_per_page_and_twice_in_all(browser, hold):
    first = Document(await browser.get(hold)).form("/extend")
    for _ in range(2):
        assert (await browser.send(first.action, first.fields)).status_code == 303
    page = Document(await browser.get(hold))
    assert "You can extend this hold once more." in page.text
    await acted(browser, hold, "extend")
    page = Document(await browser.get(hold))
    assert not page.has_form("/extend")
    assert (await browser.send(f"{hold}/extend", {"expires_at": "soon"})).status_code == 400


async def test_seats_are_changed_all_at_once(browser, house, show, hold):
    change = f"/events/{show.id}?change={hold.rpartition('/')[2]}"
    assert change in Document(await browser.get(hold)).links
    form = Document(await browser.get(change)).form("/change")
    wanted = {**form.fields, "seats": [show.seat("C", 8), show.seat("C", 9)]}
    changed = Document(await browser.follow(await browser.send(form.action, wanted)))
    assert "Row C, seat 9" in changed.text
    assert await house.taken(show) == {"stalls-C-8", "stalls-C-9"}
    listed = Document(await browser.get(f"/events/{show.id}/seats?section=stalls&change={hold.rpartition('/')[2]}"))
    assert "checked" in listed.boxes[show.seat("C", 8)]


async def test_a_change_that_fails_leaves_the_hold_as_it_is(browser, house, show, hold):
    await house.sell(show, show.seat("C", 9))
    answer = await browser.send(f"{hold}/change", {"seats": [show.seat("C", 8), show.seat("C", 9)]})
    assert answer.status_code == 409
    assert "Somebody else has just taken Stalls, row C, seat 9." in Document(answer).text
    assert await house.taken(show) == {"stalls-C-7", "stalls-C-8", "stalls-C-9"}
    form = Document(answer).form("/change")
    assert (await browser.send(form.action, form.fields)).status_code == 303


async def test_seats_that_are_let_go_can_be_held_again(browser, house, show, hold):
    gone = Document(await browser.follow(await acted(browser, hold, "cancel")))
    assert "You have released these seats" in gone.text
    assert "The same seats are still free." in gone.text
    assert await house.taken(show) == set()
    again = gone.form("/hold")
    now = Document(await browser.follow(await browser.send(again.action, again.fields)))
    assert "Your seats are held" in now.text
    assert await house.taken(show) == {"stalls-C-7", "stalls-C-8"}


async def test_a_hold_that_has_run_out_says_so_and_offers_what_is_still_free(browser, house, show, hold, database_url):
    await let_holds_run_out(database_url, UUID(hold.rpartition("/")[2]))
    await house.sell(show, show.seat("C", 8))
    ended = Document(await browser.get(hold))
    assert "Your hold has ended" in ended.text
    assert "Somebody else has 1 of them now." in ended.text
    assert ended.form("/hold").fields["seats"] == [show.seat("C", 7)]
    for verb in ("confirm", "extend"):
        fields = {"expires_at": "2026-01-01T00:00:00+00:00"}
        answer = await browser.send(f"{hold}/{verb}", fields)
        assert answer.status_code == 409
        assert "Your hold has ended" in Document(answer).text


async def test_all_reservations_are_under_my_tickets(browser, hold):
    page = Document(await browser.get("/reservations"))
    assert "Held for you" in page.text
    assert "2 seats · ¥16,000" in page.text
    await acted(browser, hold, "confirm")
    assert "Booked" in Document(await browser.get("/reservations")).text
    assert (await browser.get("/reservations?page=7")).status_code == 200


async def test_a_guest_who_has_nothing_is_shown_the_way(browser):
    page = Document(await browser.get("/reservations"))
    assert "No tickets yet" in page.text
    assert "/events" in page.links
