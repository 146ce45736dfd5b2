"""Which published keys may verify tokens, and which are left out."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

import domain.profile  # noqa: F401 - the profile of Hypothesis
from holdfast.infrastructure.oidc.keys import SecretPublishedError, read_key_set
from oidc.signing import public, segment


def _number(value):
    return segment(value.to_bytes((value.bit_length() + 7) // 8))


def _rsa_of(bits):
    """Return a key that looks like one of this size; nobody checks that its modulus has two factors."""
    return {"kty": "RSA", "kid": "odd", "e": "AQAB", "n": _number((1 << bits) - 1)}


RSA = public("rsa")
EC = public("ec")
LEFT_OUT = {
    "1,024 bits": {
        "kty": "RSA",
        "kid": "odd",
        "e": "AQAB",
        "n": _number(generate_private_key(65537, 1024).public_key().public_numbers().n),
    },
    "2,047 bits": _rsa_of(2047),
    "8,193 bits": _rsa_of(8193),
    "a million bits": _rsa_of(1_000_000),
    "an exponent of 1": RSA | {"e": _number(1)},
    "an exponent of 3": RSA | {"e": _number(3)},
    "an exponent without end": RSA | {"e": RSA["n"]},
    "an even exponent": RSA | {"e": _number(65538)},
    "an empty modulus": RSA | {"n": ""},
    "a modulus that is no base64": RSA | {"n": "!" * 342},
    "a modulus that is a number": RSA | {"n": 7},
    "no modulus": {"kty": "RSA", "kid": "odd", "e": "AQAB"},
    "for encryption": RSA | {"use": "enc"},
    "for something else": RSA | {"use": "tls"},
    "a use that is a list": RSA | {"use": ["sig"]},
    "for signing only": RSA | {"key_ops": ["sign"]},
    "key_ops that are a text": RSA | {"key_ops": "verify"},
    "for HS256": RSA | {"alg": "HS256"},
    "for RS512": RSA | {"alg": "RS512"},
    "for ES256, and yet RSA": RSA | {"alg": "ES256"},
    "an alg that is null": RSA | {"alg": None},
    "a kid that is a number": RSA | {"kid": 1},
    "a kid that is empty": RSA | {"kid": ""},
    "P-384": public("p384"),
    "secp256k1": EC | {"crv": "secp256k1"},
    "a point that is not on the curve": EC | {"y": EC["x"]},
    "a coordinate too long": EC | {"x": EC["x"] + "AAAA"},
    "no coordinate": {"kty": "EC", "crv": "P-256", "x": EC["x"]},
    "X25519": public("ed") | {"crv": "X25519"},
    "Ed25519 too short": public("ed") | {"x": "AAAA"},
    "a type of tomorrow": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
    "no type": {"kid": "odd"},
    "a type that is a list": {"kty": ["RSA"]},
}


@pytest.mark.parametrize("name", LEFT_OUT)
async def test_a_key_that_cannot_be_used_is_left_out_and_the_others_stay(name):
    key_set, left_out = await read_key_set({"keys": [LEFT_OUT[name], public("ed-good")]})
    assert [key.kid for key in key_set.keys] == ["ed-good"]
    assert len(left_out) == 1


@pytest.mark.parametrize(
    ("members", "algorithms"),
    [
        ({}, {"RS256", "PS256"}),
        ({"use": "sig", "key_ops": ["verify"]}, {"RS256", "PS256"}),
        ({"alg": "PS256"}, {"PS256"}),
        ({"n": segment(b"\0") + "", "e": "AQAB"} | {"n": RSA["n"]}, {"RS256", "PS256"}),
        ({"x5c": 1, "x5t": [], "unheard": {"of": 1}}, {"RS256", "PS256"}),
    ],
)
async def test_a_key_is_bound_to_the_algorithms_of_its_type_and_of_its_alg(members, algorithms):
    key_set, left_out = await read_key_set({"keys": [RSA | members]})
    assert left_out == ()
    assert key_set.keys[0].algorithms == algorithms


async def test_the_largest_key_is_8192_bits():
    key_set, _ = await read_key_set({"keys": [_rsa_of(8192), _rsa_of(2048) | {"kid": "smallest"}]})
    assert [key.kid for key in key_set.keys] == ["odd", "smallest"]


async def test_a_key_that_stands_twice_counts_once_and_two_of_one_name_not_at_all():
    """Which of two keys with the same name is meant is unknown, and trying both would double the cost of invalid
    tokens.
    """
    key_set, _ = await read_key_set({"keys": [RSA, RSA]})
    assert key_set.find("rsa", "RS256") is not None
    key_set, _ = await read_key_set({"keys": [RSA, public("rsa-second", kid="rsa")]})
    assert key_set.find("rsa", "RS256") is None
    key_set, _ = await read_key_set({"keys": [RSA, public("ec", kid="rsa")]})
    assert key_set.find("rsa", "ES256") is not None


@pytest.mark.parametrize("secret", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
async def test_a_private_part_in_any_key_spoils_the_set(secret):
    with pytest.raises(SecretPublishedError):
        await read_key_set({"keys": [EC, RSA | {secret: "AQAB"}]})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.fixed_dictionaries(
    {"kty": st.sampled_from(["RSA", "EC", "OKP", "oct"]) | ANYTHING},
    optional={
        "crv": st.sampled_from(["P-256", "Ed25519"]) | ANYTHING,
        **{name: st.sampled_from([RSA["n"], EC["x"], "AQAB"]) | ANYTHING for name in ("n", "e", "x", "y", "kid")},
        **dict.fromkeys(("use", "alg", "key_ops", "x5c"), ANYTHING),
    },
)


@given(st.dictionaries(st.sampled_from(["keys", "other"]), st.lists(MEMBERS | ANYTHING, max_size=4) | ANYTHING))
def test_any_document_is_read_or_refused(document):
    try:
        key_set, left_out = asyncio.run(read_key_set(document))
    except (ValueError, SecretPublishedError):
        return
    assert len(key_set.keys) + len(left_out) <= len(document["keys"])
