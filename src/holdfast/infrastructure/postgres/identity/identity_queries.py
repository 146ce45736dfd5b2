"""The statements of `identity.sql` and their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class OfOrganiser(TypedDict):
    """One organiser."""

    organiser_id: UUID


class NewOrganiser(OfOrganiser):
    """A new organiser."""

    name: str
    now: datetime


class OfMember(OfOrganiser):
    """One member."""

    user_id: str


class OfUser(TypedDict):
    """One user."""

    user_id: str


class NewMember(OfMember):
    """A new member."""

    role: str
    now: datetime


class OfKey(TypedDict):
    """One API key."""

    key_id: UUID


class OfOwner(TypedDict):
    """Keys of an organiser, or of none, at a time."""

    organiser_id: UUID | None
    now: datetime


class NewKey(OfKey, OfOwner):
    """A new key."""

    name: str
    role: str
    digest: bytes
    expires_at: datetime | None


class RevokedKey(OfKey):
    """A key, and when it was revoked."""

    now: datetime


class OfKeys(TypedDict):
    """Some API keys."""

    key_ids: Sequence[UUID]


class OfAccount(TypedDict):
    """One account."""

    name: str


class NewPassword(OfAccount):
    """An account and the hash of its password."""

    password_hash: str
    now: datetime


class NewHash(OfAccount):
    """An account, and the old and the new hash of the same password."""

    old_hash: str
    password_hash: str


@dataclass(frozen=True)
class IdentityQueries:
    """The statements of administrative actions."""

    lock_rights: Query[Nothing]
    time_after_lock: Query[Nothing]
    raise_rights: Query[Nothing]
    organiser: Query[OfOrganiser]
    insert_organiser: Query[NewOrganiser]
    member: Query[OfMember]
    roles_of: Query[OfUser]
    count_members: Query[OfOrganiser]
    put_member: Query[NewMember]
    delete_member: Query[OfMember]
    api_key: Query[OfKey]
    count_live_api_keys: Query[OfOwner]
    insert_api_key: Query[NewKey]
    revoke_api_key: Query[RevokedKey]
    account: Query[OfAccount]
    insert_account: Query[NewPassword]
    set_password: Query[NewPassword]
    replace_hash: Query[NewHash]
    record_key_uses: Query[OfKeys]


IDENTITY = bound(IdentityQueries, load_queries("identity/identity"))
