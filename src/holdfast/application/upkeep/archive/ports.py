"""What archiving needs from outside, as Protocols, and what they exchange."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from holdfast.application.upkeep.archive.pace import Pace

Table: TypeAlias = Literal["claims", "reservations", "changes"]
TABLES: tuple[Table, ...] = ("claims", "reservations", "changes")
"""The tables whose rows leave, in the order in which they stand in a file."""


@dataclass(frozen=True, slots=True)
class DueEvent:
    """An event whose time to be archived has come."""

    event_id: UUID
    finished_at: datetime
    due_seconds: float
    """For how long it has been due."""
    pending: bool
    """Something may still happen in it by itself: a hold that ends, a channel that opens. It is not archived yet."""


@dataclass(frozen=True, slots=True)
class Export:
    """What the export of an event begins with."""

    event_id: UUID
    event_row: str
    """The event's row as a JSON object, without what archiving itself changes in it."""
    version: int
    schema: str
    """The newest migration of the schema, such as "0009"."""
    columns: Mapping[Table, Sequence[str]]
    rows: Mapping[Table, int]
    """How many rows there must be."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Some rows of a table, one per line, without a line break at the end."""

    table: Table
    text: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an event."""

    name: str
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the database says about the file of an event."""

    event_id: UUID
    file: StoredFile
    format: str
    version: int
    rows: Mapping[Table, int]
    archived_at: datetime
    restored_at: datetime | None


class Draft(Protocol):
    """A file that is being written and has no name yet."""

    async def write(self, lines: bytes) -> None:
        """Append lines, with a line break after the last.

        Raises:
            TargetAwayError: if they cannot be written, for example because a disk is full.
        """

    async def keep(self, stem: str) -> StoredFile:
        """End the file, and store it under a name that begins with `stem` and contains its digest.

        On return it is stored durably, and what was stored has been read back and is what was written. It may be
        cancelled.

        Raises:
            TargetAwayError: if it cannot be stored, or what was read back is something else.
        """


class OpenFile(Protocol):
    """A file of an archive, on this machine's disk."""

    def portions(self) -> AsyncIterator[Sequence[bytes]]:
        """Read its lines from the first on, each with its line break. It can be read several times.

        Raises:
            FileDamagedError: it is not a gzip file, or not all of one.
        """


class Target(Protocol):
    """Where the files are: a folder, or a bucket."""

    def draft(self) -> AbstractAsyncContextManager[Draft]:
        """Begin a file. What has not been kept at the end of the block is removed."""

    def opened(self, file: StoredFile) -> AbstractAsyncContextManager[OpenFile]:
        """Have a file at hand inside the block. Its size and digest have been compared.

        Raises:
            FileMissingError: there is no such file.
            FileDamagedError: it is not what was stored.
            TargetAwayError: it cannot be read now.
        """

    async def names(self) -> Sequence[str]:
        """List the files that are there.

        Raises:
            TargetAwayError: they cannot be listed now.
        """


class Removal(Protocol):
    """Reads and removes the rows of a cell's events. One process at a time does that."""

    cell: str
    """The cell's number, for metrics."""

    async def lead(self) -> bool:
        """Return whether this process is the one that archives. It stays so until its connection is lost."""

    async def due_events(self, after: timedelta, *, following: DueEvent | None) -> Sequence[DueEvent]:
        """Return the next events, by when they finished, that are due `after` that time."""

    async def begin(self, event_id: UUID) -> Export:
        """Read an event and count its rows.

        Raises:
            ChangedError: it is archived already, or something in it is pending.
        """

    def lines(self, export: Export) -> AsyncIterator[Lines]:
        """Read the rows of an event, in small portions and without a lock, in the order of their keys."""

    async def is_unchanged(self, export: Export) -> bool:
        """Return whether the event is still as it was when the export began."""

    async def remove(self, export: Export, file: StoredFile, file_format: str, pace: Pace) -> None:
        """Record the file and remove the rows, in one transaction.

        Raises:
            ChangedError: the event is no longer as exported.
            RowsDisagreeError: there are other rows than those exported, or rows that should not be there.
        """


class Return(Protocol):
    """Reads the books of archives, and brings rows back."""

    async def entry(self, event_id: UUID) -> Entry:
        """Return the entry of an event whose rows are in a file.

        Raises:
            NotArchivedError: there is no such event, or its rows are in the database.
        """

    def entries(self) -> AsyncIterator[Entry]:
        """Read all entries, by event."""

    async def restore(
        self, entry: Entry, columns: Mapping[Table, Sequence[str]], lines: AsyncIterator[Lines], pace: Pace
    ) -> None:
        """Bring back the rows of an event, in one transaction.

        Raises:
            NotArchivedError: somebody else has restored it.
            FileDamagedError: the rows cannot be those of this event.
            RowsDisagreeError: rows are in the way that should not be there.
        """
