"""Forms that are sent twice, as by a double click: the second answers with what the first has made."""

import asyncio
import re

import pytest

from box_office import sql
from holdfast.domain.identity.roles import Role
from web.organiser.desk import EVENT, field, new_event, said, with_hall
from web.organiser.test_hall_builder import AREA
from web.visiting import Browser

CREATING = ("/organise/events/new", "/organise/organisers", "/organise/keys")
"""Pages with a form that makes something under an id that nobody has chosen."""


async def _twice(browser, path: str, fields: dict) -> list:
    """Send a form twice at the same time."""
    return await asyncio.gather(browser.send(path, fields), browser.send(path, fields))


async def _both_saved(browser, path: str, fields: dict) -> bool:
    """Send a form twice at the same time, and once more; the answers lead on."""
    answers = [*await _twice(browser, path, fields), await browser.send(path, fields)]
    return [answer.status_code for answer in answers] == [303, 303, 303]


async def _edition(browser, path: str) -> dict:
    return {"edition": field(await browser.get(path), "edition")}


async def _count(database_url: str, table: str) -> int:
    [(number,)] = await sql(database_url, f"SELECT count(*) FROM {table}")
    return number


async def test_one_event_is_made(desk, database_url):
    form_id = field(await desk.get("/organise/events/new"), "form_id")
    wish = EVENT | {"form_id": form_id}
    first, second = await _twice(desk, "/organise/events/new", wish)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    third = await desk.send("/organise/events/new", wish)  # when it has been stored for long
    assert third.headers["location"] == first.headers["location"]
    assert await _count(database_url, "events") == 1
    assert await _count(database_url, "audit WHERE verb = 'create_event'") == 1


async def test_two_nodes_make_one_event(desk, api_where, database_url):
    wish = EVENT | {"form_id": field(await desk.get("/organise/events/new"), "form_id")}
    async with api_where() as api, Browser(str(api.http.base_url)) as other:
        await other.sign_in_as_organiser()
        answers = await asyncio.gather(
            desk.send("/organise/events/new", wish), other.send("/organise/events/new", wish)
        )
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await _count(database_url, "events") == 1


async def test_somebody_who_goes_back_and_enters_something_else_gets_another_event(desk, database_url):
    form_id = field(await desk.get("/organise/events/new"), "form_id")
    one = await new_event(desk, form_id=form_id)
    other = await new_event(desk, form_id=form_id, name="Second Night")
    assert one != other
    assert await _count(database_url, "events") == 2


@pytest.mark.parametrize("form_id", ["", "x" * 76, "0" * 76, "f" * 76])
async def test_an_id_that_no_form_of_today_has_counts_as_none(desk, form_id):
    assert await new_event(desk, form_id=form_id) != await new_event(desk, form_id=form_id)


async def test_two_organisers_with_the_same_form_make_two_events(firm):
    """Nobody reaches or hinders what somebody else makes, even if they know the form."""
    await firm.organiser("Aoyama Concerts", ann=Role.ORGANISER)
    await firm.organiser("Shibuya Live", ben=Role.ORGANISER)
    async with firm.signed_in("ann") as ann, firm.signed_in("ben") as ben:
        form_id = field(await ann.get("/organise/events/new"), "form_id")
        assert await new_event(ann, form_id=form_id) != await new_event(ben, form_id=form_id)


async def test_one_organiser_is_made(firm, database_url):
    before = await _count(database_url, "organisers")
    async with firm.signed_in("root", admin=True) as root:
        form_id = field(await root.get("/organise/organisers"), "form_id")
        answers = await _twice(root, "/organise/organisers", {"name": "Aoyama Concerts", "form_id": form_id})
        assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await _count(database_url, "organisers") == before + 1
    assert await _count(database_url, "audit WHERE verb = 'create_organiser' AND details->>'name' LIKE 'Aoyama%'") == 1


