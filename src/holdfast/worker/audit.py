"""Checks every promise against the tables once a minute, and logs an error when one is broken."""

import asyncio
from collections.abc import Sequence

import structlog

from holdfast.application.upkeep.ports import AuditedInvariant, Auditor
from holdfast.application.upkeep.rounds import go_round
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

ROUND_SECONDS = 60.0
ROWS_LOGGED_MAX = 3


async def audit_invariants(
    auditor: Auditor, *, stop: asyncio.Event, round_seconds: float = ROUND_SECONDS, cell: str = "0"
) -> None:
    """Audit a cell until told to stop, whatever happens in a round. Of several workers, one audits it."""
    loop = asyncio.get_running_loop()

    async def audit_round() -> None:
        started = loop.time()
        try:
            audited = await auditor.audit()
        except Exception:
            metrics.audits_total.labels(cell, "failed").inc()
            raise
        if audited is None:
            metrics.invariant_violations.remove_by_labels({"cell": cell})  # the worker that leads publishes them
            return
        _report(audited, cell)
        metrics.audit_duration_seconds.observe(loop.time() - started)

    try:
        await go_round(audit_round, name="audit", round_seconds=round_seconds, stop=stop, cell=cell)
    finally:
        await auditor.close()


def _report(audited: Sequence[AuditedInvariant], cell: str) -> None:
    for invariant in audited:
        metrics.invariant_violations.labels(cell, invariant.name).set(len(invariant.violations))
        if invariant.violations:
            log.error(
                "invariant_broken",
                cell=cell,
                invariant=invariant.name,
                promise=invariant.promise,
                violations=len(invariant.violations),
                rows=[
                    {name: str(value) for name, value in row.items()} for row in invariant.violations[:ROWS_LOGGED_MAX]
                ],
            )
    sound = all(not invariant.violations for invariant in audited)
    metrics.audits_total.labels(cell, "sound" if sound else "broken").inc()
