"""Any text after `Bearer` is accepted or refused, without side effects."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain.profile  # noqa: F401 - the profile of Hypothesis
from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc.issuers import Issuer
from holdfast.infrastructure.oidc.keys import read_key_set
from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier
from oidc.local_issuer import Clock
from oidc.signing import AUDIENCE, NOW, Shop, public, segment, sign

ADDRESS = "https://issuer.example"
NAMES = st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "jku", "iss", "aud", "sub", "exp", "nbf", "iat", "roles"])
LIKELY = st.sampled_from(
    [
        "RS256",
        "none",
        "HS256",
        "EdDSA",
        "rsa",
        "ec",
        "JWT",
        ADDRESS,
        AUDIENCE,
        "alice",
        NOW,
        NOW + 300,
        -1,
        1e308,
        "",
        0,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | LIKELY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES | LIKELY, max_size=8)
SEGMENTS = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=60).map(segment),
    VALUES.map(lambda value: segment(json.dumps(value).encode())),
    OBJECTS.map(lambda value: segment(json.dumps(value).encode())),
)


@pytest.fixture(scope="module")
def verifier():
    """A verifier that has keys already and fetches nothing: the address does not exist."""
    made = OidcTokenVerifier(
        [Issuer(short="shop", issuer=ADDRESS, audience=AUDIENCE)], wall_clock=Clock(NOW), monotonic=Clock(1000)
    )
    keys = made._keys[ADDRESS]
    key_set, _ = asyncio.run(read_key_set({"keys": [public("rsa"), public("ec"), public("ed")]}))
    keys._loaded_with(key_set, (), None)
    keys._asked_for_unknown_at = 1000
    return made


def _refused(verifier, token):
    """Return whether a token was refused; any other exception is raised."""
    verdict = None
    try:
        verifier.verify(token).send(None)  # there is nothing to wait for
    except TokenRefused as refused:
        verdict = refused
    except StopIteration:
        return False
    assert str(verdict) == verdict.reason
    assert verdict.reason.replace("_", "").isalpha()
    assert len(verdict.reason) <= 20
    return True


@given(st.text(max_size=300))
def test_any_text(verifier, token):
    assert _refused(verifier, token)


@given(st.lists(SEGMENTS, min_size=1, max_size=5).map(".".join))
def test_any_segments(verifier, token):
    assert _refused(verifier, token)


@given(OBJECTS, VALUES)
def test_any_header_and_claims_by_the_right_key(verifier, header, claims):
    """The signature is valid, so only the content decides, which may be anything."""
    token = sign(json.dumps(header).encode(), json.dumps(claims).encode(), "rsa", "RS256")
    if not _refused(verifier, token):
        assert header["alg"] == "RS256"
        assert claims["iss"] == ADDRESS
        assert claims["exp"] + 60 > NOW


@given(st.data())
def test_one_letter_changed(verifier, data):
    """A token with one changed letter is never accepted."""
    token = Shop(ADDRESS).token()
    assert not _refused(verifier, token)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(max_codepoint=255).filter(lambda letter: letter != token[place]))
    assert _refused(verifier, token[:place] + letter + token[place + 1 :])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_by_the_right_key(verifier, header, claims):
    assert _refused(verifier, sign(header, claims, "ed", "EdDSA"))
