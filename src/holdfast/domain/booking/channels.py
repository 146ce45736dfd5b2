"""Channels: seats of an event that are kept back from everybody who does not name the channel's access code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as a batch sees it."""

    key: str
    code_digest: bytes | None
    """`digest_of` its access code; None if it has no code: then only the box office reaches its seats."""
    opens_to_all_at: datetime | None
    opened: bool
    """Its opening is recorded."""
    kept_back: int
    """How many of its seats are free, open or not."""

    def is_open(self, now: datetime) -> bool:
        """Return whether its seats are for everybody at `now`, whether or not the opening has been recorded."""
        return self.opened or (self.opens_to_all_at is not None and self.opens_to_all_at <= now)

    def has_code(self, digest: bytes | None) -> bool:
        """Return whether this is the digest of its code, in a time that does not depend on how they differ."""
        return digest is not None and self.code_digest is not None and compare_digest(self.code_digest, digest)


def digest_of(access_code: str) -> bytes:
    """Hash an access code (SHA-256). Commands, the database and Redis only get to know this."""
    return sha256(access_code.encode()).digest()


def closed_to(channels: Mapping[str, Channel], code_digest: bytes | None, now: datetime) -> frozenset[str]:
    """Return the keys of the channels whose seats a request does not reach.

    Args:
        channels: The event's channels, by key.
        code_digest: The digest of the access code that the request names, if any.
        now: The time of the decision.
    """
    return frozenset(
        key for key, channel in channels.items() if not channel.is_open(now) and not channel.has_code(code_digest)
    )


def out_of_reach(seat_ids: tuple[UUID, ...], channel_of: Mapping[UUID, str], closed: frozenset[str]) -> list[UUID]:
    """Return those of the seats that are in one of the `closed` channels, in their order."""
    if not closed:
        return []
    return [seat_id for seat_id in seat_ids if channel_of.get(seat_id) in closed]
