"""Why an event is not archived or restored. Each message is a sentence for the operator."""

from uuid import UUID

from holdfast.application.failures import OperationalFailure


class TargetAwayError(OperationalFailure):
    """Archive files cannot be written or read now. It may pass, or an operator has to fix it."""


class ArchiveError(Exception):
    """It cannot be done, and trying again does not help."""


class FileMissingError(ArchiveError):
    """The target has no such file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the file {name} is not there")


class FileDamagedError(ArchiveError):
    """A file is not what was written: damaged, truncated, or another one."""


class RowsDisagreeError(ArchiveError):
    """The rows of an event are not those that there should be. Archiving or restoring it could hide a loss."""


class ChangedError(ArchiveError):
    """The event has changed since it was exported, or is no longer to be archived. It is left for the next round."""


class NotArchivedError(ArchiveError):
    """There is nothing to restore."""

    def __init__(self, event_id: UUID, why: str, *, is_event: bool = True) -> None:
        super().__init__(f"{event_id} {why}")
        self.is_event = is_event
        """Whether this cell has the event."""


class StoppedError(Exception):
    """The process ends. What was done so far is undone, or done again with the same result."""
