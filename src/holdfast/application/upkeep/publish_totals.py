"""Publish what is true of the whole installation, from one process of it: the leader."""

import random

import structlog

from holdfast.application.upkeep.ports import TotalsSource
from holdfast.application.upkeep.rounds import go_round
from holdfast.telemetry.installation import installation

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0


async def publish_totals(source: TotalsSource) -> None:
    """Go round until cancelled; every process does this, and the source lets one of them lead.

    A round that fails, in whatever way, withdraws what was published: none is better than two. The next one goes on.
    """
    leads = False

    async def publish() -> None:
        nonlocal leads
        totals = None
        try:
            totals = await source.read()
        finally:
            if totals is None:
                installation.withdraw()
            else:
                installation.publish(totals)
            if leads != (totals is not None):
                leads = not leads
                log.info("leads" if leads else "leads_no_more")

    try:
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - so that the processes do not all ask at once
        await go_round(publish, name="totals", round_seconds=ROUND_SECONDS * spread)
    finally:
        installation.withdraw()
        await source.close()
