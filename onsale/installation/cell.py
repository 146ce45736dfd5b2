"""A cell: one PostgreSQL with the events that live in it."""

from collections import defaultdict

from onsale.installation.times import Times
from onsale.machinery.clock import Call, Clock
from onsale.machinery.cores import Worker
from onsale.machinery.event_lock import EventLock
from onsale.machinery.log import Log


class Cell:
    """PostgreSQL's processors, its log, and the locks of its events."""

    def __init__(self, clock: Clock, machine: Worker, times: Times, *, standby_seconds: float = 0.0) -> None:
        """Set up a cell.

        Args:
            clock: The time.
            machine: What its backends run on.
            times: What a flush takes.
            standby_seconds: How long a COMMIT waits for the standby after its flush; several wait at once.
        """
        self._clock = clock
        self._standby_seconds = standby_seconds
        self.machine = machine
        self.log = Log(clock, times.flush)
        self.locks: dict[int, EventLock] = defaultdict(lambda: EventLock(clock))
        self.cpu = 0.0
        """Seconds that its backends have worked."""
        self.transactions = 0
        self.commands = 0

    def work(self, seconds: float, done: Call) -> None:
        """Have a backend work."""
        self.cpu += seconds
        self.machine.run(seconds, done)

    def flush(self, done: Call) -> None:
        """Make a COMMIT durable."""
        if self._standby_seconds:
            self.log.flush(lambda _: self._clock.after(self._standby_seconds, done))
        else:
            self.log.flush(done)
