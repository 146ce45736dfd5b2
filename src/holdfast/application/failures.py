"""What can go wrong without being a refusal or a bug.

Infrastructure translates its drivers' errors into `ConnectionLost`, `Contended` and `GuardMismatch`; the application
retries within bounds, and answers `Unavailable` when it must give up.
"""

from typing import Literal, TypeAlias

ClientOutcome: TypeAlias = Literal["none", "unknown"]
"""What the caller may assume: nothing happened, or: retry with the same key and it will settle."""


class OperationalFailure(Exception):
    """The surroundings failed, not the request."""


class ConnectionLost(OperationalFailure):
    """The database connection broke or could not be had; whether its last statement took effect is not known."""


class Contended(OperationalFailure):
    """PostgreSQL rolled the transaction back for reasons that may be gone the next time (deadlock, time-out, …)."""


class GuardMismatch(Exception):
    """The rows were not as loaded, although the event was locked: somebody wrote past the lock."""


class Unavailable(Exception):
    """The request could not be carried out now; answered as 503 with `outcome` and Retry-After."""

    def __init__(self, detail: str, *, outcome: ClientOutcome, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.outcome: ClientOutcome = outcome
        self.retry_after_seconds = retry_after_seconds
