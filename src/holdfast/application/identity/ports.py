"""What this room needs from outside, as Protocols; infrastructure implements them without inheriting."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from holdfast.application.identity.policy import Reach
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.identity.accounts import Account
from holdfast.domain.identity.audit import AuditEntry, StoredEntry
from holdfast.domain.identity.organisers import Member, Organiser, StoredKey
from holdfast.domain.identity.roles import Role


class IdentityTransaction(Protocol):
    """One administrative action. Call `lock` first."""

    async def lock(self) -> datetime:
        """Wait until no other action is running, then return the database's time.

        Actions are rare, so they run one after another: when two admins change the same thing at once, the audit has
        both in the order in which they happened.
        """
        ...

    async def has_entry(self, entry_id: UUID) -> bool:
        """Return whether the audit has this entry, since an earlier attempt was committed and its response lost."""
        ...

    async def append(self, entry: AuditEntry, now: datetime) -> None:
        """Append the action to the audit, and let every node know that rights may have changed."""
        ...

    async def organiser(self, organiser_id: UUID) -> Organiser | None:
        """Return an organiser."""
        ...

    async def insert_organiser(self, organiser: Organiser) -> None:
        """Store a new organiser."""
        ...

    async def member(self, organiser_id: UUID, user_id: str) -> Member | None:
        """Return a member."""
        ...

    async def roles_of(self, user_id: str) -> Mapping[UUID, Role]:
        """Return the roles of a user in organisers."""
        ...

    async def count_members(self, organiser_id: UUID) -> int:
        """Return how many members an organiser has."""
        ...

    async def put_member(self, member: Member) -> None:
        """Store a member, replacing their previous role."""
        ...

    async def delete_member(self, organiser_id: UUID, user_id: str) -> None:
        """Remove a member."""
        ...

    async def api_key(self, key_id: UUID) -> StoredKey | None:
        """Return a key."""
        ...

    async def count_live_api_keys(self, organiser_id: UUID | None, now: datetime) -> int:
        """Return how many live keys an organiser has, or how many belong to none."""
        ...

    async def insert_api_key(self, key: StoredKey) -> None:
        """Store a new key."""
        ...

    async def revoke_api_key(self, key_id: UUID, now: datetime) -> None:
        """Mark a key revoked."""
        ...

    async def account(self, name: str) -> Account | None:
        """Return an account."""
        ...

    async def insert_account(self, account: Account) -> None:
        """Store a new account."""
        ...

    async def set_password(self, name: str, password_hash: str, now: datetime) -> None:
        """Replace the password of an account."""
        ...

    async def has_session(self, user_id: str) -> bool:
        """Return whether a user is signed in to the pages anywhere."""
        ...

    async def end_sessions(self, user_id: str) -> None:
        """End all sessions of a user, and make their sign-in links useless."""
        ...

    async def insert_link(self, digest: bytes, *, user_id: str, admin: bool) -> None:
        """Store a link that signs somebody in once."""
        ...

    async def commit(self) -> None:
        """Commit (see `BatchTransaction.commit`)."""
        ...


class IdentityStore(Protocol):
    """Where actions are stored. All calls raise `ConnectionLost` and `Contended`."""

    def transaction(self) -> AbstractAsyncContextManager[IdentityTransaction]:
        """Open a transaction; it is rolled back unless it is committed."""
        ...


class Bookkeeping(Protocol):
    """Writes that are not administrative actions."""

    async def record_uses(self, key_ids: Sequence[UUID]) -> None:
        """Record that these keys were used just now, except those recorded less than a minute ago."""
        ...

    async def replace_hash(self, account: Account, password_hash: str) -> None:
        """Store a new hash of an account's password, unless the password has changed since."""
        ...


