"""Channels: seats of an event that are kept back from everybody who does not name the channel's access code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

NAMED_SEATS_MAX = 10_000
"""Seats that a log entry names. After a change of more seats, readers load the event's seats."""


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

    def is_due(self, now: datetime) -> bool:
        """Return whether its seats are for everybody at `now`, but that is not recorded yet."""
        return not self.opened and self.opens_to_all_at is not None and self.opens_to_all_at <= now

    def has_code(self, digest: bytes | None) -> bool:
        """Return whether this is the digest of its code, in a time that does not depend on how they differ."""
        return digest is not None and self.code_digest is not None and compare_digest(self.code_digest, digest)


def digest_of(access_code: str) -> bytes:
    """Hash an access code (SHA-256). Commands, the database and Redis only get to know this."""
    return sha256(access_code.encode()).digest()


class EventChannels:
    """The channels of an event while a batch is being decided.

    `open_due` comes first. From then on a channel is open if that is recorded, so the time plays no further part.
    """

    def __init__(self, loaded: Mapping[str, Channel], channel_of: Mapping[UUID, str]) -> None:
        """Begin with what was loaded: the channels by key, and the channel of each seat that is in one."""
        self._loaded = loaded
        self._channels = dict(loaded)
        self._channel_of = channel_of

    def open_due(self, now: datetime) -> list[str]:
        """Record the opening of the channels that are due, and return their keys, those due the longest first."""
        due = [channel for channel in self._channels.values() if channel.is_due(now)]
        due.sort(key=lambda channel: (channel.opens_to_all_at, channel.key))
        for channel in due:
            self._channels[channel.key] = replace(channel, opened=True)
        return [channel.key for channel in due]

    def closed_to(self, code_digest: bytes | None) -> frozenset[str]:
        """Return the keys of the channels whose seats a request with this code, or without one, does not reach."""
        return frozenset(
            key for key, channel in self._channels.items() if not (channel.opened or channel.has_code(code_digest))
        )

    def has_opened(self, seat_id: UUID) -> bool:
        """Return whether a seat is in a channel whose seats are for everybody."""
        key = self._channel_of.get(seat_id)
        return key is not None and self._channels[key].opened

    def out_of_reach(self, seat_ids: Sequence[UUID], code_digest: bytes | None) -> list[UUID]:
        """Return those of the seats that a request with this code, or without one, does not reach."""
        closed = self.closed_to(code_digest)
        return [seat_id for seat_id in seat_ids if self._channel_of.get(seat_id) in closed]

    def learn(self, channel_of: Mapping[UUID, str | None]) -> None:
        """Add the channels of more seats."""
        known = {seat_id: key for seat_id, key in channel_of.items() if key is not None}
        if known:
            self._channel_of = {**self._channel_of, **known}

    def kept_back(self, seat_ids: Sequence[UUID]) -> tuple[UUID, ...]:
        """Return those of some free seats that their channels keep back."""
        return tuple(self.out_of_reach(seat_ids, None))

    def count(self, seat_id: UUID, *, freed: bool) -> None:
        """Count a seat that became free, or was taken."""
        key = self._channel_of.get(seat_id)
        if key is not None:
            channel = self._channels[key]
            self._channels[key] = replace(channel, kept_back=channel.kept_back + (1 if freed else -1))

    def changes(self) -> list[tuple[Channel, Channel]]:
        """Return the channels that have changed: (as loaded, now)."""
        return [(before, after) for key, after in self._channels.items() if (before := self._loaded[key]) != after]
