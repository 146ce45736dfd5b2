"""What the upkeep of an installation needs from outside, as Protocols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.telemetry.installation import Totals


class TotalsSource(Protocol):
    """Reads totals of the whole installation, in one of its processes: the leader."""

    async def read(self) -> Totals | None:
        """Read the totals; None if another process leads.

        Raises:
            ConnectionLost, Contended: if they could not be read. This process may no longer be the leader.
        """
        ...

    async def close(self) -> None:
        """Stop leading."""
        ...


@dataclass(frozen=True, slots=True)
class AuditedInvariant:
    """One promise, and rows that break it."""

    name: str
    promise: str
    violations: Sequence[Mapping[str, object]]
    """Empty if it holds. If there are many, only some of them."""


class Auditor(Protocol):
    """Compares the tables with every promise. If an installation has several auditors, one leads."""

    async def audit(self) -> Sequence[AuditedInvariant] | None:
        """Check every promise over as many rows as are due; None if another auditor leads.

        Raises:
            ConnectionLost, Contended: if the tables could not be read.
        """
        ...

    async def close(self) -> None:
        """Stop leading."""
        ...
