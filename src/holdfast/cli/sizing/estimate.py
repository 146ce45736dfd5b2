"""From an on-sale to an installation: plain arithmetic on measured figures."""

import math
from dataclasses import dataclass, field

from holdfast.cli.sizing import figures
from holdfast.cli.sizing.figures import Figure
from holdfast.cli.sizing.measured import measured
from holdfast.infrastructure.postgres.driver.pool_sizes import ACTS_CONNECTIONS, LARGE_CONNECTIONS, RIGHTS_CONNECTIONS

BUSY_SHARE_MAX = 0.6
"""Share of a core that is planned for: beyond it, queues form and latencies rise."""
CONNECTIONS_TO_A_CELL_BESIDE_POOLS = LARGE_CONNECTIONS + 3
"""Of one process: for large reads, for what waits for a lock, for its readiness and for totals."""
CONNECTIONS_TO_HOME = ACTS_CONNECTIONS + RIGHTS_CONNECTIONS
"""Of one process, to cell 0 only: for administrative acts, and for who may do what."""
CONNECTIONS_TO_EACH_OF_SEVERAL = RIGHTS_CONNECTIONS
"""Of one process, if there are several cells: for owners of events, and for lists."""
CONNECTIONS_CHEAP_MAX = 500
"""More than this many connections are worth a note."""
CELL_CORES = 8
"""Cores of one cell's PostgreSQL. More do not help as much: its events' locks, its log and its snapshots are shared."""
CONNECTIONS_BESIDE_PROCESSES = 20
"""Of workers, commands, and people with a terminal."""


@dataclass(frozen=True)
class OnSale:
    """What is expected: one event or several, and a crowd."""

    seats: int
    buyers: int
    minutes: float
    seats_each: int = 2
    """Seats of one reservation."""
    looks: int = 20
    """Reads of one buyer before and between their attempts."""
    tries: float = 1.5
    """Attempts of one buyer to hold seats, on average."""
    peak: float = 5.0
    """The busiest second, compared with the average."""
    watching: float = 0.3
    """Share of the buyers who have the live map open at the same time."""
    events: int = 1
    """Over which the seats are spread evenly. A stream has the changes of one of them."""
    hottest: float = 0.25
    """Share of the buyers who want the event that most want, if there are several; at least an even share."""
    commit_seconds: float = 0.0002
    """What a COMMIT waits for: the disk, and the synchronous standby if there is one."""

    @property
    def hottest_share(self) -> float:
        """Share of the buyers of the hottest event."""
        return 1.0 if self.events == 1 else max(self.hottest, 1 / self.events)


@dataclass(frozen=True)
class Pools:
    """Connections to PostgreSQL of one API process, from the settings."""

    write: int
    read: int
    catalogue: int
    cells: int = 1
    """How many cells there are already, with cell 0."""

    def to_further_cell(self) -> int:
        """Return how many lead to each cell but cell 0, with those that the settings do not name."""
        pools = self.write + self.read + self.catalogue
        return pools + CONNECTIONS_TO_A_CELL_BESIDE_POOLS + CONNECTIONS_TO_EACH_OF_SEVERAL

    def to_home(self, cells: int) -> int:
        """Return how many lead to cell 0, if there are so many cells."""
        alone = self.write + self.read + self.catalogue + CONNECTIONS_TO_A_CELL_BESIDE_POOLS + CONNECTIONS_TO_HOME
        return alone + (CONNECTIONS_TO_EACH_OF_SEVERAL if cells > 1 else 0)

    def all(self, cells: int) -> int:
        """Return how many a process has to all cells together."""
        return self.to_home(cells) + (cells - 1) * self.to_further_cell()


@dataclass(frozen=True)
class Range:
    """A result, from a quick machine to a slow or busy one."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        """Add two ranges."""
        return Range(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Estimate:
    """What it needs. CPU is in busy cores, before the share of a core that is planned for."""

    attempts_per_second: float
    reads_per_second: float
    streams: int
    reservations: int
    hot_event_seconds: Range
    """How long the event's own limit makes the attempts of the busiest minute queue."""
    node_cores: Range
    processes: Range
    postgres_cores: Range
    redis_cores: Range
    cells: Range
    """PostgreSQL servers of `CELL_CORES` cores."""
    connections: Range
    """To cell 0, of all processes."""
    connections_further: Range
    """To each further cell, if there are or have to be any."""
    connections_of_process: Range
    """Of one process, to all cells."""
    event_rate: Range
    """Holds a second of one event: on two cores that do everything, and by its lock alone."""
    seats_bytes: Range
    sold_bytes: Range
    log_bytes: Range
    map_bytes: Range
    """In each process that serves the event."""
    process_bytes: Range
    stream_bits_per_second: Range
    answer_bits_per_second: float
    notes: list[str] = field(default_factory=list)


