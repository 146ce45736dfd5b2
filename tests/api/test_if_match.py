"""Entity tags of one event: edits and deletions that depend on what the caller has seen."""

import asyncio
from uuid import UUID

import pytest

from api.serving import refused
from box_office import event_locked, sql
from builders import an_event

EDITORS = 6
WAITING = (
    "SELECT count(*) AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
"""As many wait for the lock as the catalogue has connections; the other editors wait for those."""


@pytest.fixture
async def event(api):
    """An event that was just created: its path and its tag."""
    created = await api.post("/events", an_event())
    return f"/events/{created.json()['id']}", created.headers["etag"]


async def edit(api, path, tag, **details):
    return await api.put(path, an_event(**details), headers={} if tag is None else {"If-Match": tag})


async def test_a_tag_changes_with_every_edit_and_not_with_sales(api):
    event_id, seat_ids = await api.event_on_sale(seats=2)
    path = f"/events/{event_id}"
    before = await api.get(path)
    await api.reserve(event_id, seat_ids[:1])
    after = await api.get(path)
    assert after.headers["etag"] == before.headers["etag"]
    assert after.headers["event-version"] != before.headers["event-version"]
    edited = await edit(api, path, None, name="Other")
    assert edited.headers["etag"] != before.headers["etag"]
    assert (await api.get(path)).headers["etag"] == edited.headers["etag"]


async def test_who_has_the_event_is_not_sent_it_again(api, event):
    path, tag = event
    known = await api.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    await edit(api, path, None)
    assert (await api.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_an_edit_of_a_state_that_is_gone_changes_nothing(api, event):
    path, tag = event
    edited = await edit(api, path, tag, name="Mine")
    assert (edited.status_code, edited.json()["name"]) == (200, "Mine")
    lost = await edit(api, path, tag, name="Theirs")
    refused(lost, 412, "precondition_failed")
    assert lost.headers["event-version"] == edited.headers["event-version"]
    refused(await api.delete(path, headers={"If-Match": tag}), 412, "precondition_failed")
    assert (await api.get(path)).json() == edited.json()
    assert (await api.delete(path, headers={"If-Match": edited.headers["etag"]})).status_code == 204
    refused(await edit(api, path, "*"), 404, "event_not_found")


@pytest.mark.parametrize("form", ["*", '"a,b", {tag}', ',, {tag} ,\t"x"', '{tag}, W/"x"', 'W/"x",{tag}'])
async def test_what_matches(api, event, form):
    path, tag = event
    assert (await edit(api, path, form.format(tag=tag))).status_code == 200


@pytest.mark.parametrize("form", ["W/{tag}", '"a{inner}"', '"{inner}"', '""', '"*"', '"x", W/{tag}'])
async def test_what_does_not_match(api, event, form):
    path, tag = event
    form = form.format(tag=tag, inner=tag.strip('"').removeprefix("event-"))
    refused(await edit(api, path, form), 412, "precondition_failed")


@pytest.mark.parametrize("form", ["", "{bare}", '*, "a"', '"a" "b"', '"a', 'w/"a"', ",", '"a b"'])
async def test_what_is_no_list_of_tags(api, event, form):
    path, tag = event
    for answer in (
        await edit(api, path, form.format(bare=tag.strip('"'))),
        await api.delete(path, headers={"If-Match": form.format(bare=tag.strip('"'))}),
    ):
        assert refused(answer, 400, "invalid_request")["field"] == "If-Match"


async def test_of_editors_who_have_seen_the_same_exactly_one_wins(api, event, database_url):
    """Two wait for the event's lock: a decision before it would let both win."""
    path, tag = event
    async with event_locked(database_url, UUID(path.rpartition("/")[2])):
        edits = [asyncio.create_task(edit(api, path, tag, name=f"Editor {place}")) for place in range(EDITORS)]
        while (await sql(database_url, WAITING))[0]["waiting"] < 2:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
    answers = await asyncio.gather(*edits)
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (EDITORS - 1)
    [won] = [answer for answer in answers if answer.status_code == 200]
    assert (await api.get(path)).json() == won.json()
