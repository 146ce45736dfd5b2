"""One case: the bytes that are sent over one connection, and how they are divided into segments."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus.jsonl")
"""Cases that were interesting once; they are always tried first."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one connection sends."""

    name: str
    """The seed of a generated case, or a description of one from the corpus."""
    segments: tuple[bytes, ...]
    pauses: tuple[float, ...] = ()
    """Delay in seconds before each segment but the first; none: no delays."""
    requests: int = 1
    """How many requests were generated before mutation, without the closing one."""

    @property
    def together(self) -> bytes:
        """All of it."""
        return b"".join(self.segments)

    def line(self) -> str:
        """As one line of the corpus, from which `--replay` reads it."""
        told: dict[str, object] = {"name": self.name, "segments": [part.decode("latin-1") for part in self.segments]}
        if self.pauses:
            told["pauses"] = self.pauses
        return json.dumps(told)


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases, one a line.

    Raises:
        ValueError: if a line is not a case.
    """
    return list(_cases(path.read_text(encoding="ascii").splitlines()))


def _cases(lines: Iterable[str]) -> Iterator[Case]:
    for line in lines:
        if line.strip():
            told = json.loads(line)
            segments = tuple(part.encode("latin-1") for part in told["segments"])
            requests = max(1, sum(part.count(b" HTTP/1") for part in segments))
            yield Case(told["name"], segments, tuple(told.get("pauses", ())), requests)
