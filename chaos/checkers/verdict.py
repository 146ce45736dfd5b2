"""The verdict on a run: database invariants, the checkers of its history, and a search for lost acknowledged writes."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg

from chaos.buyers.load import until
from chaos.checkers.prove import Proof, prove
from chaos.checkers.report import Assumptions
from chaos.histories.database_rows import DatabaseRows, dump
from chaos.histories.history import Operation, read_history, wall_offset_ns
from holdfast.infrastructure.postgres.upkeep.invariants import InvariantResult, check_invariants

_SHOWN_MAX = 10
_QUIET_SECONDS_MAX = 15.0
_SOLD_TWICE = ("one_buyer_per_seat", "seats_pass_from_hand_to_hand")
_WRITES = ("reserve", "choose", "confirm", "sell", "cancel", "extend", "change_seats", "release")
_STATUS_AFTER = {
    "confirm": ("confirmed",),
    "sell": ("confirmed",),
    "cancel": ("cancelled", "expired"),
    "release": ("cancelled", "expired"),
}
_BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name LIKE 'holdfast-%' AND (state <> 'idle' OR wait_event = 'SyncRep') AND pid <> pg_backend_pid()"""


@dataclass(slots=True)
class Verdict:
    """Violations in words, and the numbers for the summary line."""

    operations: int = 0
    lost: int = 0
    sold_twice: int = 0
    findings: list[str] = field(default_factory=list)
    log_entries: int = 0
    check_seconds: float = 0.0
    faults_injected: Counter[str] = field(default_factory=Counter)
    """Errors that the self-test injected, by kind."""
    faults_missed: list[str] = field(default_factory=list)
    searched_steps: int = 0


async def quiet(database_url: str) -> None:
    """Wait until no process of Holdfast is doing anything in the database."""
    connection = await asyncpg.connect(database_url, timeout=5)
    try:

        async def is_quiet() -> bool:
            return not await connection.fetchval(_BUSY)

        await until(is_quiet, _QUIET_SECONDS_MAX)
    finally:
        await connection.close()


async def judge(
    database_url: str,
    history: Path,
    *,
    seed: int,
    clocks_agree: bool = True,
    read_lag_seconds: float = 0.0,
    searched_seats: int = 40,
    events: Sequence[str] = (),
) -> Verdict:
    """Judge a run after all its activity has ended.

    Args:
        database_url: The database that survived.
        history: What the clients recorded.
        seed: Chooses the errors that the self-test injects, and the seats that are searched.
        clocks_agree: PostgreSQL and the clients use the same clock.
        read_lag_seconds: How old a read may be.
        searched_seats: How many seats the checker by search checks.
        events: The events of the history; none: it covers every event in the database.
    """
    await quiet(database_url)
    invariants = await check_invariants(database_url)
    connection = await asyncpg.connect(database_url, timeout=5)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            if events:
                await _show_only(connection, events)
            rows = await dump(connection)
    finally:
        await connection.close()
    operations = await asyncio.to_thread(read_history, history)
    assumptions = Assumptions(
        wall_offset_ns=wall_offset_ns(history) if clocks_agree else None, read_lag_ns=int(read_lag_seconds * 1e9)
    )
    proof = await asyncio.to_thread(
        lambda: prove(operations, rows, assumptions, seed=seed, searched_seats=searched_seats)
    )
    verdict = _verdict_of(proof, len(operations))
    lost = lost_acknowledgements(operations, rows)
    verdict.lost = max(len(lost), proof.report.counts["lost_write"])
    verdict.findings += [f"lost: {line}" for line in lost[:_SHOWN_MAX]]
    _add_invariants(verdict, invariants)
    return verdict


async def _show_only(connection: "asyncpg.Connection[asyncpg.Record]", events: Sequence[str]) -> None:
    """Hide every other event from this session, with temporary views that take precedence over the tables."""
    listed = ", ".join(f"'{UUID(event)}'" for event in events)
    for table in ("changes", "reservations", "seats", "claims"):
        await connection.execute(
            f"CREATE TEMP VIEW {table} AS SELECT * FROM public.{table} WHERE event_id IN ({listed})"  # noqa: S608
        )


