"""What this room needs of the world, as Protocols; infrastructure fits them without inheriting."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from holdfast.application.identity.policy import Reach
from holdfast.domain.identity.accounts import Account
from holdfast.domain.identity.audit import AuditEntry, StoredEntry
from holdfast.domain.identity.organisers import Member, Organiser, StoredKey
from holdfast.domain.identity.roles import Role


class IdentityTransaction(Protocol):
    """One administrative act. `lock` comes first."""

    async def lock(self) -> datetime:
        """Wait until no other act is under way, and read the database's time then.

        Acts are few, so they go one after the other: two admins who change the same thing at once both stand in the
        audit in the order in which they did it.
        """
        ...

    async def has_entry(self, entry_id: UUID) -> bool:
        """Tell whether the audit has this entry: an earlier attempt, whose answer was lost, was committed."""
        ...

    async def append(self, entry: AuditEntry, now: datetime) -> None:
        """Write the act into the audit, and let every node know that rights may have changed."""
        ...

    async def organiser(self, organiser_id: UUID) -> Organiser | None:
        """Find an organiser."""
        ...

    async def insert_organiser(self, organiser: Organiser) -> None:
        """Store a new organiser."""
        ...

    async def member(self, organiser_id: UUID, user_id: str) -> Member | None:
        """Find a member."""
        ...

    async def count_members(self, organiser_id: UUID) -> int:
        """Count an organiser's members."""
        ...

    async def put_member(self, member: Member) -> None:
        """Store a member, in place of what they were before."""
        ...

    async def delete_member(self, organiser_id: UUID, user_id: str) -> None:
        """Remove a member."""
        ...

    async def api_key(self, key_id: UUID) -> StoredKey | None:
        """Find a key."""
        ...

    async def count_live_api_keys(self, organiser_id: UUID | None, now: datetime) -> int:
        """Count the keys of an organiser, or of none, that let somebody in."""
        ...

    async def insert_api_key(self, key: StoredKey) -> None:
        """Store a new key."""
        ...

    async def revoke_api_key(self, key_id: UUID, now: datetime) -> None:
        """Mark a key revoked."""
        ...

    async def account(self, name: str) -> Account | None:
        """Find an account."""
        ...

    async def insert_account(self, account: Account) -> None:
        """Store a new account."""
        ...

    async def set_password(self, name: str, password_hash: str, now: datetime) -> None:
        """Replace the password of an account."""
        ...

    async def commit(self) -> None:
        """Commit (see `BatchTransaction.commit`)."""
        ...


class IdentityStore(Protocol):
    """Where acts are carried out. All calls raise `ConnectionLost` and `Contended`."""

    def transaction(self) -> AbstractAsyncContextManager[IdentityTransaction]:
        """Open a transaction; leaving without a commit rolls back."""
        ...


class Bookkeeping(Protocol):
    """What is noted on the way, and is no act of anybody's."""

    async def record_uses(self, key_ids: Sequence[UUID]) -> None:
        """Note that these keys were used just now, but for those of which that was noted less than a minute ago."""
        ...

    async def replace_hash(self, account: Account, password_hash: str) -> None:
        """Store the password of an account hashed anew, unless it has another password by now."""
        ...


class IdentityReads(Protocol):
    """Questions without a lock."""

    async def organisers(self, reach: Reach, *, limit: int, offset: int) -> list[Organiser]:
        """List organisers, newest first."""
        ...

    async def organiser(self, organiser_id: UUID) -> Organiser | None:
        """Find an organiser."""
        ...

    async def members(self, organiser_id: UUID, *, limit: int, offset: int) -> list[Member]:
        """List an organiser's members by user id."""
        ...

    async def api_keys(self, reach: Reach, *, limit: int, offset: int) -> list[StoredKey]:
        """List keys, newest first."""
        ...

    async def api_key(self, key_id: UUID) -> StoredKey | None:
        """Find a key."""
        ...

    async def account(self, name: str) -> Account | None:
        """Find an account."""
        ...

    async def audit(self, reach: Reach, *, after: UUID | None, limit: int) -> list[StoredEntry]:
        """List entries, newest first, beginning behind that of the id `after`; none where there is no such entry."""
        ...


@dataclass(frozen=True, slots=True)
class RightsVersion:
    """Which state of all rights is read."""

    number: int
    """Another one after each act."""
    now: datetime
    """The database's time."""


class RightsSource(Protocol):
    """Where rights are looked up."""

    async def version(self) -> RightsVersion:
        """Read the version of all rights."""
        ...

    async def api_keys_by_id(self, key_ids: Sequence[UUID]) -> tuple[int, Mapping[UUID, StoredKey]]:
        """Find keys by their ids, and the version in the same snapshot."""
        ...

    async def memberships(self, user_ids: Sequence[str]) -> tuple[int, Mapping[str, Mapping[UUID, Role]]]:
        """Find the roles of users in organisers, and the version in the same snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class ReservationOwner:
    """Whose a reservation is."""

    event_id: UUID
    user_id: str
    organiser_id: UUID
    """Of its event."""


class OwnersSource(Protocol):
    """Where it is looked up whose events and reservations are."""

    async def of_events(self, event_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Find the organisers of events, by event."""
        ...

    async def of_organisers(self, organiser_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Find those of these organisers that there are, by themselves."""
        ...

    async def of_reservations(self, reservation_ids: Sequence[UUID]) -> Mapping[UUID, ReservationOwner]:
        """Find whose reservations are, by reservation."""
        ...


class PasswordHasher(Protocol):
    """Hashes passwords. Each call takes a good part of a second of one core, and much memory."""

    def hash(self, password: str) -> str:
        """Hash a password, with a salt of its own."""
        ...

    def verify(self, password_hash: str, password: str) -> bool:
        """Tell whether a hash is that of a password."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than those of today."""
        ...
