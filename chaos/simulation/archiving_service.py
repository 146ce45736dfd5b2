"""A seat service whose event is archived and restored by an operator."""

from dataclasses import dataclass

from msgspec.structs import replace

from chaos.histories.operation import Operation
from chaos.simulation.service import SimulatedService


@dataclass(slots=True)
class ArchivingService(SimulatedService):
    """While the event is archived, nothing is answered and nothing happens by itself."""

    archived: bool = False

    def decide(self, operation: Operation, now_ns: int) -> Operation:
        """Return the operation with its answer."""
        if self.archived and operation.kind != "restore":
            return replace(operation, outcome="fail", answer="event_archived", version=self.changes[-1].version)
        return SimulatedService.decide(self, operation, now_ns)

    def _archive(self, operation: Operation, now_ns: int) -> Operation:
        if self.live or self.closes_at_us > now_ns // 1_000:
            return replace(operation, outcome="fail", answer="none")
        self.archived = True
        return replace(operation, outcome="ok", answer="archived")

    def _restore(self, operation: Operation, _: int) -> Operation:
        if not self.archived:
            return replace(operation, outcome="fail", answer="none")
        self.archived = False
        return replace(operation, outcome="ok", answer="restored")
