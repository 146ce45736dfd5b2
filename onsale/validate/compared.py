"""What the comparisons came to, as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from onsale.validate.loads import Comparison

FILE = Path("docs/scale/compared.json")


@dataclass(frozen=True)
class Compared:
    """One sitting."""

    measured_at: str
    """The same as that of the times that the simulation was made of."""
    loads: Sequence[Comparison]
    left_out: Sequence[str] = ()
    """Loads that could not be run, and why."""


def write(compared: Compared, file: Path = FILE) -> None:
    """Write it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(compared), indent=1) + b"\n")


def read(file: Path = FILE) -> Compared:
    """Read it."""
    return msgspec.json.decode(file.read_bytes(), type=Compared)
