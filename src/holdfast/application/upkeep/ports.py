"""What looking after an installation needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.telemetry.installation import Totals


class TotalsSource(Protocol):
    """Tells what is true of the whole installation, to one of its processes."""

    async def read(self) -> Totals | None:
        """Read the totals; None while another process leads.

        Raises:
            ConnectionLost, Contended: when they could not be read; this process may lead no more.
        """
        ...

    async def close(self) -> None:
        """Lead no more."""
        ...


@dataclass(frozen=True, slots=True)
class AuditedInvariant:
    """One promise, and rows that break it."""

    name: str
    promise: str
    violations: Sequence[Mapping[str, object]]
    """None when it holds; not all of them where there are many."""


class Auditor(Protocol):
    """Compares the tables with every promise; of several in an installation one leads."""

    async def audit(self) -> Sequence[AuditedInvariant] | None:
        """Check every promise over as many rows as are due; None while another one leads.

        Raises:
            ConnectionLost, Contended: when the tables could not be read.
        """
        ...

    async def close(self) -> None:
        """Lead no more."""
        ...
