"""Opens the pools for identity, and builds its use cases for one process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from holdfast.application.cells.view import View
from holdfast.application.failures import OperationalFailure
from holdfast.application.identity.administration import Administration
from holdfast.application.identity.auditing.merged import MergedAudit
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.key_uses import ROUND_SECONDS, KeyUses
from holdfast.application.identity.owner_directory import OwnerDirectory
from holdfast.application.identity.passwords import Passwords
from holdfast.application.identity.rights import Rights
from holdfast.application.identity.sessions import Sessions
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.application.upkeep.rounds import go_round
from holdfast.bootstrap.process import home_cell, open_pool
from holdfast.infrastructure.passwords import Argon2Hasher
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool_sizes import ACTS_CONNECTIONS, RIGHTS_CONNECTIONS
from holdfast.infrastructure.postgres.identity.reads import PostgresIdentityReads
from holdfast.infrastructure.postgres.identity.sessions import PostgresSessions
from holdfast.infrastructure.postgres.identity.store import PostgresIdentityStore
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness
from holdfast.settings import Settings


@asynccontextmanager
async def open_identity(
    settings: Settings,
    *,
    process: str,
    deadline: Deadline | None = None,
    hasher: Argon2Hasher | None = None,
    in_cells: View[PostgresIdentityReads] | None = None,
) -> AsyncIterator[Identity]:
    """Open the pools and yield what the use cases share; at the end, actions in progress are finished.

    Args:
        settings: The settings of the process.
        process: The name of its connections to PostgreSQL.
        deadline: When it must have ended.
        hasher: Hashes passwords; None: with the current parameters.
        in_cells: Reads the owners of events, and the audit, in each of several cells; None if there is only one.
    """
    deadline = deadline or Deadline(settings.shutdown_seconds)
    async with AsyncExitStack() as stack:
        acts = await open_pool(stack, home_cell(settings), f"{process}-acts", ACTS_CONNECTIONS, Timeouts())
        reading = await open_pool(stack, home_cell(settings), f"{process}-rights", RIGHTS_CONNECTIONS, Timeouts())
        store, reads = PostgresIdentityStore(acts), PostgresIdentityReads(reading)
        rights = Rights(reads)
        stack.push_async_callback(rights.close)
        passwords = Passwords(hasher or Argon2Hasher())
        stack.callback(passwords.close)
        administration = Administration(store, changed=rights.changed)
        stack.push_async_callback(_close, administration, deadline)
        yield Identity(
            administration=administration,
            reads=reads,
            audit_reads=reads if in_cells is None else MergedAudit(in_cells),
            bookkeeping=store,
            rights=rights,
            owner_directory=OwnerDirectory(reads, None if in_cells is None else in_cells.places),
            key_uses=KeyUses(store),
            passwords=passwords,
            sessions=Sessions(PostgresSessions(reading, idle_minutes=settings.session_idle_minutes)),
        )


@asynccontextmanager
async def recording_key_uses(identity: Identity) -> AsyncIterator[None]:
    """Record periodically when keys were used, and once more at the end."""
    task = asyncio.create_task(go_round(identity.key_uses.record, name="key_uses", round_seconds=ROUND_SECONDS))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(OperationalFailure):
            await identity.key_uses.record()


async def what_is_wrong_with_schema(settings: Settings) -> str | None:
    """Return what an operator has to do about the schema; None if it is right, or cannot be read."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(stack, home_cell(settings), "schema", 1, Timeouts())
        try:
            finding = await PostgresReadiness(pool).schema()
        except OperationalFailure:
            return None
        return None if finding.state == "ok" else finding.detail


async def _close(administration: Administration, deadline: Deadline) -> None:
    await administration.close(seconds_max=deadline.left(for_others=1.0))
