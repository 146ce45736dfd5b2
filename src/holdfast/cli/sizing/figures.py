"""The measured figures that the estimate is made of. Each is a range, from a quick machine to a slow or busy one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A range, and where it was measured."""

    low: float
    high: float
    unit: str
    what: str
    source: str


HOLD_NODE = Figure(
    112,
    207,
    "µs",
    "CPU of the nodes for one hold",
    "docs/benchmarks/results.md (limits), docs/benchmarks/proportion.md",
)
HOLD_POSTGRES = Figure(25, 62, "µs", "CPU of PostgreSQL for one hold", "docs/benchmarks/results.md (limits)")
HOLD_REDIS = Figure(7, 11, "µs", "CPU of Redis for one hold", "docs/benchmarks/results.md (limits)")
READ_NODE = Figure(
    110, 300, "µs", "CPU of the nodes for one read", "docs/benchmarks/proportion.md (counts), results.md (mixed)"
)
READ_QUERY = Figure(
    17, 100, "µs", "CPU of PostgreSQL for one shared query of readers", "docs/performance.md; 100 is assumed"
)
QUERIES_PER_PROCESS = Figure(
    333, 1_000, "1/s", "queries that all readers of one process share", "docs/performance.md (3 ms or 1 ms apart)"
)
FRAME = Figure(10.9, 30, "µs", "CPU of a node to send one frame to one stream", "docs/performance.md; 30 is assumed")
EVENT_RATE = Figure(
    6_500, 9_300, "1/s", "holds of one event where two cores do everything", "docs/benchmarks/results.md (limits)"
)
SEAT_DISK = Figure(170, 240, "bytes", "disk of one seat, with its indexes", "loadtest/storage.py")
RESERVATION_DISK = Figure(
    1_020, 1_390, "bytes", "disk of one sold reservation: its row, two log entries, indexes", "loadtest/storage.py"
)
CLAIM_DISK = Figure(180, 250, "bytes", "disk of one of its seats: the claim", "loadtest/storage.py")
RESERVATION_LOG = Figure(
    2_900, 7_000, "bytes", "log (WAL) of one sold reservation", "loadtest/storage.py; 7,000 is assumed, with full pages"
)
MAP_SEAT = Figure(
    34, 850, "bytes", "memory of one seat in a map; with its entry in the list", "src/holdfast/application/reading/"
)
PROCESS_MEMORY = Figure(
    100, 300, "MiB", "memory of an API process, without maps", "docs/benchmarks/results.md (limits)"
)

ALL = (
    HOLD_NODE,
    HOLD_POSTGRES,
    HOLD_REDIS,
    READ_NODE,
    READ_QUERY,
    QUERIES_PER_PROCESS,
    FRAME,
    EVENT_RATE,
    SEAT_DISK,
    RESERVATION_DISK,
    CLAIM_DISK,
    RESERVATION_LOG,
    MAP_SEAT,
    PROCESS_MEMORY,
)
"""Every figure, in the order in which they are printed."""

BATCH_COMMANDS_MAX = 256
BATCH_SEATS_MAX = 1_000
"""The most in one transaction of an event; the settings have the same defaults."""
FRAME_BYTES = 75
"""A frame of the stream of changes without its changes, and the headers of its chunk."""
CHANGE_BYTES = 10
"""One change in it: the place of a seat and its state."""
FRAMES_PER_SECOND_MAX = 10
"""A stream gets at most one frame a tick (`TICK_SECONDS` in `application/reading/live_changes.py`)."""
