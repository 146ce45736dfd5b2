"""Failures that are neither refusals nor bugs.

Infrastructure translates its drivers' errors into `ConnectionLost`, `Contended` and `GuardMismatch`. The application
retries within limits, and raises `Unavailable` when it gives up.
"""

from typing import Literal, TypeAlias

ClientOutcome: TypeAlias = Literal["none", "unknown"]
"""What the caller may assume. `none`: nothing happened. `unknown`: a retry with the same key settles it."""


class OperationalFailure(Exception):
    """A server or the network failed; the request is not at fault."""


class ConnectionLost(OperationalFailure):
    """The database connection broke or could not be opened. Whether its last statement took effect is unknown."""


class Contended(OperationalFailure):
    """PostgreSQL rolled the transaction back for a reason that may not recur, such as a deadlock."""


class Obstructed(Contended):
    """PostgreSQL rolled the transaction back for a reason outside it that may last.

    Examples are a missing privilege or table, a foreign server that is away, or a damaged page. Sometimes only one
    command of a batch runs into it.
    """


class GuardMismatch(Exception):
    """Rows had changed since they were loaded, although the event was locked: something wrote without the lock."""


class Unavailable(Exception):
    """The request could not be carried out now. It is answered with 503, `outcome` and Retry-After."""

    def __init__(self, detail: str, *, outcome: ClientOutcome, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.outcome: ClientOutcome = outcome
        self.retry_after_seconds = retry_after_seconds


def told(failure: Exception, *, in_doubt: bool) -> Exception:
    """Return the exception for the caller when nothing more is tried after `failure`.

    If a COMMIT may have taken effect, that matters more to the caller than the failure, even if the failure is a bug:
    the caller must learn that sending the same request again settles it. A 500 would not say so, and `none` could be
    false.

    Args:
        failure: Why nothing more is tried.
        in_doubt: A COMMIT was sent for the caller, and it may have stored something.
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
