"""The use cases of identity on a real database, and callers of every kind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import holdfast.bootstrap.identity as bootstrap
from holdfast.application.identity.identity import Identity
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import Principal, Proof, command_line_principal
from holdfast.infrastructure.passwords import Argon2Hasher
from holdfast.settings import Settings

QUICK = Argon2Hasher(time_cost=1, memory_kib=64, lanes=1)
ADMIN = Actor(principal=command_line_principal("tests"), request_id="r-admin")


@asynccontextmanager
async def open_identity(database_url: str, *, hasher=QUICK) -> AsyncIterator[Identity]:
    """Open what a node has of it."""
    settings = Settings(database_url=database_url)
    async with bootstrap.open_identity(settings, process="test", hasher=hasher) as identity:
        yield identity


def a_user(name="shop:ann", *, request_id="r-1", roles=None) -> Actor:
    """Return a caller whom a gateway names; `roles` is by organiser, and nothing else has to know them."""
    principal = Principal(subject=name, user_id=name, proof=Proof.GATEWAY, roles=roles or {})
    return Actor(principal=principal, request_id=request_id)


async def is_refused_with(asking, failure) -> bool:
    """Wait for something that may fail with this."""
    try:
        await asking
    except failure:
        return True
    return False