def estimate(sale: OnSale, pools: Pools) -> Estimate:
    """Estimate the installation for an on-sale."""
    seconds = sale.minutes * 60
    attempts = sale.buyers * sale.tries / seconds * sale.peak
    reads = sale.buyers * sale.looks / seconds * sale.peak
    reservations = min(math.ceil(sale.seats / sale.seats_each), math.ceil(sale.buyers))
    streams = math.ceil(sale.buyers * sale.watching)
    seats_sold = min(reservations * sale.seats_each, sale.seats)
    changes = seats_sold * 2 / seconds * sale.peak / sale.events
    # Many changes of one tick come in one frame; few changes are frames of their own.
    frames = min(figures.FRAMES_PER_SECOND_MAX, changes)
    node_cores = (
        _cores(figures.HOLD_NODE, attempts) + _cores(figures.READ_NODE, reads) + _cores(figures.FRAME, frames * streams)
    )
    processes = Range(_planned(node_cores.low), _planned(node_cores.high))
    queries = Range(
        min(reads, processes.low * figures.QUERIES_PER_PROCESS.low),
        min(reads, processes.high * figures.QUERIES_PER_PROCESS.high),
    )
    postgres_cores = _cores(figures.HOLD_POSTGRES, attempts) + Range(
        queries.low * figures.READ_QUERY.low / 1e6, queries.high * figures.READ_QUERY.high / 1e6
    )
    needed = Range(_cells(postgres_cores.low), _cells(postgres_cores.high))
    # Every process has connections to every cell, also to those that this sale would not need.
    least, most = (max(pools.cells, int(count)) for count in (needed.low, needed.high))
    further = Range(*(pools.to_further_cell() if cells > 1 else 0 for cells in (least, most)))
    event_rate = _event_rate(sale)
    hot = attempts * sale.hottest_share
    stream_bits = 8 * streams * (frames * figures.FRAME_BYTES + changes * figures.CHANGE_BYTES)
    found = Estimate(
        attempts_per_second=attempts,
        reads_per_second=reads,
        streams=streams,
        reservations=reservations,
        hot_event_seconds=Range(_queue_seconds(hot, event_rate.high), _queue_seconds(hot, event_rate.low)),
        node_cores=node_cores,
        processes=processes,
        postgres_cores=postgres_cores,
        redis_cores=_cores(figures.HOLD_REDIS, attempts),
        cells=needed,
        event_rate=event_rate,
        connections=_connections(processes, Range(pools.to_home(least), pools.to_home(most))),
        connections_further=_connections(processes, further),
        connections_of_process=Range(pools.all(least), pools.all(most)),
        seats_bytes=_times(figures.SEAT_DISK, sale.seats),
        sold_bytes=_times(figures.RESERVATION_DISK, reservations) + _times(figures.CLAIM_DISK, seats_sold),
        log_bytes=_times(figures.RESERVATION_LOG, reservations),
        map_bytes=_times(figures.MAP_SEAT, sale.seats),
        process_bytes=_times(figures.PROCESS_MEMORY, 2**20) + _times(figures.MAP_SEAT, sale.seats),
        stream_bits_per_second=Range(stream_bits / sale.peak, stream_bits),
        answer_bits_per_second=8 * (attempts * 800 + reads * 2_000),
    )
    found.notes.extend(_notes(sale, found))
    return found


def _event_rate(sale: OnSale) -> Range:
    """Return what one event can sell: a full batch for as long as its transaction keeps the event locked."""
    orders = min(figures.BATCH_COMMANDS_MAX, figures.BATCH_SEATS_MAX // sale.seats_each)
    held = measured().held_seconds(orders, orders * sale.seats_each, commit_seconds=sale.commit_seconds)
    high = orders / held
    return Range(min(figures.EVENT_RATE.low, high), high)


def _cores(figure: Figure, per_second: float) -> Range:
    return Range(figure.low * per_second / 1e6, figure.high * per_second / 1e6)


def _times(figure: Figure, count: float) -> Range:
    return Range(figure.low * count, figure.high * count)


def _planned(busy_cores: float) -> int:
    """Processes for this many busy cores: one more than needed, so that one may fail or be restarted."""
    return max(2, math.ceil(busy_cores / BUSY_SHARE_MAX) + 1)


def _cells(busy_cores: float) -> int:
    return math.ceil(busy_cores / BUSY_SHARE_MAX / CELL_CORES)


def _connections(processes: Range, of_process: Range) -> Range:
    low, high = processes.low * of_process.low, processes.high * of_process.high
    return Range(*(count and count + CONNECTIONS_BESIDE_PROCESSES for count in (low, high)))


def _queue_seconds(attempts_per_second: float, rate: float) -> float:
    """How long a minute at the peak would queue at one event's own limit."""
    return max(0.0, (attempts_per_second / rate - 1) * 60)


def _notes(sale: OnSale, found: Estimate) -> list[str]:
    notes = []
    if found.hot_event_seconds.high > 0:
        rates = f"{found.event_rate.low:,.0f} to {found.event_rate.high:,.0f}"
        attempts = found.attempts_per_second * sale.hottest_share
        notes.append(
            f"{attempts:,.0f} attempts a second are more than one event can decide ({rates}): more "
            "nodes do not help. Attempts at taken seats are cheaper than that; let buyers in more slowly, or spread "
            "the sale over several events"
        )
    if found.stream_bits_per_second.high > 1e9:
        notes.append(
            "live streams need more than 1 Gbit/s: put several proxies in front, or have pages ask for the "
            "availability every few seconds instead"
        )
    if found.connections.high > CONNECTIONS_CHEAP_MAX:
        notes.append(
            "that many connections cost PostgreSQL memory and time: lower WRITE_POOL_SIZE and READ_POOL_SIZE to 2, "
            "which is enough for one event"
        )
    if sale.buyers * sale.seats_each < sale.seats:
        notes.append("there are fewer buyers than seats: the sale will not be sold out")
    return notes
