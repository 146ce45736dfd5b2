"""Who may see and do what at the organiser's pages, where everybody has to sign in."""

from uuid import uuid4

from box_office import sql
from holdfast.domain.identity.roles import Role
from holdfast.web.organiser.pages import PAGES
from web.organiser.desk import EVENT, published, said, with_hall

OF_EVENT = [page for page in PAGES if page.path.startswith("/organise/events/{event_id}")]
FOR_BOX_OFFICE = {"reservations_of_event", "export_of_event", "release_hold", "organise_event"}


def _at(page, path: str) -> str:
    """The address of a page of an event, whose other parts name nothing."""
    whole = page.path.replace("/organise/events/{event_id}", path)
    return whole.replace("{key}", "stalls").replace("{reservation_id}", str(uuid4()))


async def _send(browser, page, path):
    """Open the page, or send its form."""
    address = _at(page, path)
    return [
        (method, await (browser.get(address) if method == "GET" else browser.send(address, EVENT)))
        for method, handler in (("GET", page.get), ("POST", page.post))
        if handler is not None
    ]


async def test_guests_are_sent_to_sign_in(another_browser):
    answer = await another_browser.get("/organise")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/organise/sign-in?back=%2Forganise"
    assert (await another_browser.send("/organise/events/new", EVENT)).status_code == 401


async def test_somebody_without_an_organiser_is_told_how_to_get_one(firm):
    async with firm.signed_in("mika") as browser:
        page = await browser.get("/organise")
        assert "account:mika" in said(page)
        assert (await browser.get("/organise/events/new")).status_code == 403


async def test_another_organiser_sees_no_draft_and_changes_nothing(firm):
    await firm.organiser("Aoyama Concerts", ann=Role.ORGANISER)
    await firm.organiser("Shibuya Live", ben=Role.ORGANISER)
    async with firm.signed_in("ann") as ann, firm.signed_in("ben") as ben:
        path = await with_hall(ann)
        for page in OF_EVENT:
            for method, answer in await _send(ben, page, path):
                assert answer.status_code == 404, (page.name, method)
        assert "Opening Night" not in said(await ben.get("/organise"))
        await ann.send(f"{path}/publish", {"published": "yes"})
        for page in OF_EVENT:
            for method, answer in await _send(ben, page, path):
                assert answer.status_code in (403, 404), (page.name, method)
        assert "Opening Night" not in said(await ben.get("/organise"))
        assert (await ann.get(path)).status_code == 200


async def test_the_box_office_sees_reservations_and_nothing_else(firm):
    await firm.organiser("Aoyama Concerts", ann=Role.ORGANISER, box=Role.BOX_OFFICE)
    async with firm.signed_in("ann") as ann, firm.signed_in("box") as box:
        path = await published(ann)
        for page in OF_EVENT:
            for method, answer in await _send(box, page, path):
                if page.name in FOR_BOX_OFFICE and method == "GET":
                    assert answer.status_code in (200, 303, 404), page.name
                elif page.name == "release_hold":
                    assert answer.status_code == 404  # no such reservation
                else:
                    assert answer.status_code in (403, 404), (page.name, method)
        assert (await box.get(path)).headers["location"] == f"{path}/reservations"
        overview = said(await box.get("/organise"))
        assert "Opening Night" in overview
        assert "New event" not in overview


async def test_somebody_with_two_organisers_chooses_one(firm):
    one = await firm.organiser("Aoyama Concerts", ann=Role.ORGANISER)
    other = await firm.organiser("Shibuya Live", ann=Role.ORGANISER)
    async with firm.signed_in("ann") as ann:
        assert "for which of your organisers" in said(await ann.send("/organise/events/new", EVENT))
        path = await with_hall(ann, organiser=str(other))
        assert "Opening Night" in said(await ann.get("/organise"))
        assert "All of them" in said(await ann.get("/organise"))
        assert "Opening Night" in said(await ann.get("/organise?organiser="))
        assert "Opening Night" in said(await ann.get(f"/organise?organiser={other}"))
        assert "Opening Night" not in said(await ann.get(f"/organise?organiser={one}"))
        assert "Which organiser?" in said(await ann.get("/organise/keys"))
        assert (await ann.get(f"/organise/keys?organiser={one}")).status_code == 200
        assert (await ann.get(path)).status_code == 200


