"""Every metric that a process keeps, by name. Names and labels of the first block are fixed by the HTTP contract.

What is true of the whole installation, `active_reservations` among it, is in `telemetry.installation`.
"""

from prometheus_client import Counter, Gauge, Histogram

import holdfast.telemetry.processes  # noqa: F401 - decides how values are kept, before the first of them is made

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
HTTP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Fewer, since there is a series of them for each method of each route."""

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

batches_total = Counter("holdfast_batches_total", "Write transactions of batches that were committed.")
batch_commands = Histogram(
    "holdfast_batch_commands", "Commands in a batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
batch_duration_seconds = Histogram(
    "holdfast_batch_duration_seconds", "Time from a batch's first statement to its answers.", buckets=SECONDS
)
batch_wait_seconds = Histogram(
    "holdfast_batch_wait_seconds",
    "Time that the oldest command of a batch waited in its queue.",
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
gate_passed_total = Counter("holdfast_gate_passed_total", "Wishes that went through the gate.")
gate_steered_total = Counter("holdfast_gate_steered_total", "Wishes that were steered to a shared read.", ["by"])
gate_degraded = Gauge(
    "holdfast_gate_degraded",
    "1 while Redis is away and the gate lets everybody through.",
    multiprocess_mode="livemax",
)
gate_changes_total = Counter("holdfast_gate_changes_total", "Times the gate was lost or came back.", ["to"])
resubmissions_total = Counter("holdfast_resubmissions_total", "Batches submitted again after a failure.", ["reason"])
database_failures_total = Counter(
    "holdfast_database_failures_total",
    "Failures of PostgreSQL or of the way to it, by the class of their SQLSTATE (client: said by the driver).",
    ["kind", "sqlstate_class"],
)
unknown_outcomes_total = Counter("holdfast_unknown_outcomes_total", "Commands answered 503 with outcome unknown.")
guard_mismatches_total = Counter(
    "holdfast_guard_mismatches_total", "Batches whose guarded store found other rows than loaded: an alarm."
)
holds_expired_total = Counter("holdfast_holds_expired_total", "Holds recorded as expired.", ["by"])
seat_maps_bytes = Gauge(
    "holdfast_seat_maps_bytes", "Memory of the maps of hot events, about.", multiprocess_mode="livesum"
)
seat_maps_loaded_total = Counter("holdfast_seat_maps_loaded_total", "Maps loaded from the tables.")

pool_busy = Gauge(
    "holdfast_pool_busy_connections", "Connections to PostgreSQL in use.", ["pool"], multiprocess_mode="livesum"
)
pool_size = Gauge(
    "holdfast_pool_size_connections", "Most connections to PostgreSQL.", ["pool"], multiprocess_mode="livesum"
)
connections = Gauge("holdfast_http_connections", "Open HTTP connections.", multiprocess_mode="livesum")
connections_shed_total = Counter(
    "holdfast_http_connections_shed_total", "Silent connections that were closed to make room for new ones."
)
event_loop_lag_seconds = Histogram(
    "holdfast_event_loop_lag_seconds",
    "How late the event loop wakes a sleeper: the time that one piece of work kept all others waiting.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
build_info = Gauge(
    "holdfast_build_info", "1, with the version that runs.", ["version", "python"], multiprocess_mode="livemax"
)
workers = Gauge("holdfast_processes", "Processes that give this account.", multiprocess_mode="livesum")
invariant_violations = Gauge(
    "holdfast_invariant_violations",
    "Rows that break a promise, at the last audit; at most 20 are counted.",
    ["invariant"],
    multiprocess_mode="livemax",
)
audits_total = Counter("holdfast_audits_total", "Audits of the invariants by how they ended.", ["result"])
audit_duration_seconds = Histogram(
    "holdfast_audit_duration_seconds", "Time of an audit.", buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0)
)
rounds_failed_total = Counter(
    "holdfast_rounds_failed_total",
    "Rounds of an endless loop that failed, by whether the surroundings or a bug were the cause; the loop goes on.",
    ["loop", "cause"],
)
tokens_total = Counter(
    "holdfast_tokens_total",
    "Tokens by how their check ended: known (found good within the last minute), checked (found good), or why not.",
    ["result"],
)
issuer_fetches_total = Counter(
    "holdfast_issuer_fetches_total", "Attempts to fetch an issuer's keys: fetched, failed.", ["issuer", "result"]
)
live_listeners = Gauge("holdfast_live_listeners", "Open streams of changes.", multiprocess_mode="livesum")
live_listeners_dropped_total = Counter(
    "holdfast_live_listeners_dropped_total", "Streams that were too slow and were told to reload."
)
log_lines_dropped_total = Counter(
    "holdfast_log_lines_dropped_total",
    "Log lines left out: repeated (the same message too often in a second) or slow (nobody took what waited).",
    ["reason"],
)

# A counter whose first value is 1 shows no rise: where the label values are known, it begins with 0.
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
    (audits_total, ("sound", "broken", "failed")),
    (log_lines_dropped_total, ("repeated", "slow")),
    (tokens_total, ("known", "checked", "signature", "unknown_key", "expired", "issuer_never_reached")),
)
for _loop in ("expire_round", "audit", "totals"):
    for _cause in ("surroundings", "bug"):
        rounds_failed_total.labels(_loop, _cause)
for _counter, _values in _KNOWN_VALUES:
    for _value in _values:
        _counter.labels(_value)
