"""The public keys with which tickets are verified, for whoever checks them at the door."""

from typing import Any

import msgspec
from msgspec import Struct

from holdfast.api.representation import body_tag, represent
from holdfast.application.tickets.tickets import Tickets
from holdfast.domain.tickets.keys import key_set
from holdfast.http.endpoints.answer import Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success

_CACHE: Header = (b"cache-control", b"public, max-age=300")


class TicketKeyBody(Struct, kw_only=True):
    """A public key (RFC 8037). `kid` is the first 8 bytes of the SHA-256 of the key, in hexadecimal digits."""

    kty: str
    crv: str
    use: str
    kid: str
    x: str


class TicketKeysBody(Struct, kw_only=True):
    """A JSON Web Key Set, the key that signs first."""

    keys: list[TicketKeyBody]


async def ticket_keys(tickets: Tickets, call: Call) -> Answer:
    """GET /.well-known/holdfast-ticket-keys.json."""
    body = msgspec.json.encode(key_set(await tickets.key_ring.public_keys()))
    return await represent(call, body, tag=body_tag("ticket-keys", body), version=None, headers=(_CACHE,))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/.well-known/holdfast-ticket-keys.json",
        name="ticket_keys",
        tag="service",
        summary="Show the public keys that verify tickets",
        description=(
            "A JSON Web Key Set with the key that signs now and all earlier ones whose tickets are valid. "
            "`holdfast tickets verify --keys` reads it, and needs no connection after that."
        ),
        needs=Tickets,
        handler=ticket_keys,
        success=Success(
            status=200,
            description="The keys.",
            body=TicketKeysBody,
            tagged=True,
            example={
                "keys": [
                    {
                        "kty": "OKP",
                        "crv": "Ed25519",
                        "use": "sig",
                        "kid": "21fe31dfa154a261",
                        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    }
                ]
            },
        ),
    ),
)
