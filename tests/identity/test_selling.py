"""What only the seller may: confirm where the event says so, and go beyond the purchase limit."""

import pytest

from api.serving import api_with, refused
from box_office import sql
from builders import a_wish, an_event, numbered_seats
from holdfast.application.identity import api_keys, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN

ISSUER = '{"shop": {"issuer": "http://127.0.0.1:9", "audience": "shop"}}'
SELLERS = ("box office", "organiser", "admin")


class Shop:
    """An API, its two organisers, and callers who act for a buyer named ann, by what they are."""

    def __init__(self, api, callers):
        self.api = api
        self.callers = callers

    async def event(self, seats=6, **wanted):
        boss = self.callers["organiser"]
        created = await self.api.post("/events", an_event(**wanted), headers=boss)
        assert created.status_code == 201, created.text
        event_id = created.json()["id"]
        added = await self.api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=seats), headers=boss)
        return event_id, [seat["id"] for seat in added.json()]

    async def edit(self, event_id, **wanted):
        return await self.api.put(f"/events/{event_id}", an_event(**wanted), headers=self.callers["organiser"])

    async def hold(self, who, event_id, seat_ids):
        wish = a_wish(event_id=event_id, seat_ids=seat_ids)
        return await self.api.post("/reservations", wish, headers=self.callers[who])

    async def held(self, who, event_id, seat_ids):
        answer = await self.hold(who, event_id, seat_ids)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def confirm(self, who, reservation_id):
        return await self.api.post(f"/reservations/{reservation_id}/confirm", headers=self.callers[who])


def _keys(texts):
    """The buyer's own key is used as it is; who sells says for whom."""
    for_ann = {"X-User-ID": "ann"}
    return {
        name: {"Authorization": f"Bearer {text}"} | ({} if name == "buyer" else for_ann) for name, text in texts.items()
    }


def _headers(ours, theirs):
    roles = {
        "buyer": None,
        "box office": f"box_office:{ours}",
        "organiser": f"organiser:{ours}",
        "others": f"organiser:{theirs}",
        "admin": "admin",
    }
    return {name: {"X-User-ID": "ann"} | ({"X-User-Roles": word} if word else {}) for name, word in roles.items()}


@pytest.fixture(params=["gateway", "tokens"])
async def shop(request, database_url, redis_url, identity):
    ours, theirs = [(await organisers.create_organiser(identity, ADMIN, name=name)).id for name in ("Ours", "Theirs")]
    served = {"database_url": database_url, "redis_url": redis_url, "auth_mode": request.param}
    if request.param == "gateway":
        async with api_with(**served, gateway_peers="127.0.0.1") as api:
            yield Shop(api, _headers(ours, theirs))
        return
    texts = {}
    for name, role, organiser_id in (
        ("buyer", Role.BUYER, ours),
        ("box office", Role.BOX_OFFICE, ours),
        ("organiser", Role.ORGANISER, ours),
        ("others", Role.ORGANISER, theirs),
        ("admin", Role.ADMIN, None),
    ):
        wish = KeyWish(name=name, role=role, organiser_id=organiser_id, expires_at=None)
        _, key = await api_keys.create_api_key(identity, ADMIN, wish)
        texts[name] = key.text
    async with api_with(**served, oidc_issuers=ISSUER) as api:
        yield Shop(api, _keys(texts))


async def test_only_the_seller_confirms_and_the_buyer_is_shown_it(shop):
    event_id, seat_ids = await shop.event(confirmation="seller")
    mine = await shop.held("buyer", event_id, seat_ids[:1])
    problem = refused(await shop.confirm("buyer", mine), 403, "seller_confirms")
    assert problem["reservation_id"] == mine
    for number, seller in enumerate(SELLERS, start=1):
        held = await shop.held("buyer", event_id, seat_ids[number : number + 1])
        refused(await shop.confirm("buyer", held), 403, "seller_confirms")
        sold = await shop.confirm(seller, held)
        assert (sold.status_code, sold.json()["status"]) == (200, "confirmed"), sold.text
        again = await shop.confirm("buyer", held)
        assert (again.status_code, again.json()) == (200, sold.json()), "sending it again shows the sale"


async def test_another_organiser_is_no_seller_of_it(shop):
    event_id, seat_ids = await shop.event(confirmation="seller")
    held = await shop.held("box office", event_id, seat_ids[:1])
    answer = await shop.confirm("others", held)
    assert (answer.status_code, answer.json()["code"]) in ((403, "seller_confirms"), (404, "reservation_not_found"))


async def test_an_edit_decides_who_confirms_what_is_held_already(shop):
    event_id, seat_ids = await shop.event()
    first, second = [await shop.held("buyer", event_id, [seat_id]) for seat_id in seat_ids[:2]]
    assert (await shop.edit(event_id, confirmation="seller")).json()["confirmation"] == "seller"
    refused(await shop.confirm("buyer", first), 403, "seller_confirms")
    assert (await shop.edit(event_id, name="Other")).json()["confirmation"] == "seller"
    assert (await shop.edit(event_id, confirmation=None)).json()["confirmation"] == "buyer"
    for held in (first, second):
        assert (await shop.confirm("buyer", held)).status_code == 200


async def test_the_box_office_goes_beyond_the_limit_and_what_it_gave_counts(shop, database_url):
    event_id, seat_ids = await shop.event(seats=9, max_seats_per_buyer=2)
    # A key is a buyer of its own: what follows must be one buyer's.
    buyer = (await shop.hold("buyer", event_id, seat_ids[:1])).json()["user_id"]
    for_buyer = {name: headers | {"X-User-ID": buyer} for name, headers in shop.callers.items() if name != "buyer"}
    shop.callers |= for_buyer
    problem = refused(await shop.hold("buyer", event_id, seat_ids[1:3]), 409, "purchase_limit_reached")
    assert (problem["limit"], problem["have"], problem["wanted"]) == (2, 1, 2)
    for number, seller in enumerate(SELLERS):
        given = await shop.hold(seller, event_id, seat_ids[1 + 2 * number : 3 + 2 * number])
        assert (given.status_code, given.json()["user_id"]) == (201, buyer), given.text
    problem = refused(await shop.hold("buyer", event_id, seat_ids[7:8]), 409, "purchase_limit_reached")
    assert (problem["limit"], problem["have"], problem["wanted"]) == (2, 7, 1)
    refused(await shop.hold("box office", event_id, seat_ids[1:2]), 409, "seats_unavailable")
    [[stored]] = await sql(database_url, "SELECT count(*) FROM reservations WHERE beyond_limit")
    assert stored == len(SELLERS)


async def test_a_seller_waits_for_the_sale_to_open_as_everybody_does(shop):
    event_id, seat_ids = await shop.event()
    await shop.edit(event_id, start_at="2999-01-01T00:00:00Z", end_at="2999-01-01T00:00:00Z",
                    sale_opens_at="2998-01-01T00:00:00Z")  # fmt: skip
    for who in ("buyer", *SELLERS):
        problem = refused(await shop.hold(who, event_id, seat_ids[:1]), 409, "sale_not_open")
        assert problem["opens_at"] == "2998-01-01T00:00:00Z"
