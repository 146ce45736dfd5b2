"""Rotating and revoking the keys that sign tickets, on the command line."""

import asyncio

from holdfast.application.identifiers import uuid7
from holdfast.application.insistence import insistently
from holdfast.application.tickets.tickets import Tickets
from holdfast.domain.identity.audit import Act, Actor, AuditEntry
from holdfast.domain.tickets.refusals import TicketKeyNotFound

KIND = "ticket key"


async def rotate_key(tickets: Tickets, actor: Actor) -> bytes:
    """Make a new key that signs from now on; return its id. What the old one signed is still valid.

    Raises:
        ConnectionLost, Contended: It could not be stored. If it was, it is in the list of keys.
    """
    pair = await asyncio.to_thread(tickets.signatures.new_pair)
    entry = _entry(actor, "rotate_ticket_key", pair.id)
    await insistently(lambda: tickets.key_store.rotate(pair, entry), "ticket_key_not_stored")
    tickets.key_ring.forget()
    return pair.id


async def revoke_key(tickets: Tickets, actor: Actor, key_id: bytes) -> None:
    """Revoke a key: what it signed is no ticket any more. If it was the one that signs, the next ticket makes another.

    Raises:
        TicketKeyNotFound: There is none of that id.
        ConnectionLost, Contended: It could not be stored.
    """
    entry = _entry(actor, "revoke_ticket_key", key_id)
    if not await insistently(lambda: tickets.key_store.revoke(key_id, entry), "ticket_key_not_revoked"):
        raise TicketKeyNotFound(key_id.hex())
    tickets.key_ring.forget()


def _entry(actor: Actor, verb: str, key_id: bytes) -> AuditEntry:
    act = Act(verb=verb, kind=KIND, thing_id=key_id.hex(), organiser_id=None)
    return AuditEntry(id=uuid7(), actor=actor, act=act)
