"""Two organisers with things of every kind, callers of every role, and a request for every operation."""

import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from api.serving import Api, api_with
from builders import a_category, a_hall, a_seat, a_wish, an_area, an_event, numbered_seats
from holdfast.application.identity import api_keys, members, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.principal import (
    NOBODY,
    Principal,
    Proof,
    key_principal,
    open_principal,
)
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN, open_identity
from oidc.local_issuer import local_issuer
from oidc.signing import AUDIENCE


@dataclass
class Place:
    """An organiser and its things."""

    organiser_id: str
    event_id: str = ""
    seats: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    """By buyer, the id of the reservation that they hold."""
    key_id: str = ""


@dataclass
class Caller:
    """A caller: their principal, and the headers that authenticate them."""

    principal: Principal
    headers: dict[str, str]


class Walk:
    """Sends every request as every caller. Ann holds `mine` at our place, bob `ours` there, and `theirs` elsewhere."""

    def __init__(self, api: Api, ours: Place, theirs: Place) -> None:
        self.api = api
        self.places = {"mine": (ours, "shop:ann"), "ours": (ours, "shop:bob"), "theirs": (theirs, "shop:bob")}

    def request(self, verb: Verb, thing: str):
        """Return the path and body of an operation on a thing."""
        place, buyer = self.places[thing]
        event, held, organiser = place.event_id, place.held[buyer], place.organiser_id
        wish = a_wish(event_id=event, seat_ids=place.seats[-1:])
        return {
            Verb.LIST_EVENTS: ("GET", "/events", None),
            Verb.GET_EVENT: ("GET", f"/events/{event}", None),
            Verb.CREATE_EVENT: ("POST", "/events", an_event(organiser_id=organiser)),
            Verb.EDIT_EVENT: ("PUT", f"/events/{event}", an_event(total_seats=1000)),
            Verb.DELETE_EVENT: ("DELETE", f"/events/{event}", None),
            Verb.LIST_SEATS: ("GET", f"/events/{event}/seats", None),
            Verb.COUNT_AVAILABLE_SEATS: ("GET", f"/events/{event}/seats/available/count", None),
            Verb.GET_SEAT: ("GET", f"/seats/{place.seats[0]}", None),
            Verb.GET_SEAT_MAP: ("GET", f"/events/{event}/seat-map", None),
            Verb.GET_AVAILABILITY: ("GET", f"/events/{event}/availability", None),
            Verb.STREAM_CHANGES: ("HEAD", f"/events/{event}/changes", None),
            Verb.LIST_CHANNELS: ("GET", f"/events/{event}/channels", None),
            Verb.PUT_CHANNEL: ("PUT", f"/events/{event}/channels/fans", {"name": "Fans"}),
            Verb.DELETE_CHANNEL: ("DELETE", f"/events/{event}/channels/none", None),
            Verb.LIST_CHANNEL_SEATS: ("GET", f"/events/{event}/channels/none/seats", None),
            Verb.KEEP_BACK_SEATS: ("POST", f"/events/{event}/channels/none/seats", {"seat_ids": place.seats[:1]}),
            Verb.GIVE_BACK_SEATS: (
                "POST",
                f"/events/{event}/channels/none/seats/release",
                {"seat_ids": place.seats[:1]},
            ),
            Verb.ADD_SEAT: ("POST", f"/events/{event}/seats", a_seat()),
            Verb.ADD_SEATS: ("POST", f"/events/{event}/seats/bulk", numbered_seats(prefix=uuid4().hex, count=2)),
            Verb.LIST_CATEGORIES: ("GET", f"/events/{event}/categories", None),
            Verb.PUT_CATEGORIES: ("PUT", f"/events/{event}/categories", [a_category()]),
            Verb.GET_HALL: ("GET", f"/events/{event}/hall", None),
            Verb.GET_LAYOUT: ("GET", f"/events/{event}/layout", None),
            Verb.PUT_HALL: ("PUT", f"/events/{event}/hall", a_hall()),
            Verb.ADD_SECTION: ("POST", f"/events/{event}/hall/sections", an_area(f"a-{uuid4().hex[:20]}", capacity=1)),
            Verb.RESERVE: ("POST", "/reservations", wish),
            Verb.LIST_RESERVATIONS: ("GET", "/reservations", None),
            Verb.GET_RESERVATION: ("GET", f"/reservations/{held}", None),
            Verb.CONFIRM: ("POST", f"/reservations/{held}/confirm", None),
            Verb.CANCEL: ("POST", f"/reservations/{held}/cancel", None),
            Verb.EXTEND: ("POST", f"/reservations/{held}/extend", {"expires_at": "2031-02-03T04:05:06Z"}),
            Verb.CHANGE_SEATS: ("PUT", f"/reservations/{held}/seats", {"seat_ids": place.seats[:1]}),
            Verb.RELEASE: ("POST", f"/events/{event}/reservations/{held}/release", None),
            Verb.LIST_EVENT_RESERVATIONS: ("GET", f"/events/{event}/reservations", None),
            Verb.GET_SALES: ("GET", f"/events/{event}/sales", None),
            Verb.CREATE_ORGANISER: ("POST", "/organisers", {"name": "Another"}),
            Verb.LIST_ORGANISERS: ("GET", "/organisers", None),
            Verb.GET_ORGANISER: ("GET", f"/organisers/{organiser}", None),
            Verb.PUT_MEMBER: ("PUT", f"/organisers/{organiser}/members/shop:new", {"role": "box_office"}),
            Verb.DELETE_MEMBER: ("DELETE", f"/organisers/{organiser}/members/shop:none", None),
            Verb.LIST_MEMBERS: ("GET", f"/organisers/{organiser}/members", None),
            Verb.CREATE_API_KEY: (
                "POST",
                "/api-keys",
                {"name": "till", "role": "buyer", "organiser_id": organiser},
            ),
            Verb.LIST_API_KEYS: ("GET", "/api-keys", None),
            Verb.REVOKE_API_KEY: ("DELETE", f"/api-keys/{place.key_id}", None),
            Verb.GET_ME: ("GET", "/me", None),
            Verb.READ_AUDIT: ("GET", "/audit", None),
        }[verb]

    async def ask(self, caller: Caller, verb: Verb, thing: str) -> str:
        """Return the outcome: `ok` if the caller was admitted, whatever the response."""
        method, path, body = self.request(verb, thing)
        answer = await self.api.call(method, path, body, headers=caller.headers)
        hidden = ("event_not_found", "reservation_not_found", "organiser_not_found", "api_key_not_found")
        code = answer.json()["code"] if answer.status_code >= 400 and method != "HEAD" else ""
        if answer.status_code in (401, 403) or code in hidden:
            return str(answer.status_code)
        missing = code in ("member_not_found", "channel_not_found")
        assert answer.status_code < 300 or answer.status_code == 409 or missing, answer.text
        return "ok"


