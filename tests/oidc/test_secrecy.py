"""No token, and no part of one, appears in a log line or an exception."""

import traceback

import pytest
import structlog

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused
from oidc.local_issuer import answer, local_issuer, verifier_of
from oidc.signing import public, segment, sign

CANARY = "canary-4711"


def _with_canaries(shop):
    """Return tokens that are refused at each step, with the canary in every part that can hold it."""
    claims = shop.claims(sub=CANARY, name=CANARY)
    good = shop.token(claims)
    yield good + CANARY
    yield CANARY
    yield f"{CANARY}.{CANARY}.{CANARY}"
    yield shop.token(claims, kid=CANARY)
    yield shop.token(claims, typ=CANARY)
    yield shop.token(claims, crit=[CANARY])
    yield shop.token(claims | {"iss": CANARY})
    yield shop.token(claims | {"aud": CANARY})
    yield shop.token(claims | {"exp": CANARY})
    yield shop.token(claims | {"sub": CANARY * 100})
    yield shop.token(payload=f'{{"{CANARY}": "{CANARY}'.encode())
    yield shop.token(payload=f'{{"{CANARY}": 1, "{CANARY}": 2}}'.encode())
    yield sign({"alg": CANARY, "kid": "rsa"}, claims, "rsa", "RS256")
    yield good.rpartition(".")[0] + "." + segment(CANARY.encode())


async def test_refusals_are_silent(capsys):
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        with structlog.testing.capture_logs() as lines:
            for token in _with_canaries(shop.shop):
                with pytest.raises(TokenRefused) as told:
                    await verifier.verify(token)
                text = "".join(traceback.format_exception(told.value))
                assert CANARY not in text
                assert segment(CANARY.encode())[:8] not in text
                assert token[:20] not in text
        assert CANARY not in str(lines)
        assert {line["event"] for line in lines} <= {"issuer_keys"}
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err


async def test_what_an_issuer_answers_is_not_repeated(caplog):
    caplog.set_level("DEBUG")
    async with local_issuer() as shop, verifier_of(shop) as verifier:
        with structlog.testing.capture_logs() as lines:
            for useless in (answer(CANARY.encode()), answer({}, status=f"500 {CANARY}"), CANARY.encode() + b"\r\n\r\n"):
                shop.answers["/keys"] = useless
                verifier._keys[shop.address]._failures = 0
                await verifier._keys[shop.address]._fly()
                with pytest.raises(Unavailable) as told:
                    await verifier.verify(shop.shop.token())
                assert CANARY not in str(told.value)
            shop.answers["/keys"] = answer({"keys": [public("rsa") | {"kid": CANARY, "alg": CANARY}]})
            await verifier._keys[shop.address]._fly()
        assert len(lines) == 5
        assert CANARY not in str(lines)
        assert CANARY not in caplog.text