async def test_one_key_is_made_and_both_answers_show_it(firm, database_url):
    organiser = await firm.organiser(ann=Role.ORGANISER)
    async with firm.signed_in("ann") as ann:
        form_id = field(await ann.get("/organise/keys"), "form_id")
        wish = {"organiser": str(organiser), "name": "Shop", "role": "box_office", "form_id": form_id}
        keys = [re.findall(r'value="(hf_[^"]*)"', answer.text) for answer in await _twice(ann, "/organise/keys", wish)]
        assert keys[0] == keys[1]
        [key] = keys[0]
        headers = {"Authorization": f"Bearer {key}"}
        assert (await firm.api.http.get("/api/v1/me", headers=headers)).status_code == 200
        assert await _count(database_url, "api_keys") == 1
        assert await _count(database_url, "audit WHERE verb = 'create_api_key'") == 1
        another = await ann.send(
            "/organise/keys", wish | {"form_id": field(await ann.get("/organise/keys"), "form_id")}
        )
        assert re.findall(r'value="(hf_[^"]*)"', another.text) not in ([], [key])


async def test_one_member_is_added(firm, database_url):
    organiser = await firm.organiser(ann=Role.ORGANISER)
    async with firm.signed_in("ann") as ann:
        wish = {"organiser": str(organiser), "user_id": "account:ben", "role": "box_office"}
        answers = await _twice(ann, "/organise/members", wish)
        assert [answer.status_code for answer in answers] == [303, 303]
    assert await _count(database_url, "members") == 2


async def test_one_channel_is_made(desk, database_url):
    path = await with_hall(desk)
    wish = {"name": "Fan club", "access_code": "FAN", "opens": ""}
    for answer in [*await _twice(desk, f"{path}/channels", wish), await desk.send(f"{path}/channels", wish)]:
        assert answer.status_code == 303, said(answer)
        assert answer.headers["location"] == f"{path}/channels/fan-club"
    assert await _count(database_url, "channels") == 1
    other = await desk.send(f"{path}/channels", wish | {"access_code": "OTHER"})
    assert other.headers["location"] == f"{path}/channels/fan-club-2"


async def test_a_form_that_says_what_it_changes_finds_it_changed_by_the_first_click(desk):
    """That is no reason to tell of somebody else who has changed it."""
    path = await new_event(desk)
    begin = {"template": "theatre", "edition": field(await desk.get(f"{path}/hall"), "edition")}
    assert await _both_saved(desk, f"{path}/hall", begin)
    section = AREA | {"name": "Lawn", "edition": field(await desk.get(f"{path}/hall/sections/new"), "edition")}
    assert await _both_saved(desk, f"{path}/hall/sections/new", section)
    assert said(await desk.get(f"{path}/hall")).count("Lawn") == 1
    details = EVENT | {"name": "Closing Night", "edition": field(await desk.get(path), "edition")}
    assert await _both_saved(desk, path, details)
    assert (await desk.send(path, details | {"name": "Third Night"})).status_code == 409


async def test_prices_and_an_imported_hall_are_saved_once(desk):
    path = await new_event(desk)
    price = {"key": "", "name": "Stalls", "color": "#1f6feb", "price": "1234"}
    assert await _both_saved(desk, f"{path}/categories", price | await _edition(desk, f"{path}/categories"))
    rows = "section,row,number,category,price,x,y,accessible\nStalls,A,1,Stalls,,0,0,\n"
    imported = {"format": "csv", "document": rows} | await _edition(desk, f"{path}/hall/import")
    assert await _both_saved(desk, f"{path}/hall/import", imported)


async def test_every_form_that_makes_something_has_an_id(firm):
    await firm.organiser(ann=Role.ORGANISER)
    async with firm.signed_in("ann", admin=True) as ann:
        for path in CREATING:
            page = await ann.get(path)
            if "Which organiser?" in said(page):
                page = await ann.get(re.search(rf'href="({path}\?organiser=[^"]*)"', page.text)[1])
            assert len({field(page, "form_id"), field(await ann.get(str(page.url.raw_path, "ascii")), "form_id")}) == 2
