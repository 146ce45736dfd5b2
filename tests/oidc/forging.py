"""Makes tokens that look almost right."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from holdfast.infrastructure.oidc.verifier import TOKEN_BYTES_MAX
from oidc.signing import segment, sign


@dataclass(frozen=True)
class Scene:
    """Two trusted issuers, and a server of the forger's."""

    shop: object
    other: object
    forger: str

    def good(self, **options):
        return self.shop.token(**options)

    def claiming(self, *without, **claims):
        return self.shop.token(self.shop.claims(*without, **claims))


@dataclass(frozen=True)
class Forgery:
    reason: str
    forge: Callable[[Scene], str]
    twin: Callable[[Scene], str] = Scene.good


def pieces(token, *, header=None, payload=None, signature=None):
    parts = token.split(".")
    for place, part in enumerate((header, payload, signature)):
        if part is not None:
            parts[place] = part(parts[place])
    return ".".join(parts)


def of_kind(twin=None, **claims):
    """Return a forgery by claims of another kind of token. Its twin says `at+jwt`, or has the claims of `twin`."""

    def explicit(scene):
        return scene.shop.token(scene.shop.claims(**claims), typ="at+jwt")

    def other(scene):
        return scene.claiming(**twin)

    return Forgery("not_an_access_token", lambda scene: scene.claiming(**claims), explicit if twin is None else other)


def with_alg(scene, algorithm, signer, how, **header):
    header = {"alg": algorithm, "typ": "JWT", "kid": "rsa"} | header
    return sign(header, scene.shop.claims(), signer, how)


def unsigned(scene, algorithm):
    return f"{segment({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{segment(scene.shop.claims())}."


def in_der(token):
    raw = urlsafe_b64decode(token.rsplit(".", 1)[1] + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    return pieces(token, signature=lambda _: segment(der))


def loose_bits(part):
    """Return the same bytes in base64url with non-zero spare bits: another text for the same signature."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    loose = part[:-1] + letters[letters.index(part[-1]) + 1]
    assert urlsafe_b64decode(loose + "==") == urlsafe_b64decode(part + "==")
    return loose


def bearing(scene, text):
    return scene.shop.token(payload=text if isinstance(text, bytes) else text.encode())


def claims_text(scene, old="", new=""):
    text = json.dumps(scene.shop.claims(), separators=(",", ":"))
    assert old in text
    return text.replace(old, new, 1)


def with_header(scene, text):
    """Sign a header given as text with the right key."""
    return sign(text.encode(), scene.shop.claims(), "rsa", "RS256")


def oversize(scene):
    return scene.claiming(padding="x" * TOKEN_BYTES_MAX)


def nearly_oversize(scene):
    token = scene.claiming(padding="x" * (TOKEN_BYTES_MAX * 3 // 4 - 700))
    assert TOKEN_BYTES_MAX * 0.9 < len(token) <= TOKEN_BYTES_MAX
    return token


def forgers(**header):
    """Return a token signed by the forger's key, with a header that points to that key."""
    return lambda scene: scene.shop.token(
        by="rsa-forger", **{name: value(scene) if callable(value) else value for name, value in header.items()}
    )


def right(**header):
    """Return its valid twin: the header points to the forger too, but the issuer's key signed it."""
    return lambda scene: scene.shop.token(
        **({name: value(scene) if callable(value) else value for name, value in header.items()} | {"kid": "rsa"})
    )


def claim(name, value):
    return lambda scene: scene.claiming(**{name: value})
