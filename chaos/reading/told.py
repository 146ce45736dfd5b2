"""What readers received in a simulated run, and when they had requested it."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. Times are those of the simulation."""

    what: str
    """A key of `node.HANDLERS`."""
    event: UUID | None
    asked: float
    came: float
    status: int
    """500 for any exception that no handler expects."""
    tag: bytes = b""
    version: int = -1
    """`Event-Version`."""
    body: bytes = b""
    """If the status is 304: what the reader has cached for the tag."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a stream, and its time of arrival."""

    kind: str
    """`hello`, `changes`, `reload`, `deleted`, `archived`, or `heartbeat`."""
    came: float
    last_id: str = ""
    version: int = -1
    seats: int = -1
    changes: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True, eq=False)
class Following:
    """What one page received about an event, over one stream or several that continued each other."""

    event: UUID
    asked: float
    """When it opened its first stream."""
    frames: list[Frame] = field(default_factory=list)
    listening: bool = True
    """It was still listening at the end of the run."""

    @property
    def last_id(self) -> str:
        """What a browser would send as Last-Event-ID."""
        return next((frame.last_id for frame in reversed(self.frames) if frame.last_id), "")

    @property
    def over(self) -> bool:
        """Whether its last frame told it to reload, or that the event is gone or archived."""
        told = [frame.kind for frame in self.frames if frame.kind != "heartbeat"]
        return bool(told) and told[-1] in ("reload", "deleted", "archived")


@dataclass(slots=True)
class Record:
    """Everything that readers received in a run."""

    told: list[Told] = field(default_factory=list)
    followed: list[Following] = field(default_factory=list)
    ended: float = 0.0
    faults: list[str] = field(default_factory=list)
    """Problems seen from outside: bugs in the log, memory over its bound, leftover tasks."""