class IdentityReads(Protocol):
    """Queries without a lock."""

    async def organisers(self, reach: Reach, *, limit: int, offset: int) -> list[Organiser]:
        """Return organisers, newest first."""
        ...

    async def organiser(self, organiser_id: UUID) -> Organiser | None:
        """Return an organiser."""
        ...

    async def members(self, organiser_id: UUID, *, limit: int, offset: int) -> list[Member]:
        """Return an organiser's members by user id."""
        ...

    async def api_keys(self, reach: Reach, *, limit: int, offset: int) -> list[StoredKey]:
        """Return keys, newest first."""
        ...

    async def api_key(self, key_id: UUID) -> StoredKey | None:
        """Return a key."""
        ...

    async def account(self, name: str) -> Account | None:
        """Return an account."""
        ...


class AuditReads(Protocol):
    """Reads the audit."""

    async def audit(
        self, reach: Reach, *, after: UUID | None, limit: int, after_at: datetime | None = None
    ) -> list[StoredEntry]:
        """Return entries, newest first, starting after the entry `after`; none if there is no such entry.

        If it is in a cell that is away, they start after its time `after_at`.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """Where an entry stands in the audit of a database."""

    position: int
    at: datetime


class AuditPages(Protocol):
    """Reads the audit of one database of several."""

    async def audit_place(self, reach: Reach, entry_id: UUID) -> AuditPlace | None:
        """Find an entry; None if there is no such entry, or it is not in reach."""
        ...

    async def audit_before(self, reach: Reach, position: int | None, *, limit: int) -> list[StoredEntry]:
        """Return the entries before a position, newest first; None for the newest ones."""
        ...

    async def position_after(self, at: datetime, *, including: bool) -> int:
        """Return the position before which the entries stand that are older than a time, or as old if `including`."""
        ...


@dataclass(frozen=True, slots=True)
class RightsVersion:
    """The version of all rights."""

    number: int
    """Changes with each action."""
    now: datetime
    """The database's time."""


class RightsSource(Protocol):
    """Where rights are looked up."""

    async def version(self) -> RightsVersion:
        """Return the version of all rights."""
        ...

    async def api_keys_by_id(self, key_ids: Sequence[UUID]) -> tuple[int, Mapping[UUID, StoredKey]]:
        """Return keys by id, and the version in the same snapshot."""
        ...

    async def memberships(self, user_ids: Sequence[str]) -> tuple[int, Mapping[str, Mapping[UUID, Role]]]:
        """Return the roles of users in organisers, and the version in the same snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class ReservationOwner:
    """Who a reservation belongs to."""

    event_id: UUID
    user_id: str
    organiser_id: UUID
    """Of its event."""


@dataclass(frozen=True, slots=True)
class ArchivedOwner:
    """Who a reservation belongs to that is in an archive."""

    reservation: ArchivedReservation
    organiser_id: UUID
    """Of its event."""


class OwnersSource(Protocol):
    """Where the owners of events and reservations are looked up."""

    def __hash__(self) -> int:
        """Tell one source from another, so that what is asked of it is asked together."""
        ...

    async def of_events(self, event_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Return the organisers of events, by event."""
        ...

    async def are_published(self, event_ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Return which events are published, by event, without those that were deleted."""
        ...

    async def of_organisers(self, organiser_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Return those of the organisers that exist, each by its own id."""
        ...

    async def of_reservations(self, reservation_ids: Sequence[UUID]) -> Mapping[UUID, ReservationOwner]:
        """Return the owners of reservations, by reservation."""
        ...

    async def of_archived(self, reservation_ids: Sequence[UUID]) -> Mapping[UUID, ArchivedOwner]:
        """Return the owners of those of these reservations that are in archives, by reservation."""
        ...


class PasswordHasher(Protocol):
    """Hashes passwords. Each call takes a large part of a second of CPU, and much memory."""

    def hash(self, password: str) -> str:
        """Return the hash of a password, with a new salt."""
        ...

    def verify(self, password_hash: str, password: str) -> bool:
        """Return whether a hash is that of a password."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters than the current ones."""
        ...
