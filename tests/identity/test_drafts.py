"""Drafts: events that are not published are seen by the members of their organiser, and by nobody else."""

from uuid import UUID

import pytest

from api.serving import api_with, refused
from box_office import sql
from builders import a_seat, a_wish, an_event, numbered_seats
from holdfast.application.booking.access_codes import TRIES_MAX
from holdfast.application.identity import api_keys, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN

READS = ("", "/seats", "/seats/available/count", "/seat-map", "/availability", "/changes")
BUYER = {"X-User-ID": "ann"}


@pytest.fixture
async def shop(database_url, identity):
    """Serve two organisers; yield the API, and the headers of a key of each role by name."""
    named = {"nobody": {}}
    ours, theirs = [(await organisers.create_organiser(identity, ADMIN, name=name)).id for name in ("Ours", "Theirs")]
    keys = (
        ("buyer", Role.BUYER, ours),
        ("box office", Role.BOX_OFFICE, ours),
        ("organiser", Role.ORGANISER, ours),
        ("others", Role.ORGANISER, theirs),
        ("admin", Role.ADMIN, None),
    )
    for name, role, organiser_id in keys:
        wish = KeyWish(name=name, role=role, organiser_id=organiser_id, expires_at=None)
        _, key = await api_keys.create_api_key(identity, ADMIN, wish)
        named[name] = {"Authorization": f"Bearer {key.text}"}
    issuer = '{"shop": {"issuer": "http://127.0.0.1:9", "audience": "shop"}}'
    async with api_with(database_url=database_url, auth_mode="tokens", oidc_issuers=issuer) as api:
        yield api, named


async def a_draft(api, headers, seats=3):
    created = await api.post("/events", an_event(published=False), headers=headers)
    assert (created.status_code, created.json()["published"]) == (201, False)
    event_id = created.json()["id"]
    added = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=seats), headers=headers)
    return event_id, [seat["id"] for seat in added.json()]


async def seen(api, headers, event_id, seat_ids):
    """Return whether a caller sees an event everywhere (True) or nowhere (False)."""
    answers = [
        await api.call("HEAD" if part == "/changes" else "GET", f"/events/{event_id}{part}", headers=headers)
        for part in READS
    ]
    answers.append(await api.get(f"/seats/{seat_ids[0]}", headers=headers))
    listed = [event["id"] for event in (await api.get("/events", headers=headers)).json()]
    [found] = {answer.status_code == 200 for answer in answers} | {event_id in listed}
    assert {answer.status_code for answer in answers} == {200 if found else 404}
    return found


async def test_only_its_organisers_members_and_admins_see_a_draft(shop):
    api, named = shop
    event_id, seat_ids = await a_draft(api, named["organiser"])
    for _ in range(2):  # the second time everything that is kept is there
        found = {name: await seen(api, headers, event_id, seat_ids) for name, headers in named.items()}
        assert [name for name, is_seen in found.items() if is_seen] == ["box office", "organiser", "admin"]
    published = await api.put(f"/events/{event_id}", an_event(published=None), headers=named["organiser"])
    assert published.json()["published"] is True
    assert all([await seen(api, headers, event_id, seat_ids) for headers in named.values()])
    await api.put(f"/events/{event_id}", an_event(published=False), headers=named["organiser"])
    assert not await seen(api, named["buyer"], event_id, seat_ids)


async def test_what_strangers_are_told_is_what_they_are_told_of_no_event(shop):
    api, named = shop
    event_id, seat_ids = await a_draft(api, named["organiser"])
    unknown = str(UUID(int=7))
    for headers in (named["nobody"], named["others"]):
        for path in (f"/events/{{}}{part}" for part in READS if part != "/changes"):
            problem = refused(await api.get(path.format(event_id), headers=headers), 404, "event_not_found")
            other = refused(await api.get(path.format(unknown), headers=headers), 404, "event_not_found")
            assert problem.keys() == other.keys()
        refused(await api.get(f"/seats/{seat_ids[0]}", headers=headers), 404, "seat_not_found")
    edit = await api.put(f"/events/{event_id}", an_event(), headers=named["others"])
    refused(edit, 404, "event_not_found")
    refused(await api.delete(f"/events/{event_id}", headers=named["others"]), 404, "event_not_found")
    refused(await api.post(f"/events/{event_id}/seats", a_seat(), headers=named["others"]), 404, "event_not_found")


def without_its_own(answer, event_id, seat_id) -> tuple:
    """Return what an answer shows, with everything left out that differs between any two requests."""
    own = {"date", "x-request-id", "content-length"}
    headers = {name: text for name, text in answer.headers.items() if name not in own}
    body = answer.text.replace(answer.headers["x-request-id"], "").replace(event_id, "").replace(seat_id, "")
    return answer.status_code, headers, body


