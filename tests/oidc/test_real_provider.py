"""Tokens of a real OpenID Connect provider: its documents, rotations and outages, with buyers sending requests."""

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc import key_cache
from holdfast.infrastructure.oidc.roles import parse_roles
from oidc.local_issuer import verifier_of
from oidc.real_provider import real_provider

BUYERS = 8


class PushedClock:
    """A monotonic clock that a test can move forward."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


@asynccontextmanager
async def buyers(verifier, tokens):
    """Run buyers who keep sending their tokens; count the results by kind."""
    told = Counter()

    async def buyer(number):
        while True:
            token = tokens[number % len(tokens)]
            try:
                await verifier.verify(token)
            except TokenRefused as refused:
                told[refused.reason] += 1
            except Unavailable:
                told["unavailable"] += 1
            else:
                told["believed"] += 1
            await asyncio.sleep(0.001)

    tasks = [asyncio.create_task(buyer(number)) for number in range(BUYERS)]
    try:
        yield told
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended


@pytest.mark.parametrize("signer", ["rsa", "ec", "ed"])
async def test_its_tokens_are_believed(signer):
    roles = parse_roles('{"ticket-admins": "admin"}', claim="realm.roles")
    async with real_provider(signer) as provider, verifier_of(provider, wall=time.time, roles=roles) as verifier:
        verified = await verifier.verify(await provider.token("buyer-1"))
        assert (verified.user_id, verified.roles) == ("shop:buyer-1", {"buyer"})
        assert time.time() + 3000 < verified.expires_at < time.time() + 4000
        assert (await verifier.verify(await provider.token("buyer-0"))).roles == {"buyer", "admin"}


async def test_a_rotation_under_load_loses_nobody_and_a_withdrawn_key_stops_working(monkeypatch):
    """A key is added and starts signing, and the old one is withdrawn, while buyers use tokens of both."""
    monkeypatch.setattr(key_cache, "REFRESH_SECONDS_MAX", 0.2)
    monkeypatch.setattr(key_cache, "REFRESH_SECONDS_MIN", 0.2)
    async with real_provider("rsa") as provider, verifier_of(provider, wall=time.time, monotonic=time.monotonic) as own:
        own.start()
        old = await provider.token()
        tokens = [old]
        async with buyers(own, tokens) as told:
            await _until(lambda: told["believed"] > 100)
            await provider.rotate("ec", "rsa")
            tokens.append(await provider.token())  # of the new key, at once
            await _until(lambda: told["believed"] > 500)
            assert set(told) == {"believed"}
            await provider.rotate("ec")
            await _until(lambda: told["unknown_key"] > 100)
            assert set(told) == {"believed", "unknown_key"}
            with pytest.raises(TokenRefused, match="unknown_key"):
                await own.verify(old)
            before = told["believed"]
            await _until(lambda: told["believed"] > before + 100)


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_an_outage_under_load_is_not_noticed_by_those_who_have_a_token(how, monkeypatch):
    """Both cached and new tokens work: the keys are kept while the issuer refuses connections or does not respond."""
    monkeypatch.setattr(key_cache, "REFRESH_SECONDS_MAX", 0.1)
    monkeypatch.setattr(key_cache, "REFRESH_SECONDS_MIN", 0.1)
    monkeypatch.setattr(key_cache, "RETRY_SECONDS_MAX", 0.1)
    monkeypatch.setattr("holdfast.infrastructure.oidc.fetching.FETCH_SECONDS_MAX", 0.3)
    async with real_provider("rsa") as provider, verifier_of(provider, wall=time.time, monotonic=time.monotonic) as own:
        own.start()
        tokens = [await provider.token(f"buyer-{number}") for number in range(BUYERS)]
        unseen = [await provider.token("buyer-9") for _ in range(5)]
        keys = own._keys[provider.issuer.issuer]
        async with buyers(own, tokens) as told:
            await _until(lambda: told["believed"] > 100)
            await provider.kill() if how == "killed" else provider.freeze()
            await _until(lambda: keys._failures >= 3)
            for token in unseen:
                assert (await own.verify(token)).user_id == "shop:buyer-9"
            await provider.start("ec", "rsa") if how == "killed" else provider.thaw()
            await _until(lambda: keys._failures == 0)
            tokens.append(await provider.token())
            before = told["believed"]
            await _until(lambda: told["believed"] > before + 100)
        assert set(told) == {"believed"}


async def test_a_node_that_starts_without_its_issuer_serves_once_that_is_there():
    clock = PushedClock()
    async with real_provider("rsa") as provider, verifier_of(provider, wall=time.time, monotonic=clock) as verifier:
        token = await provider.token()
        await provider.kill()
        verifier.start()
        with pytest.raises(Unavailable) as told:
            await verifier.verify(token)
        assert told.value.outcome == "none"
        assert told.value.retry_after_seconds >= 1
        await provider.start()
        clock.ahead += key_cache.UNKNOWN_KEY_SECONDS
        assert (await verifier.verify(token)).user_id == "shop:buyer-1"


async def _until(fact):
    async with asyncio.timeout(20):
        while not fact():  # noqa: ASYNC110 - a fact rings no bell
            await asyncio.sleep(0.01)
