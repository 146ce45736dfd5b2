"""The rolling restart under a load of at least 20,000 requests: `make rolling-restart-test`.

Wants a running `make scale`: PORT and HOLDFAST_DATA_DIR name it.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from holdfast.cli.database import database_url, with_database
from holdfast.cli.rolling_restart import request_rolling_restart
from holdfast.settings import load_settings
from scale.buyers_load import Ledger, buyers_at_work, lost

REQUESTS_MIN = 20_000
BUYERS = 48


async def main() -> int:
    settings = load_settings()
    ledger, stop = Ledger(), asyncio.Event()
    buyers = int(os.environ.get("BUYERS", BUYERS))
    started = time.monotonic()
    restarts = 0

    async def restart_until_enough() -> None:
        nonlocal restarts
        try:
            while ledger.requests < REQUESTS_MIN:
                await asyncio.to_thread(request_rolling_restart, settings.holdfast_data_dir)
                restarts += 1
                await asyncio.sleep(0.5)
        finally:
            stop.set()

    async def buy_until_stopped() -> None:
        while not stop.is_set():  # each time with another event, for the seats run out
            await buyers_at_work(settings.port, buyers, ledger, stop)

    await asyncio.gather(restart_until_enough(), buy_until_stopped())
    seconds = time.monotonic() - started
    with with_database(settings) as effective:
        missing = await lost(ledger, database_url(effective))
    lines = [
        f"{restarts} rolling restarts, {ledger.requests} requests in {seconds:.0f} s by {buyers} buyers",
        f"failed: {len(ledger.failures)}, acknowledged: {len(ledger.acknowledged)}, lost: {len(missing)}",
        *[*ledger.failures, *missing][:20],
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if ledger.failures or missing else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
