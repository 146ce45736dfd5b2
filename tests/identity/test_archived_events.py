"""An archived event is told of to those only who might have seen or done something before."""

import pytest

from api.serving import api_with, refused
from archiving import archive
from builders import a_wish, an_event, numbered_seats
from holdfast.api.operations import OPERATIONS as TABLE
from holdfast.application.identity import organisers
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.catalogue.refusals import EventArchived
from identity.offices import ADMIN
from identity.test_modes import expected
from identity.walk import gateway_callers, walking

VERBS = [Verb(operation.name) for operation in TABLE if EventArchived in operation.refusals]
STATUS_OF = {"ok": 410, "401": 401, "403": 403, "404": 404}


@pytest.mark.timeout(120)
async def test_whoever_was_permitted_is_told_and_everybody_else_is_refused_as_before(database_url):
    async with walking(database_url, auth_mode="gateway", gateway_peers="127.0.0.1") as (walk, _):
        ours, _ = walk.places["mine"]
        theirs, _ = walk.places["theirs"]
        for place in (ours, theirs):
            await archive(database_url, place.event_id)
        wrong = []
        for name, caller in gateway_callers(ours).items():
            for verb in VERBS:
                for thing, (place, buyer) in walk.places.items():
                    if thing == "ours" and RULES[verb].kind is not Kind.RESERVATION:
                        continue  # the same event as `mine`
                    method, path, body = walk.request(verb, thing)
                    answer = await walk.api.call(method, path, body, headers=caller.headers)
                    wanted = STATUS_OF[expected(caller, verb, place, buyer)]
                    if answer.status_code != wanted:
                        wrong.append(f"{name} {verb} {thing}: {answer.status_code}, not {wanted}")
        assert wrong == []


async def test_an_archived_draft_looks_to_strangers_like_no_event(database_url, identity):
    ours = (await organisers.create_organiser(identity, ADMIN, name="Ours")).id
    boss = {"X-User-ID": "boss", "X-User-Roles": f"organiser:{ours}"}
    buyer = {"X-User-ID": "ann"}
    async with api_with(database_url=database_url, auth_mode="gateway", gateway_peers="127.0.0.1") as api:
        event_id = (await api.post("/events", an_event(published=False), headers=boss)).json()["id"]
        added = await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=2), headers=boss)
        seats = [seat["id"] for seat in added.json()]
        await archive(database_url, event_id)
        for path, code in ((f"/events/{event_id}/seats", "event_not_found"), (f"/seats/{seats[0]}", "seat_not_found")):
            refused(await api.get(path, headers=buyer), 404, code)
            refused(await api.get(path, headers=boss), 410, "event_archived")
        wish = a_wish(event_id=event_id, seat_ids=seats)
        refused(await api.post("/reservations", wish, headers=buyer), 404, "event_not_found")
        refused(await api.post("/reservations", wish, headers=boss), 410, "event_archived")
        refused(await api.delete(f"/events/{event_id}", headers=buyer), 404, "event_not_found")
        refused(await api.delete(f"/events/{event_id}", headers=boss), 410, "event_archived")
