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


class Obstructed(Contended):
    """PostgreSQL rolled back for a reason that lies in its surroundings and may last.

    A privilege or a table that is missing, a server behind the server that is away, a damaged page. It may also be one
    command alone that meets it.
    """


class GuardMismatch(Exception):
    """The rows were not as loaded, although the event was locked: somebody wrote past the lock."""


class Unavailable(Exception):
    """The request could not be carried out now; answered as 503 with `outcome` and Retry-After."""

    def __init__(self, detail: str, *, outcome: ClientOutcome, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.outcome: ClientOutcome = outcome
        self.retry_after_seconds = retry_after_seconds


def told(failure: Exception, *, in_doubt: bool) -> Exception:
    """Say what a caller is told when nothing more is tried after `failure`.

    Where a COMMIT may have landed that outweighs the failure, a bug too: the caller has to know that sending the same
    request again settles it. A 500 would not tell, and `none` would be a lie.

    Args:
        failure: Why nothing more is tried.
        in_doubt: A COMMIT for the caller was sent, and it is not known to have stored nothing.
    """
    if in_doubt:
        if isinstance(failure, Unavailable) and failure.outcome == "unknown":
            return failure
        return Unavailable("It may have been done; send the request again, and it settles.", outcome="unknown")
    if isinstance(failure, GuardMismatch):
        return Unavailable("The event's rows were not as expected; this was reported.", outcome="none")
    if isinstance(failure, OperationalFailure):
        return Unavailable("The database could not carry this out.", outcome="none")
    return failure
