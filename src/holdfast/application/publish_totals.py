"""Publish what is true of the whole installation, from one process of it: the leader."""

import asyncio
import random

import structlog

from holdfast.application.failures import OperationalFailure
from holdfast.application.ports import TotalsSource
from holdfast.telemetry.installation import installation

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0


async def publish_totals(source: TotalsSource) -> None:
    """Go round until cancelled; every process does this, and the source lets one of them lead.

    A round that fails, in whatever way, withdraws what was published: none is better than two. The next one goes on.
    """
    leads = False
    last_failure = ""
    try:
        while True:
            try:
                totals = await source.read()
            except OperationalFailure as failure:
                log.debug("totals_not_read", error=str(failure))
                totals = None
            except Exception as failure:
                if repr(failure) != last_failure:  # not once a second while it lasts
                    log.exception("totals_not_read")
                last_failure = repr(failure)
                totals = None
            if totals is None:
                installation.withdraw()
            else:
                installation.publish(totals)
                last_failure = ""
            if leads != (totals is not None):
                leads = not leads
                log.info("leads" if leads else "leads_no_more")
            await asyncio.sleep(ROUND_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the rounds
    finally:
        installation.withdraw()
        await source.close()
