"""The form of credentials, conflicts between two of them, and the responses to invalid ones."""

import base64
from uuid import UUID

import pytest

from api.serving import api_with, refused
from box_office import sql
from builders import a_wish, an_event
from holdfast.application.identity import api_keys, members, organisers
from holdfast.cli.auth_mode import require_auth_mode
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.identity.roles import Role
from holdfast.settings import Settings, SettingsError
from identity.acts import a_key
from identity.offices import ADMIN
from identity.walk import issuing


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


@pytest.fixture
async def server(database_url):
    async with (
        issuing() as (settings, token),
        api_with(database_url=database_url, auth_mode="tokens", **settings) as api,
    ):
        yield api, token


async def test_a_credential_that_proves_nothing_is_401_everywhere(server, identity):
    api, token = server
    stored, key = await a_key(identity, Role.ORGANISER)
    await api_keys.revoke_api_key(identity, ADMIN, stored.id)
    good = token("ann")
    for given in (
        "",
        "Bearer",
        f"Basic {base64.b64encode(b'ann:secret').decode()}",
        f"Bearer {key.text}",
        f"Bearer {key.text[:-1]}",
        f"Bearer {good}x",
        f"Bearer {good} {good}",
        f"Token {good}",
        "Bearer hf_",
        "Bearer ..",
        f"Bearer {'x' * 9000}",
    ):
        for method, path, body in (("GET", "/me", None), ("GET", "/events", None), ("POST", "/events", {"bad": 1})):
            answer = await api.call(method, path, body, headers={"Authorization": given})
            if given == "":
                assert (method, path) == ("GET", "/events") or answer.status_code == 401
                continue
            refused(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            assert not set(answer.json()) & {"reason", "field"}
    answer = await api.get("/me")
    assert refused(answer, 401, "unauthenticated")["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await api.http.get("/health", headers=bearer("nonsense"))).status_code == 200


async def test_credentials_that_disagree_are_400(server, identity):
    api, token = server
    _, till = await a_key(identity, Role.BOX_OFFICE)
    _, buyer = await a_key(identity, Role.BUYER)
    for headers in (
        bearer(token("ann")) | {"X-User-ID": "bob"},
        bearer(token("ann")) | {"X-User-ID": "other:ann"},
        bearer(buyer.text) | {"X-User-ID": "shop:ann"},
    ):
        refused(await api.get("/me", headers=headers), 400, "conflicting_credentials")
    for user_id in ("ann", "shop:ann"):
        assert (await api.get("/me", headers=bearer(token("ann")) | {"X-User-ID": user_id})).status_code == 200
    twice = [("Authorization", f"Bearer {till.text}"), ("Authorization", f"Bearer {buyer.text}")]
    assert (await api.http.get("/api/v1/me", headers=twice)).status_code == 400
    twice = [("Authorization", f"Bearer {till.text}"), ("X-User-ID", "ann"), ("X-User-ID", "bob")]
    assert (await api.http.get("/api/v1/me", headers=twice)).status_code == 400
    refused(await api.get("/me", headers=bearer(till.text) | {"X-User-ID": "x" * 256}), 400, "invalid_request")


async def test_everybody_is_told_who_they_are(server, identity):
    api, token = server
    hall = (await organisers.create_organiser(identity, ADMIN, name="Hall")).id
    await members.put_member(identity, ADMIN, organiser_id=hall, user_id="shop:ann", role=Role.BOX_OFFICE)
    ann = (await api.get("/me", headers=bearer(token("ann")) | {"X-User-Roles": "admin"})).json()
    assert ann == {
        "subject": "shop:ann",
        "user_id": "shop:ann",
        "roles": ["buyer", "box_office"],
        "organisers": [{"id": str(hall), "role": "box_office"}],
    }
    stored, key = await a_key(identity, Role.ADMIN)
    admin = (await api.get("/me", headers=bearer(key.text))).json()
    assert admin == {"subject": f"key:{stored.id}", "user_id": None, "roles": ["admin"], "organisers": []}


async def test_a_till_sells_to_the_buyer_it_names_in_its_own_events_only(server, identity, database_url):
    api, token = server
    hall = (await organisers.create_organiser(identity, ADMIN, name="Hall")).id
    _, organiser = await a_key(identity, Role.ORGANISER, hall)
    _, till = await a_key(identity, Role.BOX_OFFICE, hall)
    _, other_till = await a_key(identity, Role.BOX_OFFICE)
    made = await api.call("POST", "/events", an_event(), headers=bearer(organiser.text))
    event = made.json()
    assert event["organiser_id"] == str(hall)
    bulk = f"/events/{event['id']}/seats/bulk"
    added = await api.call("POST", bulk, {"prefix": "A", "count": 3, "price": 1}, headers=bearer(organiser.text))
    seats = [seat["id"] for seat in added.json()]

    async def reserve(seat, **headers):
        wish = a_wish(event_id=event["id"], seat_ids=[seat])
        return await api.call("POST", "/reservations", wish, headers=headers)

    named = {"X-User-ID": "walk-in 7"}
    assert "X-User-ID" in refused(await reserve(seats[0], **bearer(till.text)), 400, "invalid_request")["field"]
    refused(await reserve(seats[0], **bearer(other_till.text), **named), 403, "forbidden")
    held = await reserve(seats[0], **bearer(till.text), **named)
    assert (held.status_code, held.json()["user_id"]) == (201, "walk-in 7")
    mine = await reserve(seats[1], **bearer(token("ann")))
    assert mine.json()["user_id"] == "shop:ann"

    for caller, sees in ((till, True), (organiser, True), (other_till, False)):
        seat = (await api.get(f"/seats/{seats[0]}", headers=bearer(caller.text))).json()
        assert (seat["status"], "reserved_by" in seat) == ("reserved", sees)
    for path in (f"/seats/{seats[0]}", f"/events/{event['id']}/seats"):
        for headers in ({}, bearer(token("bob"))):
            answer = await api.get(path, headers=headers)
            assert '"status":"reserved"' in answer.text
            assert "reserved_by" not in answer.text

    confirm = f"/reservations/{held.json()['id']}/confirm"
    refused(await api.post(confirm, headers=bearer(other_till.text)), 404, "reservation_not_found")
    refused(await api.post(confirm, headers=bearer(token("ann"))), 404, "reservation_not_found")
    assert (await api.post(confirm, headers=bearer(till.text))).json()["status"] == "confirmed"
    cancel = f"/reservations/{mine.json()['id']}/cancel"
    assert (await api.post(cancel, headers=bearer(till.text))).json()["cancel_reason"] == "user"

    listed = await api.get("/reservations", headers=bearer(till.text) | named)
    assert [one["id"] for one in listed.json()] == [held.json()["id"]]
    assert (await api.get("/reservations", headers=bearer(other_till.text) | named)).json() == []
    refused(await api.get("/reservations", headers=bearer(till.text)), 400, "invalid_request")
    entries = await sql(database_url, "SELECT verb, thing_id, request_id FROM audit ORDER BY position DESC LIMIT 2")
    assert [(entry["verb"], entry["request_id"]) for entry in entries] == [
        ("add_seats", added.headers["x-request-id"]),
        ("create_event", made.headers["x-request-id"]),
    ]
    assert {entry["thing_id"] for entry in entries} == {event["id"]}


async def test_who_works_for_several_says_for_whom_an_event_is(server, identity):
    api, token = server
    halls = [(await organisers.create_organiser(identity, ADMIN, name=name)).id for name in "AB"]
    for hall in halls:
        await members.put_member(identity, ADMIN, organiser_id=hall, user_id="shop:boss", role=Role.ORGANISER)
    boss = bearer(token("boss"))
    told = refused(await api.call("POST", "/events", an_event(), headers=boss), 400, "invalid_request")
    assert told["field"] == "organiser_id"
    made = await api.call("POST", "/events", an_event(organiser_id=str(halls[1])), headers=boss)
    assert made.json()["organiser_id"] == str(halls[1])
    theirs = an_event(organiser_id=str(DEFAULT_ORGANISER_ID))
    refused(await api.call("POST", "/events", theirs, headers=boss), 403, "forbidden")
    _, admin = await a_key(identity, Role.ADMIN)
    nobodys = an_event(organiser_id=str(UUID(int=7)))
    refused(await api.call("POST", "/events", nobodys, headers=bearer(admin.text)), 404, "organiser_not_found")


async def test_a_key_is_made_used_and_revoked_over_http(server, identity):
    api, _ = server
    _, admin = await a_key(identity, Role.ADMIN)
    organiser = (await api.call("POST", "/organisers", {"name": "Hall"}, headers=bearer(admin.text))).json()
    wish = {"name": "till", "role": "organiser", "organiser_id": organiser["id"], "expires_at": "2090-01-01T00:00:00Z"}
    made = await api.call("POST", "/api-keys", wish, headers=bearer(admin.text))
    assert made.status_code == 201
    key = bearer(made.json()["key"])
    assert (await api.get("/me", headers=key)).status_code == 200
    listed = (await api.get("/api-keys", headers=key)).json()
    assert [one["id"] for one in listed] == [made.json()["id"]]
    assert "key" not in listed[0]
    assert (await api.call("DELETE", f"/api-keys/{made.json()['id']}", headers=key)).status_code == 204
    refused(await api.get("/me", headers=key), 401, "unauthenticated")
    audit = (await api.get("/audit", headers=bearer(admin.text))).json()
    assert [entry["verb"] for entry in audit][:3] == ["revoke_api_key", "create_api_key", "create_organiser"]
    page = (await api.get(f"/audit?limit=1&after={audit[0]['id']}", headers=bearer(admin.text))).json()
    assert page == audit[1:2]
    assert made.json()["key"] not in str(audit)


async def test_the_headers_of_others_than_the_gateway_are_not_believed(database_url):
    claim = {"X-User-ID": "ann", "X-User-Roles": "admin"}
    settings = {"database_url": database_url, "auth_mode": "gateway", "trusted_proxies": "127.0.0.1"}
    async with api_with(**settings, gateway_peers="192.0.2.0/24") as api:
        for more in ({}, {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}):
            refused(await api.get("/me", headers=claim | more), 401, "unauthenticated")
            refused(await api.get("/events", headers=claim | more), 401, "unauthenticated")
        refused(await api.get("/me", headers={"X-User-Roles": "admin"}), 401, "unauthenticated")
        assert (await api.get("/events")).status_code == 200
    async with api_with(**settings, gateway_peers="127.0.0.0/8") as api:
        forwarded = claim | {"X-Forwarded-For": "192.0.2.1"}
        assert (await api.get("/me", headers=forwarded)).json()["roles"] == ["buyer", "admin"]
        refused(await api.get("/me", headers={"X-User-Roles": "admin"}), 401, "unauthenticated")
        twice = [("X-User-ID", "ann"), ("X-User-ID", "bob")]
        assert (await api.http.get("/api/v1/me", headers=twice)).status_code == 400
        twice = [("X-User-ID", "ann"), ("X-User-Roles", "buyer"), ("X-User-Roles", "admin")]
        assert (await api.http.get("/api/v1/me", headers=twice)).status_code == 400


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"app_env": "production"}, "AUTH_MODE: must be named"),
        ({"auth_mode": "tokens", "oidc_issuers": "{"}, "OIDC_ISSUERS: "),
        (
            {"auth_mode": "tokens", "oidc_issuers": '{"key": {"issuer": "https://a", "audience": "b"}}'},
            "OIDC_ISSUERS: key",
        ),
        ({"auth_mode": "tokens", "oidc_roles": "[]"}, "OIDC_ROLES: "),
    ],
)
def test_nothing_starts_where_nobody_has_decided_who_may_do_what(settings, complaint):
    with pytest.raises(SettingsError) as refused_:
        require_auth_mode(Settings(**settings))
    assert str(refused_.value).startswith(complaint)
    assert "\n" not in str(refused_.value)


def test_a_gateway_has_to_be_named():
    with pytest.raises(ValueError, match="GATEWAY_PEERS"):
        Settings(auth_mode="gateway")
    assert require_auth_mode(Settings(app_env="production", auth_mode="open")).auth_mode == "open"
