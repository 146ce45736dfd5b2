"""The format of API keys and their checksum, and that keys are never shown."""

import os
import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.application.identifiers import uuid7
from holdfast.domain.identity.api_keys import SECRET_BYTES, make_api_key, read_api_key


@given(number=st.integers(0, 2**128 - 1), secret=st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_a_key_is_read_as_it_was_made(number, secret):
    made = make_api_key(UUID(int=number), secret)
    assert read_api_key(made.text) == made
    assert re.fullmatch(r"hf_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}", made.text)


KEY = make_api_key(UUID(int=2**128 - 1), bytes([255]) * SECRET_BYTES)


@given(place=st.integers(3, len(KEY.text) - 1), digit=st.sampled_from("0123456789abcxyzABCXYZ"))
def test_a_mistyped_key_is_none(place, digit):
    mistyped = KEY.text[:place] + digit + KEY.text[place + 1 :]
    assert mistyped == KEY.text or read_api_key(mistyped) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hf_",
        KEY.text[:-1],
        KEY.text + "0",
        KEY.text + "\n",
        KEY.text.upper(),
        "HF" + KEY.text[2:],
        f"Bearer {KEY.text}",
        KEY.text.replace("_", "-"),
        "hf_" + "z" * 22 + KEY.text[25:],  # an id beyond 128 bits, and a wrong checksum
        KEY.text[:-1] + "é",
        KEY.text[:-1] + "٣",
        "hf_" * 1000,
    ],
)
def test_what_is_no_key_is_none(text):
    assert read_api_key(text) is None


def test_an_id_beyond_the_range_of_ids_is_none_whatever_its_checksum():
    from holdfast.domain.identity import api_keys

    body = "hf_" + "z" * 22 + "_" + "0" * 43
    assert read_api_key(body + api_keys._checksum(body)) is None


def test_a_key_is_known_by_its_digest_alone():
    key, other = (make_api_key(uuid7(), os.urandom(SECRET_BYTES)) for _ in range(2))
    assert key.is_of(key.digest)
    assert not key.is_of(other.digest)
    assert not key.is_of(b"")
    assert not replace(other, id=key.id).is_of(key.digest)


def test_a_key_is_shown_nowhere():
    assert KEY.text not in f"{KEY!r} {KEY!s} {[KEY]}"


def test_a_secret_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32"):
        make_api_key(uuid7(), b"short")