def _verdict_of(proof: Proof, operations: int) -> Verdict:
    verdict = Verdict(
        operations=operations,
        sold_twice=proof.report.counts["double_sale"],
        log_entries=proof.report.log_entries,
        check_seconds=proof.seconds,
        faults_injected=Counter(proof.tested.injected),
        faults_missed=list(proof.tested.missed),
        searched_steps=proof.searched.steps,
    )
    verdict.findings += [f"by version: {violation}" for violation in proof.report.violations[:_SHOWN_MAX]]
    verdict.findings += [f"by search: {line}" for line in proof.searched.illegal[:_SHOWN_MAX]]
    verdict.findings += [f"the checker missed: {line}" for line in proof.tested.missed[:_SHOWN_MAX]]
    return verdict


def lost_acknowledgements(operations: Iterable[Operation], rows: DatabaseRows) -> list[str]:
    """Return acknowledged writes that are missing in the database. Independent of the checkers, as a cross-check."""
    stored = {row.id: row for row in rows.reservations}
    lost = []
    for operation in operations:
        if operation.outcome != "ok" or operation.kind not in _WRITES:
            continue
        row = stored.get(operation.reservation)
        if row is None:
            lost.append(f"{operation.kind} of reservation {operation.reservation}: there is none")
        elif row.status not in _STATUS_AFTER.get(operation.kind, (row.status,)):
            lost.append(f"{operation.kind} of reservation {operation.reservation}: it is {row.status}")
    return lost


class Acknowledged:
    """All acknowledged writes in compact form: reservations with the statuses that they may have now."""

    def __init__(self) -> None:
        self._statuses: dict[str, tuple[str, ...]] = {}

    def add(self, history: Path) -> None:
        """Add what was acknowledged in a history."""
        for operation in read_history(history):
            if operation.outcome == "ok" and operation.kind in _WRITES:
                after = _STATUS_AFTER.get(operation.kind)
                self._statuses[operation.reservation] = after or self._statuses.get(operation.reservation, ())

    def lost(self, stored: dict[str, str]) -> list[str]:
        """Return what differs from what was acknowledged."""
        return [
            f"reservation {reservation} is {stored.get(reservation, 'not there')}"
            for reservation, statuses in self._statuses.items()
            if reservation not in stored or (statuses and stored[reservation] not in statuses)
        ]


async def judge_all(database_url: str, acknowledged: Acknowledged) -> Verdict:
    """Judge a whole database by its invariants and everything ever acknowledged."""
    await quiet(database_url)
    verdict = Verdict()
    _add_invariants(verdict, await check_invariants(database_url))
    connection = await asyncpg.connect(database_url, timeout=5)
    try:
        rows = await connection.fetch("SELECT id::text, status FROM reservations")
    finally:
        await connection.close()
    lost = acknowledged.lost({row["id"]: row["status"] for row in rows})
    verdict.lost = len(lost)
    verdict.findings += [f"lost: {line}" for line in lost[:_SHOWN_MAX]]
    return verdict


def _add_invariants(verdict: Verdict, results: Sequence[InvariantResult]) -> None:
    for result in results:
        if not result.holds:
            verdict.findings.append(f"invariant {result.name}: {result.violations[:3]}")
            if result.name in _SOLD_TWICE:
                verdict.sold_twice = max(verdict.sold_twice, len(result.violations))


async def clear(database_url: str) -> None:
    """Remove every event, so that the next run is judged by its own data only."""
    connection = await asyncpg.connect(database_url, timeout=5)
    try:
        await connection.execute("SET lock_timeout = '10s'")
        await connection.execute(
            "TRUNCATE events, seats, claims, reservations, changes, channels, channel_seats, archives, "
            "archived_reservations"
        )
    finally:
        await connection.close()
