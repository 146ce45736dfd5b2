"""The pages of two cells: organisers and buyers notice nothing of them."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from box_office import assert_promises_hold
from holdfast.application.identifiers import cell_of
from web.buyer.reading import Document
from web.organiser.desk import EVENT, field, new_event, published, said
from web.visiting import Browser


@pytest.fixture
async def browser(api):
    async with Browser(str(api.http.base_url)) as browser:
        await browser.sign_in_as_organiser()
        yield browser


def _id_of(path: str) -> str:
    return path.rpartition("/")[2]


def _cell_of(path: str) -> int:
    return cell_of(UUID(_id_of(path)))


def _suggested(page) -> int:
    return int(field(page, "cell").partition(".")[0])


async def test_an_organiser_sells_in_both_cells(browser, two_cells):
    paths = [await published(browser, name=f"Night {number}") for number in range(2)]
    assert sorted(map(_cell_of, paths)) == [0, 1]
    listed = said(await browser.get("/organise"))
    assert "Night 0" in listed
    assert "Night 1" in listed
    shown = said(await browser.get("/events"))
    assert shown.index("Night 0") > 0
    assert shown.index("Night 1") > 0
    for path in paths:
        event = f"/events/{_id_of(path)}"
        form = Document(await browser.get(event)).form("/hold")
        answer = await browser.send(f"{event}/hold", {**form.fields, "best": "1", "count": "2"})
        held = await browser.follow(answer)
        assert "Your seats are held" in said(held)
        reservation = answer.headers["location"].partition("?")[0]
        assert cell_of(UUID(_id_of(reservation))) == _cell_of(path)
        confirmed = await browser.send(f"{reservation}/confirm", Document(held).form("/confirm").fields)
        assert (await browser.follow(confirmed)).status_code == 200
        assert (await browser.get(f"{reservation}/ticket")).status_code == 200
        for tab in ("", "/hall", "/categories", "/channels", "/live", "/reservations", "/export.csv"):
            assert (await browser.get(f"{path}{tab}")).status_code == 200, tab
        for data in ("layout", "bits"):
            assert (await browser.get(f"{event}/map/{data}")).status_code == 200
    mine = said(await browser.get("/reservations"))
    assert "Night 0" in mine
    assert "Night 1" in mine
    for url in two_cells.urls:
        await assert_promises_hold(url)


async def test_a_form_sent_twice_makes_one_event(browser):
    """Each of two nodes could find another cell to be the emptier one, so the form says which one it was shown for."""
    for _ in range(2):
        page = await browser.get("/organise/events/new")
        wish = EVENT | {"form_id": field(page, "form_id"), "cell": field(page, "cell")}
        answers = await asyncio.gather(*(browser.send("/organise/events/new", wish) for _ in range(3)))
        [path] = {answer.headers["location"] for answer in answers}
        assert cell_of(UUID(path.split("/")[3])) == _suggested(page)
    answer = await browser.send("/organise/events/new", EVENT | {"cell": "nowhere"})
    assert answer.status_code == 303


async def test_a_form_chooses_no_cell(browser):
    """Only admins may, by the API: whatever a changed form says of the cell, Holdfast chooses the emptier one."""
    await browser.send("/organise/events/new", EVENT | {"total_seats": "99"})
    page = await browser.get("/organise/events/new")
    number, _, seal = field(page, "cell").partition(".")
    forged = str(1 - int(number))
    for cell in (forged, f"{forged}.", f"{forged}.{seal}", f"{forged}.é", f"{forged}.{'0' * len(seal)}"):
        wish = EVENT | {"form_id": field(page, "form_id"), "cell": cell, "total_seats": "1"}
        answer = await browser.send("/organise/events/new", wish)
        assert cell_of(UUID(answer.headers["location"].split("/")[3])) == int(number), cell


async def test_what_was_suggested_for_one_form_counts_for_no_other(browser):
    first = await browser.get("/organise/events/new")
    await browser.send("/organise/events/new", EVENT | {"total_seats": "99"})
    second = await browser.get("/organise/events/new")
    assert _suggested(second) != _suggested(first)
    wish = EVENT | {"form_id": field(second, "form_id"), "cell": field(first, "cell")}
    answer = await browser.send("/organise/events/new", wish)
    assert cell_of(UUID(answer.headers["location"].split("/")[3])) == _suggested(second)


async def test_a_form_whose_cell_went_away_makes_no_second_event_elsewhere(browser, two_cells):
    """The answer to the first may have been lost with the cell."""
    page = await browser.get("/organise/events/new")
    number = _suggested(page)
    wish = EVENT | {"form_id": field(page, "form_id"), "cell": field(page, "cell")}
    first = await browser.send("/organise/events/new", wish)
    await two_cells.relays[number].go_away()
    assert (await browser.get("/api/v1/events")).headers["missing-cells"] == str(number)
    assert (await browser.send("/organise/events/new", wish)).status_code == 503
    two_cells.relays[number].come_back()
    again = await browser.send("/organise/events/new", wish)
    assert again.headers["location"] == first.headers["location"]


async def test_a_list_that_lacks_a_cell_does_not_say_that_there_is_nothing(browser, two_cells):
    path = await published(browser)
    await two_cells.relays[_cell_of(path)].go_away()
    for list_of, said_if_empty in (
        ("/events", "Nothing is on sale"),
        ("/reservations", "No tickets yet"),
        ("/organise", "Your first event"),
    ):
        page = Document(await browser.get(list_of))
        assert "cannot be shown at the moment" in page.text, list_of
        assert said_if_empty not in page.text
        assert list_of in page.links
    assert "Some of your tickets" in said(await browser.get("/reservations"))
    away = Document(await browser.get(f"/events/{_id_of(path)}"))
    assert "Try again" in away.text
    assert f"/events/{_id_of(path)}" in away.links
    two_cells.relays[_cell_of(path)].come_back()


async def test_a_hall_is_copied_from_one_cell_to_another(browser):
    source = await published(browser, name="First")
    for _ in range(2):
        wish = EVENT | {"name": "Second", "copy": _id_of(source), "with_hall": "on"}
        answer = await browser.send("/organise/events/new", wish)
        copied = answer.headers["location"].removesuffix("/hall")
        if _cell_of(copied) != _cell_of(source):
            break
    assert _cell_of(copied) != _cell_of(source)
    seats = (await browser.get(f"/api/v1/events/{_id_of(copied)}/seats/available/count")).json()
    assert seats == (await browser.get(f"/api/v1/events/{_id_of(source)}/seats/available/count")).json()
    assert {
        cell_of(UUID(seat["id"])) for seat in (await browser.get(f"/api/v1/events/{_id_of(copied)}/seats")).json()
    } == {_cell_of(copied)}


async def test_what_is_not_there_is_a_page_that_says_so(browser):
    for path in ("/events/{}", "/reservations/{}", "/organise/events/{}"):
        for cell in (0, 1):
            unknown = UUID(int=uuid4().int & ~(0xFFF << 64) | cell << 64)
            answer = await browser.get(path.format(unknown))
            assert answer.status_code == 404, path
    assert (await browser.get("/events/x")).status_code == 404


async def test_a_page_of_an_old_event_finds_it_in_cell_0(browser, two_cells):
    """Also a form, which is read again for the second look."""
    path = await new_event(browser)
    if _cell_of(path) == 1:
        path = await new_event(browser, total_seats="1")
    old = UUID(int=UUID(_id_of(path)).int | 1 << 64)
    await two_cells.in_cell(0, "UPDATE events SET id = $2 WHERE id = $1", UUID(_id_of(path)), old)
    answer = await browser.send(f"/organise/events/{old}/hall", {"template": "theatre"})
    assert answer.status_code == 303, said(answer)
    assert (await browser.send(f"/organise/events/{old}/publish", {"published": "yes"})).status_code == 303
    assert (await browser.get(f"/events/{old}")).status_code == 200
    assert await two_cells.in_cell(1, "SELECT 1 FROM seats") == []
    assert len(await two_cells.in_cell(0, "SELECT 1 FROM seats")) > 0


async def test_changes_are_streamed_from_both_cells(api):
    for _ in range(2):
        event_id, seat_ids = await api.event_on_sale(seats=3)
        told = []
        async with asyncio.timeout(20), api.http.stream("GET", f"/api/v1/events/{event_id}/changes") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    told.append(json.loads(line.removeprefix("data: ")))
                    if len(told) == 2:
                        break
                    await api.reserve(event_id, seat_ids[:1])
        assert told[1]["changes"] == [[0, 1]]


async def test_an_organiser_sees_the_sale_of_each_cell(api):
    for _ in range(2):
        event_id, seat_ids = await api.event_on_sale(seats=3)
        held = (await api.reserve(event_id, seat_ids[:2])).json()
        await api.confirm(held["id"])
        sold = (await api.get(f"/events/{event_id}/reservations")).json()
        assert [one["id"] for one in sold] == [held["id"]]
        assert (await api.get(f"/events/{event_id}/sales")).status_code == 200
