"""Every operation in every mode and role, on the caller's own things, their organiser's and somebody else's."""

import pytest

from holdfast.api.operations import OPERATIONS as TABLE
from holdfast.application.identity.policy import Thing, Verdict, decide
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from identity.walk import OPERATIONS, UUID, gateway_callers, issuing, open_callers, token_callers, walking

SAID = {
    Verdict.ALLOWED: "ok",
    Verdict.UNAUTHENTICATED: "401",
    Verdict.FORBIDDEN: "403",
    Verdict.HIDDEN: "404",
}


def expected(caller, verb, place, buyer) -> str:
    """Return what the policy says, which has its own tests."""
    rule = RULES[verb]
    principal = caller.principal
    named = verb in (Verb.CREATE_EVENT, Verb.CREATE_API_KEY)
    organiser_id = UUID(place.organiser_id) if rule.kind is not Kind.NOTHING or named else None
    user_id = principal.user_id if verb is Verb.RESERVE else buyer
    verdict = decide(principal, verb, Thing(organiser_id=organiser_id, user_id=user_id))
    if verb is Verb.CREATE_API_KEY and verdict is Verdict.FORBIDDEN and principal.roles:
        # Somebody who may create keys elsewhere may not see this organiser.
        seen = decide(principal, Verb.GET_ORGANISER, Thing(organiser_id=organiser_id))
        insider = decide(principal, verb, Thing()) is Verdict.ALLOWED
        return "404" if insider and seen is Verdict.HIDDEN else "403"
    return SAID[verdict]


async def _walk(walk, callers):
    wrong = []
    for name, caller in callers.items():
        for verb in OPERATIONS:
            for thing, (place, buyer) in walk.places.items():
                wanted = expected(caller, verb, place, buyer)
                got = await walk.ask(caller, verb, thing)
                if got != wanted:
                    wrong.append(f"{name} {verb} {thing}: {got}, not {wanted}")
    assert wrong == []


def test_every_operation_is_walked():
    walked = {verb.value for verb in OPERATIONS}
    service = {verb.value for verb in Verb if verb.is_operation and RULES[verb].kind is Kind.SERVICE}
    assert {operation.name for operation in TABLE} == walked | service


@pytest.mark.timeout(120)
@pytest.mark.slow
async def test_in_open_mode(database_url):
    async with walking(database_url) as (walk, _):
        await _walk(walk, open_callers())


@pytest.mark.timeout(120)
@pytest.mark.slow
async def test_behind_a_gateway(database_url):
    async with walking(database_url, auth_mode="gateway", gateway_peers="127.0.0.1") as (walk, _):
        ours, _ = walk.places["mine"]
        await _walk(walk, gateway_callers(ours))


@pytest.mark.timeout(120)
@pytest.mark.slow
async def test_with_tokens_and_keys(database_url):
    async with (
        issuing() as (settings, token),
        walking(database_url, auth_mode="tokens", **settings) as (walk, identity),
    ):
        ours, _ = walk.places["mine"]
        await _walk(walk, await token_callers(identity, ours, token))
