"""Publishes totals of the whole installation from one of its processes, the leader."""

import random

import structlog

from holdfast.application.upkeep.ports import TotalsSource
from holdfast.application.upkeep.rounds import go_round
from holdfast.telemetry.installation import installation

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0


async def publish_totals(source: TotalsSource, *, cell: str = "0") -> None:
    """Publish the totals of a cell until cancelled. Every process runs this, and the source lets one of them lead.

    A round that fails, for whatever reason, withdraws the published totals. Another process may have taken the lead by
    then, and totals published twice would be counted twice. The next round tries again.
    """
    leads = False

    async def publish() -> None:
        nonlocal leads
        totals = None
        try:
            totals = await source.read()
        finally:
            if totals is None:
                installation.withdraw(cell)
            else:
                installation.publish(totals, cell)
            if leads != (totals is not None):
                leads = not leads
                log.info("leads" if leads else "leads_no_more", cell=cell)

    try:
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - keeps the processes from asking all at once
        await go_round(publish, name="totals", round_seconds=ROUND_SECONDS * spread, cell=cell)
    finally:
        installation.withdraw(cell)
        await source.close()
