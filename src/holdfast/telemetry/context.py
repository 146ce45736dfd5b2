"""What is known about the current work, for every log line and span that it produces."""

from contextvars import ContextVar, Token


class Work:
    """A request, or a batch that combines several."""

    __slots__ = ("batch", "request_id", "stored", "trace_id")

    def __init__(self, request_id: str | None = None, batch: int | None = None) -> None:
        self.request_id = request_id
        self.batch = batch
        """The number of the batch, counted per process."""
        self.stored = False
        """What was asked for has been stored. Even if something fails now, the caller must not be told otherwise."""
        self.trace_id: str | None = None
        """32 hexadecimal digits, if the work is traced."""


_work: ContextVar[Work | None] = ContextVar("holdfast_work", default=None)


def begin(work: Work) -> Token[Work | None]:
    """Set the work of this task, and of those it starts; `end` takes the returned token."""
    return _work.set(work)


def end(token: Token[Work | None]) -> None:
    """Restore the work that was set before."""
    _work.reset(token)


def current() -> Work | None:
    """Return the work of this task."""
    return _work.get()


def note_batch(number: int) -> None:
    """Record the batch in which the current request was decided."""
    work = _work.get()
    if work is not None:
        work.batch = number


def note_stored() -> None:
    """Record that what the current request asks for has been stored."""
    work = _work.get()
    if work is not None:
        work.stored = True


def is_stored() -> bool:
    """Return whether what the current request asks for has been stored."""
    work = _work.get()
    return work is not None and work.stored
