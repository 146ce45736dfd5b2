"""The limits of the batcher (design §4.11 and §4.12); every one of them is a setting."""

from dataclasses import dataclass
from datetime import timedelta

LOCK_WAITS_AT_ONCE = 1
"""Transactions that may wait for an event that somebody else has locked, beside those under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is gathered, how much may wait, and for how long."""

    hold: timedelta = timedelta(minutes=15)
    commands_max: int = 256
    """Commands in one batch."""
    seats_max: int = 1_000
    """Seats in one batch; a single command may not exceed it."""
    event_queue_max: int = 4_096
    process_queue_max: int = 16_384
    queue_seconds_max: float = 2.0
    """How long a command may wait before any work is done for it."""
    batch_seconds_max: float = 8.0
    """How long the commands of a batch wait for its end."""
    batches_at_once: int = 4
    """Transactions under way together; the write pool has `LOCK_WAITS_AT_ONCE` connections more."""
    events_max: int = 16
    """Events whose batches are written in one transaction, where each has few commands."""
    overdue_max: int = 64
    """Overdue holds that a batch ends beside those its commands touch."""
