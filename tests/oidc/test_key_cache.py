"""Where keys come from, when they are fetched, and how long they are used."""

import asyncio

import pytest

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc.key_cache import (
    KEPT_SECONDS_MAX,
    REFRESH_SECONDS_MAX,
    REFRESH_SECONDS_MIN,
    RETRY_SECONDS_MAX,
    UNKNOWN_KEY_SECONDS,
)
from holdfast.telemetry import metrics
from oidc.local_issuer import Clock, answer, local_issuer, verifier_of
from oidc.refreshing import DISCOVERY, keys_of, refresh
from oidc.signing import public


async def test_two_hundred_callers_cost_one_fetch():
    """They all arrive before the first response, while no key is known."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        token = shop.shop.token()
        shop.gate.clear()
        callers = [asyncio.create_task(verifier.verify(token)) for _ in range(200)]
        await _until(lambda: shop.asked.get(DISCOVERY))
        for _ in range(10):
            await asyncio.sleep(0)
        shop.gate.set()
        verified = await asyncio.gather(*callers)
        assert {one.user_id for one in verified} == {"shop:alice"}
        assert shop.asked == {DISCOVERY: 1, "/keys": 1}


async def test_made_up_key_ids_cost_one_fetch_in_thirty_seconds():
    clock = Clock(1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, monotonic=clock) as verifier:
        await verifier.verify(shop.shop.token())
        assert shop.fetches == 1
        for seconds, fetches in ((0, 1), (UNKNOWN_KEY_SECONDS - 1, 1), (1, 2), (5, 2), (UNKNOWN_KEY_SECONDS, 3)):
            clock.seconds += seconds
            made_up = [verifier.verify(shop.shop.token(kid=f"made-up-{number}")) for number in range(50)]
            told = await asyncio.gather(*made_up, return_exceptions=True)
            assert {str(one) for one in told} == {"unknown_key"}
            assert shop.fetches == fetches


async def test_a_token_that_is_wrong_anyway_costs_no_fetch():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        for claims in (shop.shop.claims("exp"), shop.shop.claims(aud="books"), shop.shop.claims(sub="")):
            with pytest.raises(TokenRefused):
                await verifier.verify(shop.shop.token(claims))
        assert shop.asked == {}


async def test_a_new_key_is_found_at_once_and_the_one_that_it_replaces_stops_working():
    clock = Clock(1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, monotonic=clock) as verifier:
        stale, seen = shop.shop.token(shop.shop.claims(sub="bob")), shop.shop.token()
        await verifier.verify(seen)
        clock.seconds += UNKNOWN_KEY_SECONDS
        shop.keys = [public("ec")]
        assert (await verifier.verify(shop.shop.token(by="ec"))).user_id == "shop:alice"
        assert shop.fetches == 2
        for token in (stale, seen):  # the second was cached as valid
            with pytest.raises(TokenRefused, match="unknown_key"):
                await verifier.verify(token)


async def test_a_withdrawn_key_stops_working_with_the_next_refresh():
    """No token with another key arrives; the background refresh is enough."""
    async with local_issuer("rsa", "ec") as shop, verifier_of(shop) as verifier:
        token = shop.shop.token()
        await verifier.verify(token)
        shop.keys = [public("ec")]
        await verifier.verify(token)
        await refresh(verifier, shop)
        with pytest.raises(TokenRefused, match="unknown_key"):
            await verifier.verify(token)


async def test_a_refresh_that_changes_nothing_forgets_nothing():
    async with local_issuer("rsa", "ec") as shop, verifier_of(shop) as verifier:
        await verifier.verify(shop.shop.token())
        before = keys_of(verifier, shop).key_set
        await refresh(verifier, shop)
        assert keys_of(verifier, shop).key_set is before
        assert len(verifier._verdicts) == 1


async def test_keys_outlive_their_issuer_for_a_day():
    clock = Clock(1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, monotonic=clock) as verifier:
        token = shop.shop.token()
        await verifier.verify(token)
        await shop.vanish()
        clock.seconds += KEPT_SECONDS_MAX - 1
        assert (await verifier.verify(token)).user_id == "shop:alice"
        with pytest.raises(TokenRefused, match="unknown_key"):
            await verifier.verify(shop.shop.token(kid="new"))
        clock.seconds += 61  # valid tokens are cached for another minute
        with pytest.raises(Unavailable):
            await verifier.verify(token)
        await shop.appear()
        clock.seconds += UNKNOWN_KEY_SECONDS
        assert (await verifier.verify(token)).user_id == "shop:alice"


async def test_an_issuer_that_was_never_reached_is_no_fault_of_the_token():
    """It gets 503 and not 401: with 401 the client would discard its token and sign in again."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        token = shop.shop.token()
        await shop.vanish()
        for _ in range(2):
            with pytest.raises(Unavailable) as told:
                await verifier.verify(token)
            assert told.value.outcome == "none"
            assert 1 <= told.value.retry_after_seconds <= RETRY_SECONDS_MAX
        await shop.appear()


