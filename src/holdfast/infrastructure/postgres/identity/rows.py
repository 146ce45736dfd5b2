"""Converts rows to domain objects."""

import json

from asyncpg import Record

from holdfast.domain.identity.accounts import Account
from holdfast.domain.identity.audit import StoredEntry
from holdfast.domain.identity.organisers import Member, Organiser, StoredKey
from holdfast.domain.identity.roles import Role


def organiser_from(row: Record) -> Organiser:
    """Return an organiser."""
    return Organiser(id=row["id"], name=row["name"], created_at=row["created_at"])


def member_from(row: Record) -> Member:
    """Return a member."""
    return Member(organiser_id=row["organiser_id"], user_id=row["user_id"], role=Role(row["role"]), since=row["since"])


def key_from(row: Record) -> StoredKey:
    """Return an API key."""
    return StoredKey(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        organiser_id=row["organiser_id"],
        digest=row["digest"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )


def account_from(row: Record) -> Account:
    """Return an account."""
    return Account(
        name=row["name"],
        password_hash=row["password_hash"],
        created_at=row["created_at"],
        password_set_at=row["password_set_at"],
    )


def entry_from(row: Record) -> StoredEntry:
    """Return an entry of the audit."""
    return StoredEntry(
        id=row["id"],
        at=row["at"],
        subject=row["subject"],
        proof=row["proof"],
        verb=row["verb"],
        kind=row["kind"],
        thing_id=row["thing_id"],
        organiser_id=row["organiser_id"],
        request_id=row["request_id"],
        details=json.loads(row["details"]),
    )
