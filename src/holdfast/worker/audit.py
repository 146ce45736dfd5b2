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


async def audit_invariants(auditor: Auditor, *, stop: asyncio.Event, round_seconds: float = ROUND_SECONDS) -> None:
    """Audit until told to stop, whatever happens in a round. If there are several workers, one of them audits."""
    loop = asyncio.get_running_loop()

    async def audit_round() -> None:
        started = loop.time()
        try:
            audited = await auditor.audit()
        except Exception:
            metrics.audits_total.labels("failed").inc()
            raise
        if audited is None:
            metrics.invariant_violations.clear()  # the worker that leads publishes them
            return
        _report(audited)
        metrics.audit_duration_seconds.observe(loop.time() - started)

    try:
        await go_round(audit_round, name="audit", round_seconds=round_seconds, stop=stop)
    finally:
        await auditor.close()


def _report(audited: Sequence[AuditedInvariant]) -> None:
    for invariant in audited:
        metrics.invariant_violations.labels(invariant.name).set(len(invariant.violations))
        if invariant.violations:
            log.error(
                "invariant_broken",
                invariant=invariant.name,
                promise=invariant.promise,
                violations=len(invariant.violations),
                rows=[
                    {name: str(value) for name, value in row.items()} for row in invariant.violations[:ROWS_LOGGED_MAX]
                ],
            )
    sound = all(not invariant.violations for invariant in audited)
    metrics.audits_total.labels("sound" if sound else "broken").inc()
