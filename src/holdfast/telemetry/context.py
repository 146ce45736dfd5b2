"""What is known of the work at hand, for every log line and span that it leads to."""

from contextvars import ContextVar, Token


class Work:
    """A request, or a batch that carries several of them."""

    __slots__ = ("batch", "request_id", "trace_id")

    def __init__(self, request_id: str | None = None, batch: int | None = None) -> None:
        self.request_id = request_id
        self.batch = batch
        """Number of the batch, counted per process."""
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