async def test_no_request_of_a_stranger_tells_a_draft_from_no_event(shop):
    api, named = shop
    draft, seat_ids = await a_draft(api, named["organiser"])
    held = a_wish(event_id=draft, seat_ids=seat_ids[:1])
    assert (await api.post("/reservations", held, headers=named["box office"] | BUYER)).status_code == 201
    bodies = (("POST", "/reservations", None), ("PUT", "", {}), ("PUT", "", an_event()), ("DELETE", "", None))
    seats = (("POST", "/seats", {}), ("POST", "/seats/bulk", {}), ("POST", "/seats/bulk", numbered_seats(count=1)))
    for name in ("nobody", "buyer", "others"):
        for method, part, body in (*bodies, *seats):
            for conditions in ({}, {"If-Match": "nonsense"}, {"If-Match": '"event-1"'}):
                told = []
                for event_id, seat_id in ((draft, seat_ids[0]), (str(UUID(int=7)), str(UUID(int=8)))):
                    path = part if part == "/reservations" else f"/events/{event_id}{part}"
                    wish = a_wish(event_id=event_id, seat_ids=[seat_id], idempotency_key="k") if path == part else body
                    answer = await api.call(method, path, wish, headers=named[name] | conditions)
                    told.append(without_its_own(answer, event_id, seat_id))
                assert told[0] == told[1], (name, method, part, body, conditions)


async def test_guessing_access_codes_does_not_tell_a_draft_from_no_event(shop):
    api, named = shop
    draft, seat_ids = await a_draft(api, named["organiser"])
    channel = f"/events/{draft}/channels/fans"
    coded = await api.put(channel, {"name": "Fans", "access_code": "sesame"}, headers=named["organiser"])
    assert coded.status_code == 200
    await api.post(f"{channel}/seats", {"seat_ids": seat_ids}, headers=named["organiser"])
    for event_id, seat_id in ((draft, seat_ids[0]), (str(UUID(int=7)), str(UUID(int=8)))):
        for number in range(TRIES_MAX + 2):
            wish = a_wish(event_id=event_id, seat_ids=[seat_id], idempotency_key=f"k{number}")
            guess = await api.post("/reservations", wish | {"access_code": "guess"}, headers=named["buyer"])
            refused(guess, 404, "event_not_found")
            code = {"X-Access-Code": "guess"}
            listed = await api.get(f"/events/{event_id}/channels/fans/seats", headers=named["buyer"] | code)
            refused(listed, 404, "event_not_found")


async def test_of_a_draft_only_its_own_box_office_holds_seats(shop):
    api, named = shop
    event_id, seat_ids = await a_draft(api, named["organiser"])

    async def hold(name, seat_id):
        wish = a_wish(event_id=event_id, seat_ids=[seat_id], idempotency_key=f"key {name}")
        headers = named[name] | ({} if name == "buyer" else BUYER)
        return await api.post("/reservations", wish, headers=headers)

    refused(await hold("buyer", seat_ids[0]), 404, "event_not_found")
    refused(await hold("others", seat_ids[0]), 404, "event_not_found")
    assert (await hold("box office", seat_ids[0])).status_code == 201
    await api.put(f"/events/{event_id}", an_event(published=True), headers=named["organiser"])
    held = await hold("buyer", seat_ids[1])
    assert held.status_code == 201
    await api.put(f"/events/{event_id}", an_event(published=False), headers=named["organiser"])
    again = await hold("buyer", seat_ids[1])
    assert (again.status_code, again.json()["id"]) == (201, held.json()["id"]), "what was held stays held"


async def test_an_edit_that_leaves_it_out_keeps_a_draft_a_draft(shop):
    api, named = shop
    event_id, _ = await a_draft(api, named["organiser"])
    edited = await api.put(f"/events/{event_id}", an_event(name="Other"), headers=named["organiser"])
    assert (edited.json()["name"], edited.json()["published"]) == ("Other", False)


async def test_in_open_mode_everybody_sees_drafts_and_nobody_holds_their_seats(database_url):
    async with api_with(database_url=database_url) as api:
        event_id, seat_ids = await api.event_on_sale(seats=1, published=False)
        assert await seen(api, {}, event_id, seat_ids)
        refused(await api.reserve(event_id, seat_ids), 404, "event_not_found")
        await api.put(f"/events/{event_id}", an_event(published=True))
        assert (await api.reserve(event_id, seat_ids)).status_code == 201


async def test_there_are_no_drafts_while_nodes_may_be_running_that_would_show_them(database_url):
    async with api_with(database_url=database_url) as api:
        await sql(database_url, "UPDATE installation SET finished = '0005'")
        problem = refused(await api.post("/events", an_event(published=False)), 409, "upgrade_unfinished")
        assert problem["field"] == "published"
        assert (await api.post("/events", an_event(published=True))).status_code == 201


async def test_the_streams_of_strangers_end_when_an_event_is_taken_back(shop):
    api, named = shop
    event_id, seat_ids = await a_draft(api, named["organiser"])
    await api.put(f"/events/{event_id}", an_event(published=True), headers=named["organiser"])
    url = f"/api/v1/events/{event_id}/changes"
    async with (
        api.http.stream("GET", url) as of_nobody,
        api.http.stream("GET", url, headers=named["others"]) as of_others,
        api.http.stream("GET", url, headers=named["box office"]) as of_ours,
    ):
        ours = of_ours.aiter_lines()
        assert await anext(ours) == "event: hello"
        await api.put(f"/events/{event_id}", an_event(published=False), headers=named["organiser"])
        for stream in (of_nobody, of_others):
            lines = [line async for line in stream.aiter_lines()]
            assert [line for line in lines if line.startswith("event: ")] == ["event: hello", "event: deleted"]
        wish = a_wish(event_id=event_id, seat_ids=seat_ids[:1])
        assert (await api.post("/reservations", wish, headers=named["box office"] | BUYER)).status_code == 201
        while '"changes":[[0,1]]' not in (line := await anext(ours)).replace(" ", ""):
            assert "deleted" not in line
