#!/usr/bin/env python3
"""Measure what a token costs: CPU time per token for each algorithm, cold and known.

    .venv/bin/python loadtest/token_cost.py [tokens]

A cold token is checked in full, signature and all. A known one was found good within the last minute. "signature" is
what joserfc alone takes to check a cold one. Each figure is the best of five rounds, so that what else runs on the
machine disturbs little.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from holdfast.infrastructure.oidc.issuers import Issuer
from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier

ROUNDS = 5
Key = RSAKey | ECKey | OKPKey
KEYS: dict[str, Callable[[], Key]] = {
    "RS256": lambda: RSAKey.generate_key(2048),
    "PS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
}


async def main(tokens: int) -> None:
    """Check `tokens` different tokens of each algorithm once, then all of them again."""
    sys.stdout.write(f"{tokens} tokens, µs of CPU each   cold   known   signature\n")
    for algorithm, make in KEYS.items():
        key = make()
        with issuer_of(key) as issuer:
            signed = [token_for(issuer, algorithm, key, number) for number in range(tokens)]
            cold, known, signature = (min(figures) for figures in zip(*await _rounds(issuer, signed, key), strict=True))
        sys.stdout.write(f"{algorithm:27}{cold:8.1f}{known:8.2f}{signature:12.1f}\n")


async def _rounds(issuer: Issuer, tokens: Sequence[str], key: Key) -> list[tuple[float, float, float]]:
    public = type(key).import_key(key.as_dict(private=False))
    registry = jws.JWSRegistry(algorithms=list(KEYS))

    async def joserfc_alone(token: str) -> object:
        return jws.deserialize_compact(token, public, registry=registry)

    figures = []
    for _ in range(ROUNDS):
        verifier = OidcTokenVerifier([issuer])
        await verifier.verify(tokens[0])  # fetches the key
        rest = tokens[1:]
        figures.append(
            (await _each(verifier.verify, rest), await _each(verifier.verify, rest), await _each(joserfc_alone, rest))
        )
        await verifier.close()
    return figures


async def _each(check: Callable[[str], Awaitable[object]], tokens: Sequence[str]) -> float:
    began = time.process_time()
    for token in tokens:
        await check(token)
    return (time.process_time() - began) / len(tokens) * 1_000_000


def token_for(issuer: Issuer, algorithm: str, key: Key, number: int) -> str:
    """Return a token of the issuer for one of its buyers, good for an hour."""
    registry = jws.JWSRegistry(algorithms=[algorithm])
    now = int(time.time())
    claims = {
        "iss": issuer.issuer,
        "aud": issuer.audience,
        "sub": f"buyer-{number}",
        "iat": now,
        "exp": now + 3600,
        "scope": "openid",
        "roles": ["customer"],
    }
    return jwt.encode({"alg": algorithm, "kid": "k"}, claims, key, registry=registry)


@contextmanager
def issuer_of(key: Key) -> Iterator[Issuer]:
    """Serve a discovery document and a key set on loopback."""

    class Documents(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            members: object = {"keys": [{**key.as_dict(private=False), "kid": "k"}]}
            if self.path != "/keys":
                members = {"issuer": address, "jwks_uri": f"{address}/keys"}
            body = json.dumps(members).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Documents) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield Issuer(short="shop", issuer=address, audience="tickets")
        server.shutdown()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
