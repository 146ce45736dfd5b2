"""Runs administrative actions: each is one transaction with its audit entry, retried until its outcome is known."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import structlog

from holdfast.application.failures import OperationalFailure, Unavailable, told
from holdfast.application.identifiers import uuid7
from holdfast.application.identity.current_roles import current_roles, require_role_still
from holdfast.application.identity.ports import IdentityStore, IdentityTransaction
from holdfast.domain.identity.audit import Act, Actor, AuditEntry
from holdfast.domain.identity.principal import Principal
from holdfast.domain.refusal import Refusal
from holdfast.telemetry import context, metrics

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.1
UNDER_WAY_MAX = 64
"""Actions that wait in one process; they run one after another."""
UNDER_WAY_OF_ONE_MAX = 8
"""Of these, actions of one organiser's members and keys: the rest is for others."""


@dataclass(frozen=True, slots=True)
class Performed(Generic[Result]):
    """The result of an action."""

    result: Result
    act: Act | None
    """For the audit; None if there was nothing to change."""


Write: TypeAlias = Callable[[IdentityTransaction, datetime], Awaitable[Performed[Result]]]
"""Performs an action except for its audit entry and its COMMIT, at the database's time, while no other action is
running.
"""


class Administration:
    """Runs administrative actions; a COMMIT is not cancelled when the caller leaves."""

    def __init__(self, store: IdentityStore, *, changed: Callable[[], None]) -> None:
        """Set what is needed.

        Args:
            store: Where actions are stored.
            changed: Called after each action that may have changed somebody's rights.
        """
        self._store = store
        self._changed = changed
        self._under_way: dict[asyncio.Task[Any], Hashable] = {}
        self._closing = False

    async def perform(self, actor: Actor, write: Write[Result]) -> Result:
        """Run an action exactly once.

        Args:
            actor: Who does it.
            write: The action. It checks under the lock whether the actor may do it, and raises a refusal if not.

        Raises:
            Refusal: Raised by `write`; the action is rolled back and not in the audit.
            Unavailable: There were `ATTEMPTS_MAX` attempts, or too many actions wait; see its `outcome`.
        """
        whose = _sharers_of(actor.principal)
        theirs = sum(whose == other for other in self._under_way.values())
        if self._closing or len(self._under_way) >= UNDER_WAY_MAX or theirs >= UNDER_WAY_OF_ONE_MAX:
            raise Unavailable("Too many administrative acts wait, or this node is about to end.", outcome="none")
        task = asyncio.create_task(self._until_settled(actor, write))
        self._under_way[task] = whose
        task.add_done_callback(self._settled)
        return await asyncio.shield(task)

    async def close(self, *, seconds_max: float) -> None:
        """Start no more actions, and wait for those in progress."""
        self._closing = True
        if self._under_way:
            _, left = await asyncio.wait(tuple(self._under_way), timeout=seconds_max)
            if left:
                log.warning("administrative_acts_left_unsettled", acts=len(left))

    async def _until_settled(self, actor: Actor, write: Write[Result]) -> Result:
        attempts = _Attempts(uuid7(), actor, write)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                async with self._store.transaction() as transaction:
                    performed = await attempts.run(transaction)
                    if attempts.in_doubt:
                        await transaction.commit()
                        context.note_stored()
                        self._changed()
                    return performed.result
            except Refusal:
                raise
            except Exception as failure:
                if attempt == ATTEMPTS_MAX or not isinstance(failure, OperationalFailure):
                    answer = told(failure, in_doubt=attempts.in_doubt)
                    if answer is failure:
                        raise
                    raise answer from failure
                log.warning("administrative_act_resubmitted", error=str(failure))
                metrics.resubmissions_total.labels("identity").inc()
            await asyncio.sleep(PAUSE_SECONDS * attempt * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries
        raise AssertionError

    def _settled(self, task: "asyncio.Task[Any]") -> None:
        del self._under_way[task]
        if not task.cancelled() and (failure := task.exception()) is not None and not isinstance(failure, Refusal):
            log.info("administrative_act_failed", error=repr(failure))


class _Attempts(Generic[Result]):
    """The attempts at one action."""

    def __init__(self, entry_id: UUID, actor: Actor, write: Write[Result]) -> None:
        self._entry_id = entry_id
        self._actor = actor
        self._write = write
        self._performed: Performed[Result] | None = None
        self.in_doubt = False
        """A COMMIT has been or is about to be sent, and its outcome is unknown."""

    async def run(self, transaction: IdentityTransaction) -> Performed[Result]:
        """Do everything except the COMMIT; `in_doubt` says whether there is something to commit."""
        now = await transaction.lock()
        earlier = self._performed
        if self.in_doubt and earlier is not None and await transaction.has_entry(self._entry_id):
            return earlier
        self.in_doubt = False  # once this has the lock, the earlier attempt has ended
        current = await current_roles(self._actor.principal, transaction, now)
        performed = await self._write(transaction, now)
        if performed.act is not None:
            require_role_still(self._actor.principal, performed.act, current)
            await transaction.append(AuditEntry(id=self._entry_id, actor=self._actor, act=performed.act), now)
            self._performed = performed
            self.in_doubt = True
        return performed


def _sharers_of(principal: Principal) -> Hashable:
    """Return what those have in common who share `UNDER_WAY_OF_ONE_MAX`: their organisers, or else one caller."""
    return frozenset(principal.roles) or principal.subject
