"""Public keys as a JSON Web Key Set: what is exported is read back, and a damaged one is said to be so."""

import json

import pytest
from joserfc.jwk import KeySet

from holdfast.domain.tickets.keys import BadKeySet, key_set, read_key_set
from tickets.tickets import KEYS, PAIR, SIGNATURES

SET = key_set([PAIR.public])


def test_what_is_exported_is_read_back():
    other = SIGNATURES.new_pair()
    assert read_key_set(json.dumps(key_set([other.public, PAIR.public]))) == {**KEYS, other.id: other.public}


def test_another_library_reads_it():
    [key] = KeySet.import_key_set(SET).keys
    assert key.raw_value.public_bytes_raw() == PAIR.public


def test_keys_of_other_kinds_are_passed_over():
    foreign = {"kty": "RSA", "kid": "1", "n": "AQAB", "e": "AQAB"}
    assert read_key_set(json.dumps({"keys": [foreign, *SET["keys"], 7], "more": 1})) == KEYS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        (b"\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no key set"),
        ('{"keys": {}}', "no key set"),
        ('{"keys": []}', "no key for tickets"),
        (json.dumps({"keys": [SET["keys"][0] | {"x": "AA"}]}), "x must be 32 bytes"),
        (json.dumps({"keys": [SET["keys"][0] | {"x": "!" * 43}]}), "x must be 32 bytes"),
        (json.dumps({"keys": [SET["keys"][0] | {"x": None}]}), "x must be 32 bytes"),
        (json.dumps({"keys": [SET["keys"][0] | {"kid": "0" * 16}]}), "kid must be"),
        (json.dumps({"keys": [SET["keys"][0] | {"kid": "\x1b[2J"}]}), "key without an id"),
        (json.dumps({"keys": [SET["keys"][0] | {"kid": 7}]}), "kid must be"),
    ],
)
def test_what_is_no_key_set_is_said_to_be_so(text, problem):
    with pytest.raises(BadKeySet, match=problem):
        read_key_set(text)