async def test_an_admin_makes_an_organiser_and_its_first_member(firm):
    async with firm.signed_in("root", admin=True) as root, firm.signed_in("ann") as ann:
        made = await root.send("/organise/organisers", {"name": "Aoyama Concerts"})
        members = await root.follow(made)
        organiser = made.headers["location"].rpartition("=")[2]
        assert "Nobody is a member yet" in said(members)
        wish = {"organiser": organiser, "user_id": "account:ann", "role": "organiser"}
        assert "account:ann" in said(await root.follow(await root.send("/organise/members", wish)))
        assert (await ann.get("/organise/organisers")).status_code == 403
        assert (await ann.send("/organise/organisers", {"name": "Mine"})).status_code == 403


async def test_a_member_that_cannot_be_keeps_what_was_typed(firm):
    organiser = await firm.organiser(ann=Role.ORGANISER)
    async with firm.signed_in("ann") as ann:
        for fields in ({"user_id": ""}, {"user_id": "ä"}, {"user_id": "account:ben", "role": "admin"}):
            page = await ann.send("/organise/members", {"organiser": str(organiser), "role": "organiser"} | fields)
            assert page.status_code == 400, fields
            assert fields["user_id"] in page.text


async def test_a_member_is_removed_after_being_asked(firm):
    organiser = await firm.organiser(ann=Role.ORGANISER, ben=Role.BOX_OFFICE)
    async with firm.signed_in("ann") as ann, firm.signed_in("ben") as ben:
        asked = await ann.get(f"/organise/members/remove?organiser={organiser}&user_id=account%3Aben")
        assert "Remove account:ben from Aoyama Concerts?" in said(asked)
        wish = {"organiser": str(organiser), "user_id": "account:ben"}
        for _ in range(2):  # a double click
            assert "account:ben" not in said(await ann.follow(await ann.send("/organise/members/remove", wish)))
        assert (await ben.send("/organise/members/remove", wish)).status_code == 403


async def test_a_key_is_shown_once_and_works_until_it_is_revoked(firm):
    organiser = await firm.organiser(ann=Role.ORGANISER)
    async with firm.signed_in("ann") as ann:
        made = await ann.send("/organise/keys", {"organiser": str(organiser), "name": "Shop", "role": "box_office"})
        key = made.text.partition('value="hf_')[2].partition('"')[0]
        assert key
        assert made.headers["cache-control"] == "no-store"
        listed = await ann.get("/organise/keys")
        assert key not in listed.text
        me = await firm.api.http.get("/api/v1/me", headers={"Authorization": f"Bearer hf_{key}"})
        assert me.status_code == 200
        revoking = listed.text.partition("/organise/keys/")[2].partition("/revoke")[0]
        assert "Revoke the key “Shop”?" in said(await ann.get(f"/organise/keys/{revoking}/revoke"))
        await ann.send(f"/organise/keys/{revoking}/revoke")
        me = await firm.api.http.get("/api/v1/me", headers={"Authorization": f"Bearer hf_{key}"})
        assert me.status_code == 401
        audit = said(await ann.get("/organise/audit"))
        assert "account:ann created an API key: Shop" in audit
        assert "account:ann revoked an API key: Shop" in audit
        assert key not in audit


async def test_keys_and_members_of_others_are_hidden(firm):
    organiser = await firm.organiser("Aoyama Concerts", ann=Role.ORGANISER)
    await firm.organiser("Shibuya Live", ben=Role.ORGANISER)
    async with firm.signed_in("ben") as ben:
        for what in ("members", "keys", "audit"):
            page = await ben.get(f"/organise/{what}?organiser={organiser}")
            assert "Aoyama Concerts" not in page.text
        wish = {"organiser": str(organiser), "name": "Shop", "role": "box_office"}
        assert (await ben.send("/organise/keys", wish)).status_code == 403


async def test_a_key_that_works_is_shown_however_many_have_ended_since(firm, database_url):
    organiser = await firm.organiser(ann=Role.ORGANISER)
    async with firm.signed_in("ann") as ann:
        await ann.send("/organise/keys", {"organiser": str(organiser), "name": "Shop", "role": "box_office"})
        await sql(
            database_url,
            "INSERT INTO api_keys (id, name, role, organiser_id, digest, created_at, revoked_at)"
            " SELECT gen_random_uuid(), 'old', 'box_office', $1, sha256(at::text::bytea), now() + interval '1 s', now()"
            " FROM generate_series(1, 600) at",
            organiser,
        )
        listed = await ann.get("/organise/keys")
        assert "Shop" in said(listed)
        revoking = listed.text.partition("/organise/keys/")[2].partition("/revoke")[0]
        assert "Revoke the key “Shop”?" in said(await ann.get(f"/organise/keys/{revoking}/revoke"))