async def test_one_issuer_that_is_away_concerns_nobody_elses_buyers():
    async with (
        local_issuer("rsa") as shop,
        local_issuer("rsa", short="other") as other,
        verifier_of(shop, other) as verifier,
    ):
        other.gate.clear()
        waiting = asyncio.create_task(verifier.verify(other.shop.token()))
        await _until(lambda: other.asked)
        assert (await verifier.verify(shop.shop.token())).user_id == "shop:alice"
        assert not waiting.done()
        other.gate.set()
        assert (await waiting).user_id == "other:alice"


async def test_a_caller_who_hangs_up_takes_no_fetch_from_the_others():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        shop.gate.clear()
        first, second = (asyncio.create_task(verifier.verify(shop.shop.token())) for _ in range(2))
        await _until(lambda: shop.asked)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        shop.gate.set()
        assert (await second).user_id == "shop:alice"
        assert shop.fetches == 1


async def test_a_refresh_that_falls_due_during_a_fetch_joins_it():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        shop.gate.clear()
        caller = asyncio.create_task(verifier.verify(shop.shop.token()))
        await _until(lambda: shop.asked)
        verifier.start()
        for _ in range(5):
            await asyncio.sleep(0)
        shop.gate.set()
        await caller
        assert shop.asked == {DISCOVERY: 1, "/keys": 1}


async def test_a_fetch_that_left_before_the_rotation_is_not_the_last_word():
    """The token is newer than the response that its caller waited for, so the keys are fetched once more."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        keys = keys_of(verifier, shop)
        shop.gate.clear()
        flight = keys._fly()
        await _until(lambda: shop.asked)
        caller = asyncio.create_task(verifier.verify(shop.shop.token(by="ec")))
        for _ in range(5):
            await asyncio.sleep(0)
        shop.answers["/keys"] = answer({"keys": [public("rsa")]})
        shop.gate.set()
        await flight
        del shop.answers["/keys"]
        shop.keys = [public("ec")]
        assert (await caller).user_id == "shop:alice"
        assert shop.fetches == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", REFRESH_SECONDS_MAX),
        ("Cache-Control: public, max-age=300\r\n", 300),
        ("Cache-Control: max-age=1\r\n", REFRESH_SECONDS_MIN),
        ("Cache-Control: max-age=86400, immutable\r\n", REFRESH_SECONDS_MAX),
        ("Cache-Control: s-max-age=100\r\n", REFRESH_SECONDS_MAX),
        ("Cache-Control: max-age=x\r\n", REFRESH_SECONDS_MAX),
    ],
)
async def test_keys_are_fetched_again_as_often_as_the_issuer_wants_within_bounds(header, seconds):
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        shop.answers["/keys"] = answer({"keys": shop.keys}, headers=header)
        await refresh(verifier, shop)
        assert keys_of(verifier, shop)._refresh_seconds == seconds


async def test_tries_grow_rarer_while_the_issuer_is_away():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        await shop.vanish()
        pauses = []
        for _ in range(8):
            await refresh(verifier, shop)
            pauses.append(keys_of(verifier, shop)._retry_seconds())
        assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
        await shop.appear()


async def test_the_background_keeps_the_keys_fresh_and_closing_ends_it():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        verifier.start()
        await _until(lambda: shop.fetches == 1)
        await verifier.verify(shop.shop.token())
        await verifier.close()
        assert asyncio.all_tasks() == {asyncio.current_task()} | set(shop._handlers)


async def test_closing_lets_go_of_callers_who_wait():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        shop.gate.clear()
        caller = asyncio.create_task(verifier.verify(shop.shop.token()))
        await _until(lambda: shop.asked)
        await verifier.close()
        with pytest.raises(Unavailable):
            await caller


async def _until(fact):
    async with asyncio.timeout(20):
        while not fact():  # noqa: ASYNC110 - a fact rings no bell
            await asyncio.sleep(0)


async def test_how_many_issuers_are_away_is_measured():
    before = metrics.issuers_away._value.get()
    clock = Clock(1000)
    async with local_issuer("rsa") as shop, local_issuer("rsa", short="club") as club:
        async with verifier_of(shop, club, monotonic=clock) as verifier:
            for seconds, away in ((0, set()), (100, {shop, club}), (200, {club}), (300, {club})):
                clock.seconds = 1000 + seconds
                for issuer in (shop, club):
                    issuer.answers = {DISCOVERY: b"nonsense"} if issuer in away else {}
                    await asyncio.gather(verifier.verify(issuer.shop.token(kid="new")), return_exceptions=True)
                assert metrics.issuers_away._value.get() - before == len(away)
        assert metrics.issuers_away._value.get() == before, "nobody misses it when the node has ended"
