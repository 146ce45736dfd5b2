"""What is cached about valid tokens, and for how long."""

import pytest

from holdfast.application.identity.tokens import TokenRefused, VerifiedToken
from holdfast.infrastructure.oidc.fetching import Fetcher
from holdfast.infrastructure.oidc.key_cache import KeyCache
from holdfast.infrastructure.oidc.keys import KeySet
from holdfast.infrastructure.oidc.verdicts import SECONDS_MAX, Verdicts
from holdfast.telemetry import metrics
from oidc.local_issuer import Clock, LocalIssuer, local_issuer, verifier_of
from oidc.signing import NOW


def _known():
    return metrics.tokens_total.labels("known")._value.get()


async def test_a_token_is_checked_once_a_minute():
    wall, clock = Clock(NOW), Clock(1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, wall=wall, monotonic=clock) as verifier:
        token = shop.shop.token()
        for seconds, known in ((0, 0), (1, 1), (SECONDS_MAX - 2, 1), (1, 0), (1, 1)):
            wall.seconds += seconds
            clock.seconds += seconds
            before = _known()
            await verifier.verify(token)
            assert _known() - before == known


@pytest.mark.parametrize("life", [0, 1, 10, SECONDS_MAX, SECONDS_MAX + 1, 3 * SECONDS_MAX])
async def test_a_token_that_runs_out_while_it_is_remembered_stops_working_in_time(life):
    """After its leeway, like a token that is not cached."""
    wall, clock = Clock(NOW), Clock(1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, wall=wall, monotonic=clock) as verifier:
        token = shop.shop.token(shop.shop.claims(exp=NOW + life))
        for second in range(life + 60):
            wall.seconds, clock.seconds = NOW + second, 1000 + second
            await verifier.verify(token)
        wall.seconds += 1
        clock.seconds += 1
        with pytest.raises(TokenRefused, match="expired"):
            await verifier.verify(token)


async def test_a_clock_that_is_set_back_lets_nothing_live_longer():
    wall, clock = Clock(NOW), Clock(1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, wall=wall, monotonic=clock) as verifier:
        token = shop.shop.token()
        await verifier.verify(token)
        wall.seconds -= 3600
        clock.seconds += SECONDS_MAX
        with pytest.raises(TokenRefused, match="not_yet_valid"):  # it was checked again
            await verifier.verify(token)


async def test_what_was_refused_is_looked_at_again():
    wall = Clock(NOW - 1000)
    async with local_issuer("rsa") as shop, verifier_of(shop, wall=wall) as verifier:
        with pytest.raises(TokenRefused, match="not_yet_valid"):
            await verifier.verify(shop.shop.token())
        wall.seconds = NOW
        assert (await verifier.verify(shop.shop.token())).user_id == "shop:alice"
        assert len(verifier._verdicts) == 1


def test_the_oldest_goes_when_there_are_too_many():
    keys = KeyCache(LocalIssuer().issuer, Fetcher())
    verdicts = Verdicts(monotonic=Clock(), verdicts_max=3)
    for number in range(10):
        verified = VerifiedToken(
            issuer_short="shop", subject=str(number), user_id=f"shop:{number}", roles=frozenset(), expires_at=NOW + 300
        )
        verdicts.keep(bytes([number]), verified, keys, keys.key_set, now=NOW)
        assert len(verdicts) <= 3
    assert [number for number in range(10) if verdicts.find(bytes([number]))] == [7, 8, 9]
    keys.key_set = KeySet()
    assert verdicts.find(bytes([9])) is None