OPERATIONS = [verb for verb in Verb if verb.is_operation and RULES[verb].kind is not Kind.SERVICE]


@asynccontextmanager
async def walking(database_url: str, **settings):
    """Start a server with these settings and two organisers."""
    async with open_identity(database_url) as identity:
        places = []
        for name in ("Ours", "Theirs"):
            place = Place(str((await organisers.create_organiser(identity, ADMIN, name=name)).id))
            stored, _ = await api_keys.create_api_key(identity, ADMIN, _wish(Role.BUYER, place))
            place.key_id = str(stored.id)
            places.append(place)
        async with api_with(database_url=database_url) as shop:
            for place in places:
                place.event_id, place.seats = await shop.event_on_sale(seats=8, organiser_id=place.organiser_id)
                await shop.put(f"/events/{place.event_id}/categories", [a_category()])
                await shop.post(f"/events/{place.event_id}/hall/sections", an_area(capacity=1))
                for number, buyer in enumerate(("shop:ann", "shop:bob")):
                    held = await shop.reserve(place.event_id, place.seats[number : number + 1], user=buyer)
                    place.held[buyer] = held.json()["id"]
                    await shop.confirm(place.held[buyer], user=buyer)
        async with api_with(database_url=database_url, **settings) as api:
            yield Walk(api, *places), identity


