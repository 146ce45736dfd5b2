"""What an issuer may answer when it is asked for its keys, and from where keys are fetched."""

import json

import pytest

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc import fetching
from holdfast.infrastructure.oidc.keys import KEYS_MAX
from oidc.local_issuer import answer, local_issuer, verifier_of
from oidc.refreshing import DISCOVERY, keys_of, refresh


async def test_an_endless_answer_and_a_trickle_are_cut_off(monkeypatch):
    monkeypatch.setattr(fetching, "FETCH_SECONDS_MAX", 0.3)

    def endless(piece):
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        while True:
            yield piece

    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        for piece in (b" " * 65536, b" "):
            shop.answers[DISCOVERY] = endless(piece)
            await refresh(verifier, shop)
            assert keys_of(verifier, shop)._failures
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
        await refresh(verifier, shop)
        assert keys_of(verifier, shop)._failures == 1
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
            await refresh(verifier, shop)
            assert keys_of(verifier, shop)._failures == failures


async def test_keys_are_fetched_from_no_address_with_a_password_though_it_works():
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        uri = f"http://me:secret@127.0.0.1:{shop.port}/keys"
        shop.answers[DISCOVERY] = answer({"issuer": shop.address, "jwks_uri": uri})
        await refresh(verifier, shop)
        assert keys_of(verifier, shop)._failures == 1
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
        await refresh(verifier, shop)
        assert keys_of(verifier, shop)._failures == 1


@pytest.mark.parametrize("other", ["{}/", "{}/realm", "http://issuer.example", "", None])
async def test_a_discovery_document_of_another_issuer_does_not_count(other):
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        named = other and other.format(shop.address)
        shop.answers[DISCOVERY] = answer({"issuer": named, "jwks_uri": f"{shop.address}/keys"})
        await refresh(verifier, shop)
        assert keys_of(verifier, shop)._failures == 1
        assert shop.fetches == 0


@pytest.mark.parametrize("secret", [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, {"kty": "RSA", "d": "AQAB"}])
async def test_a_set_that_publishes_a_secret_is_used_for_nothing(secret):
    """Its previous keys are not used either: if they are the same, everybody has them now."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        token = shop.shop.token()
        await verifier.verify(token)
        shop.keys.append(secret)
        await refresh(verifier, shop)
        with pytest.raises(TokenRefused, match="unknown_key"):
            await verifier.verify(token)
