"""Between the pieces of the work: leaves the machine to the sales, and ends the work when the process ends."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal, TypeAlias, TypeVar

from holdfast.application.upkeep.archive.refusals import StoppedError

Step: TypeAlias = Literal[
    "begun", "exported", "stored", "locked", "recorded", "removed", "marked", "committed", "read", "restored"
]
"""What has just been done. `begun` comes with the number of an event's rows. `exported`, `removed`, `read` and
`restored` are passed once for each portion of rows."""

Result = TypeVar("Result")

REST_SECONDS_MAX = 1.0
"""Below the time after which PostgreSQL ends an idle transaction."""


class Pace:
    """Rests after each piece of work, in proportion to the time that it took."""

    def __init__(self, *, share: float = 0.5, stop: asyncio.Event | None = None) -> None:
        """Set the pace.

        Args:
            share: The share of the time in which work is done: 1 for no rests.
            stop: Ends the work at the next step.
        """
        self._idle_per_second = 1 / share - 1
        self._stop = stop or asyncio.Event()
        self._rested_at: float | None = None

    async def passed(self, step: Step, rows: int = 0) -> None:
        """Rest. `rows` of an event have just been dealt with, or are to be.

        Raises:
            StoppedError: if the process ends, unless the work is done.
        """
        del rows
        if step == "committed":
            return
        if self._stop.is_set():
            raise StoppedError
        now = asyncio.get_running_loop().time()
        if self._idle_per_second and self._rested_at is not None and step != "begun":
            await asyncio.sleep(min((now - self._rested_at) * self._idle_per_second, REST_SECONDS_MAX))
        self._rested_at = asyncio.get_running_loop().time()

    async def unless_stopped(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something that may take long and may be cancelled: a large file is sent to a bucket for minutes.

        Raises:
            StoppedError: if the process ends meanwhile.
        """
        doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise StoppedError
            return doing.result()
        finally:
            doing.cancel()
            stopping.cancel()
            await asyncio.gather(doing, stopping, return_exceptions=True)
