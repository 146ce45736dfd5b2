"""Each refusal is a sentence that says what to do next, on the page from which the form was sent."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from builders import a_hall, a_row, a_section
from holdfast.domain.booking.reservation import SEATS_MAX
from pages.house import House
from web.buyer.reading import Document
from web.visiting import Browser

THIRTEEN = {"best": "1", "count": "13", "together": "1"}
"""More than a row has."""


async def held(browser, show, **wanted):
    """Send the form of an event's page; return the answer and the page that it is."""
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    answer = await browser.send(f"/events/{show.id}/hold", {**form.fields, **wanted})
    return answer, Document(answer)


async def test_a_seat_that_is_gone_is_named_and_the_nearest_equals_are_offered(browser, house, show):
    gone, kept = show.seat("C", 6), show.seat("C", 5)
    await house.sell(show, gone)
    answer, page = await held(browser, show, seats=[kept, gone])
    assert answer.status_code == 409
    assert "Somebody else has just taken Stalls, row C, seat 6." in page.text
    assert "The nearest free seat at the same price: Row C, seat 7." in page.text
    offer = page.form("/hold")
    assert offer.fields["seats"] == [kept, show.seat("C", 7)]
    now = Document(await browser.follow(await browser.send(offer.action, offer.fields)))
    assert "Row C, seat 5" in now.text
    assert "Row C, seat 7" in now.text


async def test_of_far_too_many_seats_the_first_stay_chosen(browser, show):
    """As many as a form has room for: the answer is no larger than that to a few."""
    listed = Document(await browser.get(f"/events/{show.id}/seats?section=stalls"))
    wanted = [*listed.boxes][: SEATS_MAX + 5] + [str(uuid4()) for _ in range(1_200)]
    answer = await browser.send(f"/events/{show.id}/hold", {**listed.form("/hold").fields, "seats": wanted})
    page = Document(answer)
    assert answer.status_code == 400
    assert "Those are too many seats at once." in page.text
    assert [seat for seat, box in page.boxes.items() if "checked" in box] == wanted[:SEATS_MAX]


async def test_it_is_said_in_the_readers_language(house, show):
    await house.sell(show, show.seat("C", 6))
    async with Browser(house.origin, language="ja") as browser:
        _, page = await held(browser, show, seats=show.seat("C", 6))
    assert "Stalls C列 6番は、ほかのお客様が確保されました。" in page.text


async def test_the_list_shows_a_refusal_on_itself(browser, house, show):
    await house.sell(show, show.seat("C", 6))
    listed = Document(await browser.get(f"/events/{show.id}/seats?section=stalls")).form("/hold")
    wanted = {**listed.fields, "seats": [show.seat("C", 6), show.seat("C", 5)]}
    answer = await browser.send(f"/events/{show.id}/hold", wanted)
    assert answer.status_code == 409
    page = Document(answer)
    assert "checked" in page.boxes[show.seat("C", 5)]
    assert "disabled" in page.boxes[show.seat("C", 6)]
    assert "Somebody else has just taken" in page.text


@pytest.mark.parametrize(
    ("wanted", "status", "sentence"),
    [
        ({"seats": []}, 400, "You have not chosen any seats yet."),
        ({"best": "1", "count": "0"}, 400, "Say how many seats you need, from 1 to 20."),
        ({"best": "1", "count": "99"}, 400, "Say how many seats you need, from 1 to 20."),
        ({"best": "1", "count": "many"}, 400, "Say how many seats you need, from 1 to 20."),
        (
            {"best": "1", "count": "13", "where": "category:standard", "together": "1"},
            409,
            "There are no 13 free seats side by side.",
        ),
        ({"best": "1", "count": "2", "where": "category:none"}, 400, "Something in the form cannot be right."),
    ],
)
async def test_a_wish_that_cannot_be_met(browser, show, wanted, status, sentence):
    answer, page = await held(browser, show, **wanted)
    assert answer.status_code == status
    assert sentence in page.text


async def test_fewer_seats_are_left_than_are_wanted(browser, house, show):
    await house.sell(show, *[show.seat(row, number) for row in "AB" for number in range(1, 11)])
    answer, page = await held(browser, show, best="1", count="5", where="category:premium")
    assert answer.status_code == 409
    assert "Only 4 seats like these are free." in page.text


async def test_places_of_an_area_cannot_be_chosen_one_by_one(browser, show):
    answer, page = await held(browser, show, seats=[show.seats["floor-1"], show.seat("A", 1)])
    assert answer.status_code == 409
    assert "Places in Floor have no numbers." in page.text