def _wish(role: Role, place: Place | None) -> KeyWish:
    organiser_id = None if place is None else UUID(place.organiser_id)
    return KeyWish(name=role.value, role=role, organiser_id=organiser_id, expires_at=None)


def open_callers() -> dict[str, Caller]:
    return {
        "ann": Caller(open_principal("shop:ann"), {"X-User-ID": "shop:ann"}),
        "unnamed": Caller(open_principal(None), {}),
    }


def gateway_callers(ours: Place) -> dict[str, Caller]:
    def named(words="", **known) -> Caller:
        headers = {"X-User-ID": "shop:ann"} | ({"X-User-Roles": words} if words else {})
        return Caller(Principal(subject="shop:ann", user_id="shop:ann", proof=Proof.GATEWAY, **known), headers)

    here = UUID(ours.organiser_id)
    return {
        "nobody": Caller(NOBODY, {}),
        "buyer": named("buyer, somebody"),
        "box_office": named(f"box_office:{here}", roles={here: Role.BOX_OFFICE}),
        "organiser": named(f"organiser:{here}, box_office:{here}", roles={here: Role.ORGANISER}),
        "admin": named("admin", admin=True),
    }


async def token_callers(identity, ours: Place, token) -> dict[str, Caller]:
    """Return a key of each role, and members with a token."""
    callers = {"nobody": Caller(NOBODY, {}), "claimed": Caller(NOBODY, {"X-User-ID": "shop:ann"})}
    for role, place in ((Role.BUYER, ours), (Role.BOX_OFFICE, ours), (Role.ORGANISER, ours), (Role.ADMIN, None)):
        stored, key = await api_keys.create_api_key(identity, ADMIN, _wish(role, place))
        headers = {"Authorization": f"Bearer {key.text}"}
        if role is not Role.BUYER:
            headers["X-User-ID"] = "shop:bob"
        callers[f"{role.value} key"] = Caller(key_principal(stored, headers.get("X-User-ID")), headers)
    organiser_id = callers["organiser key"].principal.organisers_as(Role.ORGANISER)
    (organiser_id,) = organiser_id
    for subject, role in (("ann", None), ("box", Role.BOX_OFFICE), ("boss", Role.ORGANISER)):
        user_id = f"shop:{subject}"
        if role is not None:
            await members.put_member(identity, ADMIN, organiser_id=organiser_id, user_id=user_id, role=role)
        roles = {} if role is None else {organiser_id: role}
        principal = Principal(subject=user_id, user_id=user_id, proof=Proof.TOKEN, roles=roles)
        callers[f"{subject} with a token"] = Caller(principal, {"Authorization": f"Bearer {token(subject)}"})
    admin = Principal(subject="shop:root", user_id="shop:root", proof=Proof.TOKEN, admin=True)
    callers["admin with a token"] = Caller(admin, {"Authorization": f"bearer {token('root', roles=['boss'])}"})
    return callers


@asynccontextmanager
async def issuing():
    """Yield the settings of an issuer, and a function that makes tokens for a subject."""
    async with local_issuer("rsa") as issuer:
        now = int(time.time())

        def token(subject, **claims):
            return issuer.shop.token(issuer.shop.claims(sub=subject, iat=now, exp=now + 600, **claims))

        settings = {
            "oidc_issuers": json.dumps({"shop": {"issuer": issuer.address, "audience": AUDIENCE}}),
            "oidc_roles": json.dumps({"boss": "admin"}),
        }
        yield settings, token
