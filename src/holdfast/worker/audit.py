"""Compares the tables with every promise, once a minute, and cries out when one is broken."""

import asyncio
from collections.abc import Sequence

import structlog

from holdfast.application.failures import OperationalFailure
from holdfast.application.ports import AuditedInvariant, Auditor
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

ROUND_SECONDS = 60.0
ROWS_LOGGED_MAX = 3


async def audit_invariants(auditor: Auditor, *, stop: asyncio.Event, round_seconds: float = ROUND_SECONDS) -> None:
    """Audit until told to stop; a round that cannot be finished is counted and logged, and the next one goes on."""
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        started = loop.time()
        try:
            audited = await auditor.audit()
        except OperationalFailure as failure:
            metrics.audits_total.labels("failed").inc()
            log.warning("audit_failed", error=str(failure))
        else:
            _report(audited)
        metrics.audit_duration_seconds.observe(loop.time() - started)
        try:
            async with asyncio.timeout(round_seconds):
                await stop.wait()
        except TimeoutError:
            continue


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
