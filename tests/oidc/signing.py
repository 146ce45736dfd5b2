"""Tokens as issuers and forgers make them: every part is used as given, however wrong."""

import hmac
import json
from base64 import urlsafe_b64encode
from functools import cache

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

NOW = 1_900_000_000
"""The current time for the verifiers of the tests."""
AUDIENCE = "tickets"


@cache
def key(name):
    """Return a key pair, the same for the same name during the whole run."""
    kind = name.partition("-")[0]
    if kind == "rsa":
        return RSAKey.generate_key(2048)
    if kind == "p384":
        return ECKey.generate_key("P-384")
    return ECKey.generate_key("P-256") if kind == "ec" else OKPKey.generate_key("Ed25519")


def public(name, **members):
    """Return a key as in a key set; its kid is its name."""
    return {"kid": name, **key(name).as_dict(private=False), **members}


def segment(part):
    if not isinstance(part, bytes):
        part = json.dumps(part, separators=(",", ":")).encode()
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def algorithm_of(name):
    return {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA", "p384": "ES384"}[name.partition("-")[0]]


def sign(header, payload, signer, algorithm=None):
    """Sign the parts (objects, or the bytes to be encoded).

    Args:
        signer: The name of a key pair, or a secret in bytes.
        algorithm: How to sign, where that is not what the header says.
    """
    algorithm = algorithm or header["alg"]
    signing_input = f"{segment(header)}.{segment(payload)}"
    if isinstance(signer, bytes):
        signature = hmac.digest(signer, signing_input.encode(), f"sha{algorithm[2:]}")
    else:
        signature = JWSRegistry.algorithms[algorithm].sign(signing_input.encode(), key(signer))
    return f"{signing_input}.{segment(signature)}"


class Shop:
    """An issuer's claims and headers, and variations of them."""

    def __init__(self, address):
        self.address = address

    def claims(self, *without, **changes):
        """Return valid claims with changes; a change to None becomes JSON's null."""
        claims = {"iss": self.address, "aud": AUDIENCE, "sub": "alice", "iat": NOW, "exp": NOW + 300}
        return {name: value for name, value in (claims | changes).items() if name not in without}

    def token(self, claims=None, *, by="rsa", algorithm=None, payload=None, **header):
        """Return a token that is valid unless an argument makes it invalid."""
        header = {"alg": algorithm or algorithm_of(by), "typ": "JWT", "kid": by} | header
        header = {name: value for name, value in header.items() if value is not ...}
        return sign(header, payload or (self.claims() if claims is None else claims), by)
