"""What is known of the work at hand, for every log line and span that it leads to."""

from contextvars import ContextVar, Token


class Work:
    """A request, or a batch that carries several of them."""

    __slots__ = ("batch", "request_id", "stored", "trace_id")

    def __init__(self, request_id: str | None = None, batch: int | None = None) -> None:
        self.request_id = request_id
        self.batch = batch
        """Number of the batch, counted per process."""
        self.stored = False
        """What was asked for has been stored: whatever goes wrong now, the caller must not be told that nothing was."""
        self.trace_id: str | None = None
        """32 hexadecimal digits, where the work is traced."""


_work: ContextVar[Work | None] = ContextVar("holdfast_work", default=None)


def begin(work: Work) -> Token[Work | None]:
    """Say what this task, and those it starts, work on; the token ends it."""
    return _work.set(work)


def end(token: Token[Work | None]) -> None:
    """Back to what was worked on before."""
    _work.reset(token)


def current() -> Work | None:
    """What this task works on."""
    return _work.get()


def note_batch(number: int) -> None:
    """Say in which batch the request at hand has travelled."""
    work = _work.get()
    if work is not None:
        work.batch = number


def note_stored() -> None:
    """Say that what the request at hand asks for has been stored."""
    work = _work.get()
    if work is not None:
        work.stored = True


def is_stored() -> bool:
    """Tell whether what the request at hand asks for has been stored."""
    work = _work.get()
    return work is not None and work.stored
