"""Every forgery that we know of, each next to a valid token that differs only in the forged detail."""

import json
from base64 import urlsafe_b64decode

import pytest

from holdfast.application.identity.tokens import TokenRefused
from oidc.forging import (
    Forgery,
    Scene,
    bearing,
    claim,
    claims_text,
    forgers,
    in_der,
    loose_bits,
    nearly_oversize,
    of_kind,
    oversize,
    pieces,
    right,
    unsigned,
    with_alg,
    with_header,
)
from oidc.local_issuer import local_issuer, verifier_of
from oidc.signing import AUDIENCE, NOW, key, public, segment

PEM = key("rsa").as_pem(private=False)
FORGERS_KEY = public("rsa-forger")

FORGERIES = {
    # No signature, or one that anybody can make
    "alg none": Forgery("algorithm", lambda s: unsigned(s, "none")),
    "alg none with a signature": Forgery("algorithm", lambda s: with_alg(s, "none", "rsa", "RS256")),
    "alg None": Forgery("algorithm", lambda s: unsigned(s, "None")),
    "alg NONE": Forgery("algorithm", lambda s: unsigned(s, "NONE")),
    "alg empty": Forgery("algorithm", lambda s: unsigned(s, "")),
    "alg missing": Forgery("malformed", lambda s: with_header(s, '{"typ":"JWT","kid":"rsa"}')),
    "alg null": Forgery("algorithm", lambda s: with_header(s, '{"alg":null,"kid":"rsa"}')),
    "alg a list": Forgery("algorithm", lambda s: with_header(s, '{"alg":["RS256"],"kid":"rsa"}')),
    "alg in lower case": Forgery("algorithm", lambda s: with_alg(s, "rs256", "rsa", "RS256")),
    "no signature": Forgery("signature", lambda s: pieces(s.good(), signature=lambda _: "")),
    "HS256 with the public key as PEM": Forgery("algorithm", lambda s: with_alg(s, "HS256", PEM, "HS256")),
    "HS256 with the public key as JWK": Forgery(
        "algorithm", lambda s: with_alg(s, "HS256", json.dumps(public("rsa")).encode(), "HS256")
    ),
    "HS256 with the modulus": Forgery(
        "algorithm", lambda s: with_alg(s, "HS256", public("rsa")["n"].encode(), "HS256")
    ),
    "HS512 with the public key": Forgery("algorithm", lambda s: with_alg(s, "HS512", PEM, "HS512")),
    # The wrong key
    "somebody else's key under the issuer's kid": Forgery("signature", lambda s: s.good(by="rsa-forger", kid="rsa")),
    "an unknown kid": Forgery("unknown_key", lambda s: s.good(by="rsa-forger")),
    "a kid that is a path": Forgery("unknown_key", lambda s: s.good(kid="../../../dev/null")),
    "a kid that is SQL": Forgery("unknown_key", lambda s: s.good(kid="rsa' UNION SELECT 'secret")),
    "a kid that is a number": Forgery("malformed", lambda s: s.good(kid=1)),
    "an empty kid": Forgery("malformed", lambda s: s.good(kid="")),
    "no kid, where two keys fit": Forgery("unknown_key", lambda s: s.good(kid=...), lambda s: s.good(by="ed", kid=...)),
    "ES256 under the kid of an RSA key": Forgery(
        "unknown_key", lambda s: s.good(by="ec-forger", kid="rsa"), lambda s: s.good(by="ec")
    ),
    "RS256 under the kid of an EC key": Forgery("unknown_key", lambda s: s.good(kid="ec"), lambda s: s.good(by="ec")),
    "EdDSA under the kid of an RSA key": Forgery(
        "unknown_key", lambda s: s.good(by="ed", kid="rsa"), lambda s: s.good(by="ed")
    ),
    "PS256 by a key that is for RS256": Forgery(
        "unknown_key", lambda s: s.good(by="rsa-pinned", algorithm="PS256"), lambda s: s.good(by="rsa-pinned")
    ),
    "PS256 that is signed as RS256": Forgery(
        "signature", lambda s: with_alg(s, "PS256", "rsa", "RS256"), lambda s: s.good(algorithm="PS256")
    ),
    "RS256 that is signed as PS256": Forgery("signature", lambda s: with_alg(s, "RS256", "rsa", "PS256")),
    "RS512": Forgery("algorithm", lambda s: s.good(algorithm="RS512")),
    "ES384 by a key that is published": Forgery("algorithm", lambda s: s.good(by="p384"), lambda s: s.good(by="ec")),
    "a key for encryption": Forgery("unknown_key", lambda s: s.good(by="rsa-encrypts")),
    "the other issuer's key for this issuer": Forgery(
        "unknown_key", lambda s: s.shop.token(by="ec-other"), lambda s: s.other.token(by="ec-other")
    ),
    "this issuer's key for the other issuer": Forgery(
        "unknown_key", lambda s: s.other.token(), lambda s: s.other.token(by="ec-other")
    ),
    # A header that contains or names another key
    "jwk": Forgery("unknown_key", forgers(jwk=FORGERS_KEY), right(jwk=FORGERS_KEY)),
    "jwk under the issuer's kid": Forgery(
        "signature", forgers(jwk=FORGERS_KEY | {"kid": "rsa"}, kid="rsa"), right(jwk=FORGERS_KEY | {"kid": "rsa"})
    ),
    "jku": Forgery("unknown_key", forgers(jku=lambda s: f"{s.forger}/keys"), right(jku=lambda s: f"{s.forger}/keys")),
    "jku under the issuer's kid": Forgery(
        "signature", forgers(jku=lambda s: f"{s.forger}/keys", kid="rsa"), right(jku=lambda s: f"{s.forger}/keys")
    ),
    "x5u": Forgery("unknown_key", forgers(x5u=lambda s: f"{s.forger}/crt"), right(x5u=lambda s: f"{s.forger}/crt")),
    "x5c": Forgery("signature", forgers(x5c=["MIIB"], kid="rsa"), right(x5c=["MIIB"])),
    "crit": Forgery("critical_header", lambda s: s.good(crit=["exp"], exp=1)),
    "crit that is unknown": Forgery("critical_header", lambda s: s.good(crit=["x"], x=1), lambda s: s.good(x=1)),
    "crit that is empty": Forgery("critical_header", lambda s: s.good(crit=[])),
    "b64 false": Forgery("malformed", lambda s: s.good(b64=False, crit=["b64"])),
    "b64 true": Forgery("critical_header", lambda s: s.good(b64=True)),
    "zip": Forgery("critical_header", lambda s: s.good(zip="DEF")),
    # Another token's signature
    "another subject": Forgery(
        "signature", lambda s: pieces(s.good(), payload=lambda _: segment(s.shop.claims(sub="root")))
    ),
    "another header": Forgery(
        "signature", lambda s: pieces(s.good(), header=lambda _: segment({"alg": "RS256", "kid": "rsa"}))
    ),
    "the signature of another token": Forgery(
        "signature", lambda s: pieces(s.good(), signature=lambda _: s.claiming(sub="bob").split(".")[2])
    ),
    "a signature that is cut": Forgery("signature", lambda s: pieces(s.good(), signature=lambda part: part[:-4])),
    "a signature with more behind it": Forgery(
        "signature",
        lambda s: pieces(s.good(), signature=lambda part: segment(urlsafe_b64decode(part + "==") + b"\0")),
    ),
    "ES256 in DER": Forgery("signature", lambda s: in_der(s.good(by="ec")), lambda s: s.good(by="ec")),
    "ES256 of zeros": Forgery(
        "signature",
        lambda s: pieces(s.good(by="ec"), signature=lambda _: segment(bytes(64))),
        lambda s: s.good(by="ec"),
    ),
    "EdDSA of zeros": Forgery(
        "signature",
        lambda s: pieces(s.good(by="ed"), signature=lambda _: segment(bytes(64))),
        lambda s: s.good(by="ed"),
    ),
    # Another encoding: each token must have only one
    "padding": Forgery("signature", lambda s: s.good() + "=="),
    "base64 with loose bits": Forgery("signature", lambda s: pieces(s.good(), signature=loose_bits)),
    "the other alphabet of base64": Forgery(
        "malformed",
        lambda s: pieces(
            bearing(s, claims_text(s, '"sub"', '"a":"???>>>","sub"')),
            payload=lambda p: p.replace("_", "/").replace("-", "+"),
        ),
        lambda s: bearing(s, claims_text(s, '"sub"', '"a":"???>>>","sub"')),
    ),
    "a space within": Forgery("malformed", lambda s: pieces(s.good(), payload=lambda part: f"{part[:8]} {part[8:]}")),
    "a line break at the end": Forgery("signature", lambda s: s.good() + "\n"),
    "a letter beyond ASCII": Forgery("malformed", lambda s: s.good() + "é"),
    "two parts": Forgery("malformed", lambda s: s.good().rpartition(".")[0]),
    "four parts": Forgery("malformed", lambda s: s.good() + ".e30"),
    "five parts, as of an encrypted token": Forgery("malformed", lambda s: s.good() + ".e30.e30"),
    "JSON serialisation": Forgery(
        "malformed",
        lambda s: json.dumps(dict(zip(("protected", "payload", "signature"), s.good().split("."), strict=True))),
    ),
    "nothing": Forgery("malformed", lambda _: ""),
    "over 8 KiB": Forgery("oversize", oversize, nearly_oversize),
    # Not a single unambiguous object
    "a payload that is a list": Forgery("malformed", lambda s: bearing(s, f"[{claims_text(s)}]")),
    "a payload that is no JSON": Forgery("malformed", lambda s: bearing(s, claims_text(s)[:-1])),
    "a payload in UTF-16": Forgery("malformed", lambda s: bearing(s, claims_text(s).encode("utf-16"))),
    "a payload that is not UTF-8": Forgery("malformed", lambda s: bearing(s, b'{"a":"\xff"}')),
    "a payload with a byte order mark": Forgery("malformed", lambda s: bearing(s, "\ufeff" + claims_text(s))),
    "an empty payload": Forgery("malformed", lambda s: pieces(s.good(), payload=lambda _: "")),
    "a payload nested without end": Forgery("malformed", lambda s: bearing(s, '{"a":' + "[" * 3000)),
    "a header that is a text": Forgery("malformed", lambda s: with_header(s, '"alg"')),
    "a header that is a list": Forgery("malformed", lambda s: with_header(s, '["alg"]')),
    "a header nested without end": Forgery("malformed", lambda s: with_header(s, '{"alg":' + "[" * 3000)),
    "sub twice": Forgery("malformed", lambda s: bearing(s, claims_text(s, '"sub"', '"sub":"root","sub"'))),
    "sub twice, once in escapes": Forgery(
        "malformed", lambda s: bearing(s, claims_text(s, '"sub"', '"\\u0073ub":"root","sub"'))
    ),
    "exp twice": Forgery("malformed", lambda s: bearing(s, claims_text(s, '"exp"', '"exp":1,"exp"'))),
    "a member twice, deep within": Forgery(
        "malformed",
        lambda s: bearing(s, claims_text(s, '"sub"', '"a":{"b":[{"c":1,"c":2}]},"sub"')),
        lambda s: bearing(s, claims_text(s, '"sub"', '"a":{"b":[{"c":1,"d":2}]},"sub"')),
    ),
    "alg twice": Forgery("malformed", lambda s: with_header(s, '{"alg":"none","alg":"RS256","kid":"rsa"}')),
    "kid twice": Forgery("malformed", lambda s: with_header(s, '{"alg":"RS256","kid":"ec","kid":"rsa"}')),
    # Meant for another purpose
    "typ of a sign-out": Forgery("type", lambda s: s.good(typ="logout+jwt"), lambda s: s.good(typ="at+jwt")),
    "typ of a proof of possession": Forgery("type", lambda s: s.good(typ="dpop+jwt"), lambda s: s.good(typ=...)),
    "typ that is a number": Forgery("type", lambda s: s.good(typ=1)),
    "ID token by its nonce": of_kind(nonce="n"),
    "ID token by at_hash": of_kind(at_hash="x"),
    "ID token by c_hash": of_kind(c_hash="x"),
    "ID token of Keycloak": of_kind(typ="ID"),
    "refresh token of Keycloak": of_kind(typ="Refresh"),
    "nonce without Keycloak's Bearer": of_kind({"nonce": "n", "typ": "Bearer"}, nonce="n"),
    "ID token of Cognito": of_kind({"token_use": "access"}, token_use="id"),
    "events": Forgery("not_an_access_token", claim("events", {})),
    "cnf": Forgery("bound_to_a_key", claim("cnf", {"jkt": "x"})),
    # From another issuer
    "no iss": Forgery("issuer", lambda s: s.claiming("iss")),
    "iss of nobody we know": Forgery("issuer", lambda s: s.claiming(iss="https://accounts.example")),
    "iss with a slash more": Forgery("issuer", lambda s: s.claiming(iss=s.shop.address + "/")),
    "iss in other letters": Forgery("issuer", lambda s: s.claiming(iss=s.shop.address.upper())),
    "iss that begins alike": Forgery("issuer", lambda s: s.claiming(iss=s.shop.address + ".example")),
    "iss that is a list": Forgery("issuer", lambda s: s.claiming(iss=[s.shop.address])),
    "iss that is a number": Forgery("issuer", claim("iss", 1)),
    # For another audience
    "no aud": Forgery("audience", lambda s: s.claiming("aud")),
    "aud of another": Forgery("audience", claim("aud", "books")),
    "aud that begins alike": Forgery("audience", claim("aud", AUDIENCE + "2")),
    "aud that is a part": Forgery("audience", claim("aud", AUDIENCE[:-1])),
    "aud in other letters": Forgery("audience", claim("aud", AUDIENCE.upper())),
    "aud null": Forgery("audience", claim("aud", None)),
    "aud an empty list": Forgery("audience", claim("aud", []), claim("aud", [AUDIENCE])),
    "aud a list of others": Forgery("audience", claim("aud", ["a", "b"]), claim("aud", ["a", AUDIENCE])),
    "aud a list with a number": Forgery("audience", claim("aud", [AUDIENCE, 1]), claim("aud", [AUDIENCE, "1"])),
    "aud a list in a list": Forgery("audience", claim("aud", [[AUDIENCE]]), claim("aud", [AUDIENCE])),
    "aud an object": Forgery("audience", claim("aud", {AUDIENCE: True})),
    # At another time
    "no exp": Forgery("no_expiry", lambda s: s.claiming("exp")),
    "exp past the leeway": Forgery("expired", claim("exp", NOW - 60), claim("exp", NOW - 59)),
    "exp null": Forgery("malformed_time", claim("exp", None)),
    "exp a text": Forgery("malformed_time", claim("exp", str(NOW + 300))),
    "exp true": Forgery("malformed_time", claim("exp", True)),
    "exp negative": Forgery("malformed_time", claim("exp", -1)),
    "exp NaN": Forgery("malformed", claim("exp", float("nan"))),
    "exp Infinity": Forgery("malformed", claim("exp", float("inf"))),
    "exp beyond every float": Forgery("malformed_time", lambda s: bearing(s, claims_text(s, f"{NOW + 300}", "1e400"))),
    "exp of a thousand digits": Forgery("malformed_time", claim("exp", 10**1000), claim("exp", NOW + 300.5)),
    "exp of too many digits": Forgery("malformed", lambda s: bearing(s, claims_text(s, f"{NOW + 300}", "9" * 4400))),
    "nbf beyond the leeway": Forgery("not_yet_valid", claim("nbf", NOW + 61), claim("nbf", NOW + 60)),
    "nbf a text": Forgery("malformed_time", claim("nbf", "0"), claim("nbf", 0)),
    "iat beyond the leeway": Forgery("not_yet_valid", claim("iat", NOW + 61), claim("iat", NOW + 60)),
    "iat a list": Forgery("malformed_time", claim("iat", [NOW]), lambda s: s.claiming("iat")),
    # Without a subject
    "no sub": Forgery("no_subject", lambda s: s.claiming("sub")),
    "sub empty": Forgery("no_subject", claim("sub", "")),
    "sub null": Forgery("no_subject", claim("sub", None)),
    "sub a number": Forgery("no_subject", claim("sub", 7), claim("sub", "7")),
    "sub a list": Forgery("no_subject", claim("sub", ["alice"])),
    "sub beyond ASCII": Forgery("unusable_subject", claim("sub", "\u0430lice")),
    "sub with a line break": Forgery("unusable_subject", claim("sub", "alice\nX-User-Roles: admin")),
    "sub with NUL": Forgery("unusable_subject", claim("sub", "alice\0")),
    "sub half a surrogate pair": Forgery("unusable_subject", claim("sub", "\ud800")),
    "sub too long": Forgery("unusable_subject", claim("sub", "a" * 251), claim("sub", "a" * 250)),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forgery_is_refused_and_its_twin_believed(name):
    """It is refused for the right reason, and no request goes to the forger's server."""
    forgery = FORGERIES[name]
    async with (
        local_issuer("rsa", "ec", "ed", "p384", "rsa-second") as shop,
        local_issuer("ec-other", short="other") as other,
        local_issuer("rsa-forger") as forger,
        verifier_of(shop, other) as verifier,
    ):
        shop.keys += [public("rsa-pinned", alg="RS256"), public("rsa-encrypts", use="enc")]
        scene = Scene(shop.shop, other.shop, forger.address)
        with pytest.raises(TokenRefused) as refused:
            await verifier.verify(forgery.forge(scene))
        assert refused.value.reason == forgery.reason
        assert (await verifier.verify(forgery.twin(scene))).user_id.startswith(("shop:", "other:"))
        assert forger.asked == {}


async def test_claims_that_look_like_ours_mean_nothing():
    """Only `sub` identifies the user, and roles come only from the configured claim."""
    async with local_issuer("rsa") as shop, verifier_of(shop) as verifier:
        claims = shop.shop.claims(
            sub="other:bob", user_id="shop:root", role="admin", admin=True, roles=["admin"], organiser_id="x"
        )
        verified = await verifier.verify(shop.shop.token(claims))
        assert (verified.user_id, verified.subject) == ("shop:other:bob", "other:bob")
        assert verified.roles == {"buyer"}


async def test_two_issuers_subjects_of_one_name_are_two_people():
    async with (
        local_issuer("rsa") as shop,
        local_issuer("rsa", short="other") as other,
        verifier_of(shop, other) as verifier,
    ):
        ours = await verifier.verify(shop.shop.token())
        theirs = await verifier.verify(other.shop.token())
        assert (ours.user_id, theirs.user_id) == ("shop:alice", "other:alice")


@pytest.mark.parametrize(
    ("by", "algorithm"), [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "EdDSA"), ("ed", "Ed25519")]
)
async def test_every_algorithm_is_believed(by, algorithm):
    async with local_issuer("rsa", "ec", "ed") as shop, verifier_of(shop) as verifier:
        verified = await verifier.verify(shop.shop.token(by=by, algorithm=algorithm))
        assert verified.user_id == "shop:alice"
        assert verified.expires_at == NOW + 300
