"""From an event to a hold, by map, list and best available, and what happens when a form is sent twice."""

import asyncio

from holdfast.web.buyer.seats import SEATS_MAX
from web.buyer.reading import Document


async def test_seats_that_are_chosen_are_held_and_shown_as_ones_own(browser, house, show):
    page = Document(await browser.get(f"/events/{show.id}"))
    seats = [show.seat("C", 7), show.seat("C", 8)]
    answer = await browser.send(f"/events/{show.id}/hold", {**page.form("/hold").fields, "seats": seats})
    held = Document(await browser.follow(answer))
    assert "Your seats are held" in held.text
    assert "Row C, seat 7 Stalls · Standard ¥8,000" in held.text
    assert "Total ¥16,000" in held.text
    assert await house.taken(show) == {"stalls-C-7", "stalls-C-8"}
    again = Document(await browser.get(f"/events/{show.id}"))
    assert "You hold 2 seats of this event." in again.text


async def test_the_length_of_a_hold_is_said_before_holding(browser, show):
    assert "We keep them for you for 15 minutes." in Document(await browser.get(f"/events/{show.id}")).text


async def test_a_double_click_is_one_order(browser, house, show):
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    wanted = {**form.fields, "best": "1", "count": "2"}
    answers = await asyncio.gather(*(browser.send(f"/events/{show.id}/hold", wanted) for _ in range(3)))
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await house.taken(show)) == 2


async def test_the_same_seats_from_a_page_that_was_loaded_again_are_the_same_order(browser, house, show):
    """The answer was lost, and with the page its key."""
    wanted = {"seats": [show.seat("E", 1), show.seat("E", 2)]}
    places = set()
    for _ in range(2):
        form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
        places.add((await browser.send(form.action, {**form.fields, **wanted})).headers["location"])
    assert len(places) == 1
    wanted["seats"].append(show.seat("E", 3))
    answer = await browser.send(f"/events/{show.id}/hold", wanted)
    assert answer.status_code == 409
    assert "You have Stalls, row E, seat 1 and Stalls, row E, seat 2 already." in Document(answer).text
    assert len(await house.taken(show)) == 2


async def test_another_choice_on_the_same_page_is_another_order(browser, house, show):
    """Somebody goes back to the page, whose key was used, and chooses again."""
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    for number in (1, 2):
        answer = await browser.send(f"/events/{show.id}/hold", {**form.fields, "seats": show.seat("D", number)})
        assert answer.status_code == 303, answer.text
    assert await house.taken(show) == {"stalls-D-1", "stalls-D-2"}


async def test_the_best_seats_of_a_category_are_together(browser, house, show):
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    wanted = {**form.fields, "best": "1", "count": "4", "where": "category:premium", "together": "1"}
    held = Document(await browser.follow(await browser.send(f"/events/{show.id}/hold", wanted)))
    taken = sorted(int(number.rpartition("-")[2]) for number in await house.taken(show))
    assert taken == list(range(taken[0], taken[0] + 4))
    assert "Premium ¥12,000" in held.text


async def test_places_of_an_area_are_held_by_their_number(browser, house, show):
    page = Document(await browser.get(f"/events/{show.id}"))
    assert "Floor, ¥5,000" in page.text
    wanted = {**page.form("/hold").fields, "best": "1", "count": "3", "where": "area:floor"}
    held = Document(await browser.follow(await browser.send(f"/events/{show.id}/hold", wanted)))
    assert "Floor" in held.text
    assert "Total ¥15,000" in held.text
    assert {number.partition("-")[0] for number in await house.taken(show)} == {"floor"}


async def test_the_list_has_a_box_for_each_seat_of_a_section(browser, house, show):
    await house.hold(show, show.seat("A", 3))
    page = Document(await browser.get(f"/events/{show.id}/seats?section=stalls"))
    assert len(page.boxes) == 72
    assert "disabled" in page.boxes[show.seat("A", 3)]
    assert "disabled" not in page.boxes[show.seat("A", 4)]
    assert "Row A ¥12,000" in page.text
    assert "3 , taken 4 , free" in page.text
    wanted = {**page.form("/hold").fields, "seats": [show.seat("A", 4), show.seat("A", 5)]}
    held = Document(await browser.follow(await browser.send(f"/events/{show.id}/hold", wanted)))
    assert "Row A, seat 4" in held.text
    mine = Document(await browser.get(f"/events/{show.id}/seats?section=stalls"))
    assert "4 , yours" in mine.text


async def test_a_list_of_very_many_seats_comes_in_parts(browser, api):
    count = 2 * SEATS_MAX + 100
    event_id, seat_ids = await api.event_on_sale(seats=count, total_seats=count)
    first = Document(await browser.get(f"/events/{event_id}/seats"))
    assert set(first.boxes) == set(seat_ids[:SEATS_MAX])
    last = Document(await browser.get(f"/events/{event_id}/seats?section=0&from={2 * SEATS_MAX}"))
    assert set(last.boxes) == set(seat_ids[2 * SEATS_MAX :])
    assert (await browser.get(f"/events/{event_id}/seats?section=none&from=-1")).status_code == 200


async def test_a_guest_does_not_see_the_holds_of_another(browser, another_browser, show):
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    answer = await browser.send(f"/events/{show.id}/hold", {**form.fields, "seats": show.seat("B", 1)})
    where = answer.headers["location"]
    assert (await another_browser.get(where)).status_code == 404
    await another_browser.get(f"/events/{show.id}")
    for verb in ("confirm", "cancel", "extend", "change"):
        assert (await another_browser.send(f"{where}/{verb}")).status_code == 404
    assert (await browser.get(where)).status_code == 200


async def test_a_browser_without_cookies_is_told_so(another_browser, show):
    answer = await another_browser.send(f"/events/{show.id}/hold", {"seats": show.seat("B", 1)})
    assert answer.status_code == 400
    assert "cookie" in Document(answer).text.lower()
