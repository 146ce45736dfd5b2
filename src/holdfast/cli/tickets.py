"""The keys that sign tickets, by somebody who has the database's password."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from holdfast.application.identity.policy import require_unseen
from holdfast.application.identity.verbs import Verb
from holdfast.application.tickets import rotation
from holdfast.application.tickets.tickets import Tickets
from holdfast.bootstrap.tickets import open_tickets
from holdfast.cli.acting import as_operator
from holdfast.cli.console import print_rows, shown_time
from holdfast.domain.identity.audit import Actor
from holdfast.domain.tickets.keys import StoredTicketKey, key_set
from holdfast.domain.tickets.refusals import TicketKeyNotFound
from holdfast.settings import Settings

Result = TypeVar("Result")

_KEY_ID = re.compile(r"[0-9a-f]{16}")


def list_keys(settings: Settings) -> None:
    """Print all keys, newest first.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """

    async def read(tickets: Tickets, _actor: Actor) -> list[StoredTicketKey]:
        return list(await tickets.key_store.keys())

    rows = [
        (key.id.hex(), _state(key), *map(shown_time, (key.created_at, key.retired_at, key.revoked_at)))
        for key in _done(settings, read)
    ]
    print_rows(("id", "state", "created", "retired", "revoked"), rows)


def rotate(settings: Settings) -> None:
    """Make a new key that signs, and print only its id on standard output.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """

    async def act(tickets: Tickets, actor: Actor) -> bytes:
        require_unseen(actor.principal, Verb.ROTATE_TICKET_KEY)
        return await rotation.rotate_key(tickets, actor)

    made = _done(settings, act)
    typer.echo("This key signs within 10 seconds on every node. Export the keys again for the door.", err=True)
    typer.echo(made.hex())


def revoke(settings: Settings, key_id: str) -> None:
    """Revoke a key.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """

    async def act(tickets: Tickets, actor: Actor) -> None:
        require_unseen(actor.principal, Verb.REVOKE_TICKET_KEY)
        if not _KEY_ID.fullmatch(key_id):
            raise TicketKeyNotFound(key_id)
        await rotation.revoke_key(tickets, actor, bytes.fromhex(key_id))

    _done(settings, act)
    typer.echo(
        f"What the key {key_id} has signed is invalid. Export the keys again for the door, and ask buyers to open "
        "their tickets once more.",
        err=True,
    )


def export_keys(settings: Settings) -> None:
    """Print the public keys as a key set.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """

    async def read(tickets: Tickets, _actor: Actor) -> list[bytes]:
        return await tickets.key_ring.public_keys()

    typer.echo(json.dumps(key_set(_done(settings, read)), indent=1))


def _state(key: StoredTicketKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "signs" if key.retired_at is None else "verifies"


def _done(settings: Settings, work: Callable[[Tickets, Actor], Awaitable[Result]]) -> Result:
    async def act(actor: Actor) -> Result:
        async with open_tickets(settings, process="cli") as tickets:
            return await work(tickets, actor)

    return as_operator(settings, act)
