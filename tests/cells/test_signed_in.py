"""Who is known goes on buying and selling in other cells for a minute after the loss of cell 0."""

from uuid import UUID

import pytest

from api.serving import refused
from box_office import sql
from builders import a_wish, an_event, numbered_seats
from holdfast.application.identifiers import cell_of
from holdfast.application.identity import sessions as session_cache
from holdfast.application.identity.api_keys import KeyWish, create_api_key
from holdfast.bootstrap.identity import open_identity
from holdfast.domain.identity.roles import Role
from holdfast.settings import Settings
from identity.offices import ADMIN
from web.visiting import Browser


@pytest.fixture
async def identity(two_cells):
    async with open_identity(Settings(database_url=two_cells.urls[0]), process="test") as identity:
        yield identity


async def test_a_key_sells_in_another_cell_after_the_loss_of_cell_0(two_cells, identity):
    wish = KeyWish(name="shop", role=Role.ADMIN, organiser_id=None, expires_at=None)
    _, key = await create_api_key(identity, ADMIN, wish)
    known = {"Authorization": f"Bearer {key.text}"}
    async with two_cells.api(auth_mode="tokens") as api:
        made = await api.post("/events", an_event(cell=1), headers=known)
        event_id = made.json()["id"]
        assert cell_of(UUID(event_id)) == 1
        seats = (await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(), headers=known)).json()
        await two_cells.relays[0].go_away()
        named = known | {"X-User-ID": "ann"}
        held = await api.post("/reservations", a_wish(event_id=event_id, seat_ids=[seats[0]["id"]]), headers=named)
        assert held.status_code == 201, held.text
        assert (await api.post(f"/reservations/{held.json()['id']}/confirm", headers=named)).status_code == 200
        edited = await api.put(f"/events/{event_id}", an_event(name="Other"), headers=known)
        assert edited.status_code == 200, edited.text
        refused(await api.get("/organisers", headers=known), 503, "unavailable")


async def test_a_session_goes_on_after_the_loss_of_cell_0(two_cells, identity, monkeypatch):
    async with two_cells.api(auth_mode="tokens") as api, Browser(str(api.http.base_url)) as browser:
        secret = await identity.sessions.open(user_id="account:ann", admin=True)
        browser.http.cookies.set("holdfast-session", secret, domain="127.0.0.1")
        monkeypatch.setattr(session_cache, "FRESH_SECONDS", -1)
        assert "Sign out" in (await browser.get("/events")).text
        await two_cells.relays[0].go_away()
        assert "Sign out" in (await browser.get("/events")).text
        monkeypatch.setattr(session_cache, "AWAY_SECONDS_MAX", -1)
        assert (await browser.get("/events")).status_code == 503
        two_cells.relays[0].come_back()
        await sql(two_cells.urls[0], "DELETE FROM sessions")
        monkeypatch.setattr(session_cache, "AWAY_SECONDS_MAX", 60)
        monkeypatch.setattr(session_cache, "RETRY_SECONDS", -1)
        assert "Sign out" not in (await browser.get("/events")).text
