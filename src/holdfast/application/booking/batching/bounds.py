"""The limits of the batcher. Every one of them is a setting."""

from dataclasses import dataclass, field
from datetime import timedelta

from holdfast.domain.booking.changing import Extensions

LOCK_WAITS_AT_ONCE = 1
"""Transactions that may wait for a locked event, in addition to those of the writers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one batch takes, how much may wait, and for how long."""

    hold: timedelta = timedelta(minutes=15)
    extensions: Extensions = field(default_factory=Extensions)
    commands_max: int = 256
    """Commands in one batch."""
    seats_max: int = 1_000
    """Seats in one batch. No single command may exceed it."""
    event_queue_max: int = 4_096
    process_queue_max: int = 16_384
    queue_seconds_max: float = 2.0
    """How long a command may wait before work on it begins."""
    batch_seconds_max: float = 8.0
    """How long the commands of a batch wait for it to end."""
    batches_at_once: int = 4
    """Transactions under way at the same time. The write pool has `LOCK_WAITS_AT_ONCE` more connections than this."""
    events_max: int = 16
    """Events whose batches may share one transaction, if each has few commands."""
    overdue_max: int = 64
    """Overdue holds that a batch expires, in addition to those its commands touch."""