async def test_seats_that_are_not_there(browser, show):
    answer, page = await held(browser, show, seats="01a21a52-3558-79c3-9735-6fa9f13e157a")
    assert answer.status_code == 404
    assert "The hall plan has changed since you chose." in page.text
    answer, _ = await held(browser, show, seats="seat 7")
    assert answer.status_code == 400


async def test_the_purchase_limit_says_what_one_has_and_what_is_left(browser, house):
    show = await house.show(max_seats_per_buyer=3)
    answer, _ = await held(browser, show, best="1", count="2")
    assert answer.status_code == 303
    answer, page = await held(browser, show, seats=[show.seat("F", 1), show.seat("F", 2)])
    assert answer.status_code == 409
    assert "One buyer can have 3 seats of this event. You have 2, so choose at most 1 more." in page.text


async def test_before_the_opening_the_page_says_when(browser, house):
    opens = datetime.now(UTC) + timedelta(days=1)
    show = await house.show(sale_opens_at=opens.isoformat())
    page = Document(await browser.get(f"/events/{show.id}"))
    assert "Tickets go on sale" in page.text
    answer, page = await held(browser, show, best="1", count="2")
    assert answer.status_code == 409
    assert "The sale has not opened yet." in page.text
    assert await house.taken(show) == set()


async def test_after_the_end_of_the_sale_nothing_can_be_held(browser, house):
    await browser.get(f"/events/{(await house.show()).id}")
    show = await house.show(sale_closes_at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    page = Document(await browser.get(f"/events/{show.id}"))
    assert "Booking closed on" in page.text
    assert not page.has_form("/hold")
    answer = await browser.send(f"/events/{show.id}/hold", {"seats": show.seat("A", 1)})
    assert answer.status_code == 409
    assert "Booking for this event has closed." in Document(answer).text


async def test_a_companions_seat_is_sold_with_the_space_beside_it(browser, house):
    exceptions = [{"seats": ["1"], "accessible": True}, {"seats": ["2"], "companion_of": "1"}]
    rows = a_row("A", 6, exceptions=exceptions)
    show = await house.show(hall=a_hall(a_section("stalls", rows, name="Stalls", category="standard")))
    answer, page = await held(browser, show, seats=show.seat("A", 2))
    assert answer.status_code == 409
    assert "Stalls, row A, seat 2: for somebody who comes along with a wheelchair user." in page.text
    offer = page.form("/hold")
    assert offer.fields["seats"] == [show.seat("A", 2), show.seat("A", 1)]
    assert (await browser.send(offer.action, offer.fields)).status_code == 303


async def test_a_channels_code_opens_its_seats(browser, house, api):
    show = await house.show()
    await api.put(f"/events/{show.id}/channels/club", {"name": "Club", "access_code": "open sesame"})
    await api.post(f"/events/{show.id}/channels/club/seats", {"rows": [{"section": "stalls", "row": "A"}]})
    page = Document(await browser.get(f"/events/{show.id}"))
    assert "Access code" in page.text
    wanted = {"best": "1", "count": "14", "where": "category:premium"}
    answer, _ = await held(browser, show, **wanted)
    assert answer.status_code == 409
    answer, _ = await held(browser, show, **wanted, code="open sesame")
    assert answer.status_code == 303, answer.text


async def test_too_many_wrong_codes_say_how_long_to_wait(browser, show, api):
    await api.put(f"/events/{show.id}/channels/club", {"name": "Club", "access_code": "open sesame"})
    form = Document(await browser.get(f"/events/{show.id}")).form("/hold")
    for number in range(12):
        wanted = {**form.fields, "best": "1", "count": str(number + 1), "code": f"wrong {number}"}
        answer = await browser.send(f"/events/{show.id}/hold", wanted)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many wrong access codes" in Document(answer).text


async def test_too_many_holds_say_how_long_to_wait(api_where, database_url):
    async with (
        api_where(holds_per_address_minute=1, redis_call_seconds=2) as api,
        Browser(str(api.http.base_url)) as browser,
    ):
        show = await House(str(api.http.base_url), api, database_url).show()
        assert (await held(browser, show, seats=show.seat("A", 1)))[0].status_code == 303
        answer, page = await held(browser, show, seats=show.seat("A", 2))
    assert answer.status_code == 429
    assert "then press the button again. Your choice stays." in page.text
