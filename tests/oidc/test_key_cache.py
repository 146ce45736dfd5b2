"""Where keys come from, when they are fetched, and how long they are used."""

import asyncio
import json

import pytest

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc import fetching
from holdfast.infrastructure.oidc.key_cache import (
    KEPT_SECONDS_MAX,
    REFRESH_SECONDS_MAX,
    REFRESH_SECONDS_MIN,
    RETRY_SECONDS_MAX,
    UNKNOWN_KEY_SECONDS,
)
from holdfast.infrastructure.oidc.keys import KEYS_MAX
from holdfast.telemetry import metrics
from oidc.local_issuer import Clock, answer, local_issuer, verifier_of
from oidc.signing import public

DISCOVERY = "/.well-known/openid-configuration"


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
        await _refresh(verifier, shop)
        with pytest.raises(TokenRefused, match="unknown_key"):
            await verifier.verify(token)


async def test_a_refresh_that_changes_nothing_forgets_nothing():
    async with local_issuer("rsa", "ec") as shop, verifier_of(shop) as verifier:
        await verifier.verify(shop.shop.token())
        before = _keys(verifier, shop).key_set
        await _refresh(verifier, shop)
        assert _keys(verifier, shop).key_set is before
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
        keys = _keys(verifier, shop)
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


async def test_an_endless_answer_and_a_trickle_are_cut_off(monkeypatch):
    monkeypatch.setattr(fetching, "FETCH_SECONDS_MAX", 0.3)

    def endless(piece):
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        while True:
            yield piece

    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        for piece in (b" " * 65536, b" "):
            shop.answers[DISCOVERY] = endless(piece)
            await _refresh(verifier, shop)
            assert _keys(verifier, shop)._failures
        assert shop.fetches == 0


async def test_a_silent_issuer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(fetching, "FETCH_SECONDS_MAX", 0.1)
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        shop.gate.clear()
        with pytest.raises(Unavailable):
            await verifier.verify(shop.shop.token())


USELESS = {
    "no JSON": answer(b"<html>"),
    "nothing": answer(b""),
    "a list": answer([]),
    "a member twice": answer(b'{"issuer":"a","issuer":"b","keys":[],"keys":[]}'),
    "nested without end": answer(b'{"keys":' + b"[" * 100_000),
    "not UTF-8": answer(b'{"keys":"\xff"}'),
    "an error": answer({"keys": []}, status="500 Internal Server Error"),
    "gone": answer({"keys": []}, status="404 Not Found"),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a redirect to itself": answer({}, status="302 Found", headers=f"Location: {DISCOVERY}\r\n"),
    "a redirect elsewhere": answer({}, status="307 Temporary Redirect", headers="Location: /elsewhere\r\n"),
    "a permanent redirect": answer({}, status="301 Moved Permanently", headers="Location: /elsewhere\r\n"),
    "compressed": answer(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n"),
    "too long": answer({"issuer": "x" * fetching.DOCUMENT_BYTES_MAX}),
    "a lie about its length": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"keys":[]}',
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a closed connection": b"",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    "no keys": answer({}),
    "keys that are no list": answer({"keys": {}}),
    "keys that are no objects": answer({"keys": ["a"]}),
    "too many keys": answer({"keys": [{"kty": "RSA"}] * (KEYS_MAX + 1)}),
}


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize("name", USELESS)
async def test_a_useless_answer_takes_nobodys_keys(name, path):
    """Nothing is raised, no redirect is followed, and callers who could sign in before still can."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        await verifier.verify(shop.shop.token())
        shop.answers[path] = USELESS[name]
        await _refresh(verifier, shop)
        assert _keys(verifier, shop)._failures == 1
        assert set(shop.asked) <= {DISCOVERY, "/keys"}
        assert (await verifier.verify(shop.shop.token(shop.shop.claims(sub="bob")))).user_id == "shop:bob"


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
async def test_a_good_answer_counts_up_to_its_limit_of_bytes_and_without_compression(path):
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        good = json.dumps({"keys": shop.keys, "issuer": shop.address, "jwks_uri": f"{shop.address}/keys"}).encode()
        padding = fetching.DOCUMENT_BYTES_MAX - len(good)
        for body, headers, failures in (
            (good + b" " * padding, "", 0),
            (good + b" " * (padding + 1), "", 1),
            (good, "Content-Encoding: identity\r\n", 0),
            (good, "Content-Encoding: br\r\n", 1),
        ):
            shop.answers[path] = answer(body, headers=headers)
            await _refresh(verifier, shop)
            assert _keys(verifier, shop)._failures == failures


async def test_keys_are_fetched_from_no_address_with_a_password_though_it_works():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        uri = f"http://me:secret@127.0.0.1:{shop.port}/keys"
        shop.answers[DISCOVERY] = answer({"issuer": shop.address, "jwks_uri": uri})
        await _refresh(verifier, shop)
        assert _keys(verifier, shop)._failures == 1
        assert shop.fetches == 0


@pytest.mark.parametrize(
    "jwks_uri",
    [
        None,
        1,
        "",
        "/keys",
        "ftp://issuer.example/keys",
        "file:///etc/passwd",
        "http://issuer.example/keys",
        "https://user:secret@issuer.example/keys",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/keys",
        "https://issuer.example:99999/keys",
        "https://issuer.example/" + "k" * 3000,
        "https://issuer.example/\r\nX-Header: 1",
    ],
)
async def test_keys_are_fetched_from_no_odd_place(jwks_uri):
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        shop.answers[DISCOVERY] = answer({"issuer": shop.address, "jwks_uri": jwks_uri})
        await _refresh(verifier, shop)
        assert _keys(verifier, shop)._failures == 1


@pytest.mark.parametrize("other", ["{}/", "{}/realm", "http://issuer.example", "", None])
async def test_a_discovery_document_of_another_issuer_does_not_count(other):
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        named = other and other.format(shop.address)
        shop.answers[DISCOVERY] = answer({"issuer": named, "jwks_uri": f"{shop.address}/keys"})
        await _refresh(verifier, shop)
        assert _keys(verifier, shop)._failures == 1
        assert shop.fetches == 0


@pytest.mark.parametrize("secret", [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, {"kty": "RSA", "d": "AQAB"}])
async def test_a_set_that_publishes_a_secret_is_used_for_nothing(secret):
    """Its previous keys are not used either: if they are the same, everybody has them now."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        token = shop.shop.token()
        await verifier.verify(token)
        shop.keys.append(secret)
        await _refresh(verifier, shop)
        with pytest.raises(TokenRefused, match="unknown_key"):
            await verifier.verify(token)


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
        await _refresh(verifier, shop)
        assert _keys(verifier, shop)._refresh_seconds == seconds


async def test_tries_grow_rarer_while_the_issuer_is_away():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        await shop.vanish()
        pauses = []
        for _ in range(8):
            await _refresh(verifier, shop)
            pauses.append(_keys(verifier, shop)._retry_seconds())
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


def _keys(verifier, issuer):
    return verifier._keys[issuer.address]


async def _refresh(verifier, issuer):
    """Do what the background task does when a refresh is due."""
    await _keys(verifier, issuer)._fly()


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
