"""Every metric of a process, by name. The contract fixes the names and labels of the first block.

Metrics of the whole installation, such as `active_reservations`, are in `telemetry.installation`.
"""

from prometheus_client import Counter, Gauge, Histogram

import holdfast.telemetry.processes  # noqa: F401 - decides how values are kept, before the first of them is made

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
HTTP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Fewer buckets, because each route and method has a series for every one."""

http_requests_total = Counter(
    "http_requests_total", "HTTP requests by route template and status.", ["method", "path", "status_code"]
)
http_request_duration_seconds = Histogram(
    "http_request_duration_seconds", "Time to answer an HTTP request.", ["method", "path"], buckets=HTTP_SECONDS
)
reservations_total = Counter(
    "reservations_total",
    "Attempts to reserve: success, conflict, lock_failed (a conflict found by losing at the gate), replayed, error.",
    ["status"],
)
distributed_lock_duration_seconds = Histogram(
    "distributed_lock_duration_seconds",
    "Time of a call to the Redis gate.",
    ["operation", "status"],
    buckets=SECONDS,
)

batches_total = Counter("holdfast_batches_total", "Committed write transactions of batches.")
batch_commands = Histogram(
    "holdfast_batch_commands", "Commands in a batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
batch_duration_seconds = Histogram(
    "holdfast_batch_duration_seconds", "Time from a batch's first statement to its answers.", buckets=SECONDS
)
batch_wait_seconds = Histogram(
    "holdfast_batch_wait_seconds",
    "Time the oldest command of a batch waited in its queue.",
    buckets=SECONDS,
)
queue_commands = Gauge(
    "holdfast_queue_commands", "Commands waiting in the queues of this process.", multiprocess_mode="livesum"
)
commands_rejected_total = Counter(
    "holdfast_commands_rejected_total", "Commands answered 503 before any work.", ["reason"]
)
commands_abandoned_total = Counter(
    "holdfast_commands_abandoned_total", "Commands that left their queue because their callers had gone."
)
shared_reads_total = Counter(
    "holdfast_shared_reads_total", "Unlocked reads shared by the commands that the gate steered away."
)
gate_passed_total = Counter("holdfast_gate_passed_total", "Requests that passed the gate.")
gate_steered_total = Counter("holdfast_gate_steered_total", "Requests that were steered to a shared read.", ["by"])
gate_degraded = Gauge(
    "holdfast_gate_degraded",
    "1 while Redis is away and the gate lets every request pass.",
    multiprocess_mode="livemax",
)
gate_changes_total = Counter("holdfast_gate_changes_total", "Times the gate was lost or came back.", ["to"])
resubmissions_total = Counter("holdfast_resubmissions_total", "Batches submitted again after a failure.", ["reason"])
database_failures_total = Counter(
    "holdfast_database_failures_total",
    "Failures of PostgreSQL or of the way to it, by class of SQLSTATE (client: reported by the driver).",
    ["cell", "kind", "sqlstate_class"],
)
unknown_outcomes_total = Counter("holdfast_unknown_outcomes_total", "Commands answered 503 with outcome unknown.")
guard_mismatches_total = Counter(
    "holdfast_guard_mismatches_total",
    "Batches whose rows had changed since they were loaded, despite the lock: an alarm.",
)
holds_expired_total = Counter("holdfast_holds_expired_total", "Holds recorded as expired.", ["by"])
seat_maps_bytes = Gauge(
    "holdfast_seat_maps_bytes", "Approximate memory of the maps of busy events.", multiprocess_mode="livesum"
)
seat_maps_loaded_total = Counter("holdfast_seat_maps_loaded_total", "Maps loaded from the tables.")
seatings_loaded_total = Counter("holdfast_seatings_loaded_total", "Charts loaded for choosing seats.")
choices_postponed_total = Counter(
    "holdfast_choices_postponed_total", "Requests for the best available seats that waited for the event's chart."
)

pool_busy = Gauge(
    "holdfast_pool_busy_connections", "Connections to PostgreSQL in use.", ["cell", "pool"], multiprocess_mode="livesum"
)
pool_size = Gauge(
    "holdfast_pool_size_connections",
    "Maximum of connections to PostgreSQL.",
    ["cell", "pool"],
    multiprocess_mode="livesum",
)
cell_away = Gauge(
    "holdfast_cell_away",
    "1 while this process gets no answer from a cell's database, or finds another cell's there.",
    ["cell"],
    multiprocess_mode="livemax",
)
connections = Gauge("holdfast_http_connections", "Open HTTP connections.", multiprocess_mode="livesum")
connections_shed_total = Counter(
    "holdfast_http_connections_shed_total", "Idle connections that were closed to make room for new ones."
)
requests_waiting = Gauge(
    "holdfast_http_requests_waiting",
    "Requests that have arrived and not begun, because others came before them.",
    multiprocess_mode="livesum",
)
event_loop_lag_seconds = Histogram(
    "holdfast_event_loop_lag_seconds",
    "How late the event loop wakes a sleeping task: how long other work has delayed it.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
build_info = Gauge(
    "holdfast_build_info", "1, with the running version.", ["version", "python"], multiprocess_mode="livemax"
)
workers = Gauge("holdfast_processes", "Processes included in these metrics.", multiprocess_mode="livesum")
invariant_violations = Gauge(
    "holdfast_invariant_violations",
    "Rows that break a promise, at the last audit; at most 20 are counted.",
    ["cell", "invariant"],
    multiprocess_mode="livemax",
)
audits_total = Counter("holdfast_audits_total", "Audits of the invariants of each cell, by result.", ["cell", "result"])
audit_duration_seconds = Histogram(
    "holdfast_audit_duration_seconds", "Time of an audit.", buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0)
)
rounds_failed_total = Counter(
    "holdfast_rounds_failed_total",
    "Failed rounds of an endless loop, by its cell and the cause: the surroundings, or a bug. The loop goes on.",
    ["cell", "loop", "cause"],
)
tokens_total = Counter(
    "holdfast_tokens_total",
    "Tokens by how their check ended: known (found good within the last minute), checked (found good), or why not.",
    ["result"],
)
sign_ins_total = Counter(
    "holdfast_sign_ins_total",
    "Attempts to sign in to the pages, by password, issuer or link: done, refused, too_many.",
    ["how", "result"],
)
issuer_fetches_total = Counter(
    "holdfast_issuer_fetches_total", "Attempts to fetch an issuer's keys: fetched, failed.", ["issuer", "result"]
)
issuers_away = Gauge(
    "holdfast_issuers_away", "Issuers whose keys could not be fetched the last time.", multiprocess_mode="livemax"
)
live_listeners = Gauge("holdfast_live_listeners", "Open streams of changes.", multiprocess_mode="livesum")
live_listeners_dropped_total = Counter(
    "holdfast_live_listeners_dropped_total", "Listeners who were too slow and were told to reload."
)
archived_events_total = Counter(
    "holdfast_archived_events_total", "Finished events whose rows left for a file.", ["cell"]
)
archived_rows_total = Counter("holdfast_archived_rows_total", "Rows that left for a file.", ["cell", "table"])
archived_bytes_total = Counter("holdfast_archived_bytes_total", "Size of the files they left for.", ["cell"])
archive_failures_total = Counter(
    "holdfast_archive_failures_total",
    "Attempts to archive that failed, by cause: the target of the files, the database, or the event itself.",
    ["cell", "cause"],
)
archive_overdue_seconds = Gauge(
    "holdfast_archive_overdue_seconds",
    "How long the event of a cell that comes next has been due to be archived.",
    ["cell"],
    multiprocess_mode="livemax",
)
log_lines_dropped_total = Counter(
    "holdfast_log_lines_dropped_total",
    "Log lines left out: repeated (the same message too often in a second) or slow (nobody took what waited).",
    ["reason"],
)

# A counter that first appears with the value 1 shows no increase. If the label values are known, it starts with 0.
_KNOWN_VALUES: tuple[tuple[Counter, tuple[str, ...]], ...] = (
    (reservations_total, ("success", "conflict", "lock_failed", "replayed", "error")),
    (
        commands_rejected_total,
        ("waited_too_long", "event_queue_full", "process_queue_full", "bulk_line_full", "shutdown"),
    ),
    (gate_steered_total, ("memory", "lock")),
    (gate_changes_total, ("degraded", "working")),
    (resubmissions_total, ("contended", "connection_lost", "catalogue")),
    (holds_expired_total, ("batch", "worker")),
    (log_lines_dropped_total, ("repeated", "slow")),
    (tokens_total, ("known", "checked", "signature", "unknown_key", "expired", "issuer_never_reached")),
)
for _counter, _values in _KNOWN_VALUES:
    for _value in _values:
        _counter.labels(_value)


def begin_with_zero(cell: str) -> None:
    """Have the counters of a cell start with 0, for the same reason."""
    for loop in ("expire_round", "audit", "totals"):
        for cause in ("surroundings", "bug"):
            rounds_failed_total.labels(cell, loop, cause)
    for result in ("sound", "broken", "failed"):
        audits_total.labels(cell, result)


def begin_archiving_with_zero(cell: str) -> None:
    """Do the same in a process that archives the events of a cell."""
    archive_overdue_seconds.labels(cell).set(0)
    archived_events_total.labels(cell)
    archived_bytes_total.labels(cell)
    for table in ("claims", "reservations", "changes"):
        archived_rows_total.labels(cell, table)
    for cause in ("target", "database", "event"):
        archive_failures_total.labels(cell, cause)
    for cause in ("surroundings", "bug"):
        rounds_failed_total.labels(cell, "archive", cause)


begin_with_zero("0")
