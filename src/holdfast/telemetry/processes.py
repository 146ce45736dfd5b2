"""Several processes of one node that give one account: which of them this is, and where they keep their values.

The parent of the processes sets both variables; one process alone has neither, and keeps its values in memory.
"""

import os
from pathlib import Path

from prometheus_client import disable_created_metrics, values
from prometheus_client.multiprocess import mark_process_dead

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PLACE_VARIABLE = "HOLDFAST_PROCESS_PLACE"
"""The process's number among its siblings. A process that takes the place of a dead one goes on with its counters."""


def folder() -> Path | None:
    """Where the processes of this node keep their values; None where there is only this one."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given) if given and PLACE_VARIABLE in os.environ else None


def place() -> str:
    """This process's place among its siblings."""
    return os.environ.get(PLACE_VARIABLE, "0")


def installation_file(in_folder: Path, of_place: str) -> Path:
    """Where the process at a place publishes what is true of the whole installation."""
    return in_folder / f"installation_{of_place}.prom"


def forget_dead(in_folder: Path, dead_place: str) -> None:
    """Drop the gauges of a process that has ended; its counters stay."""
    mark_process_dead(dead_place, str(in_folder))  # type: ignore[no-untyped-call]
    installation_file(in_folder, dead_place).unlink(missing_ok=True)


disable_created_metrics()  # type: ignore[no-untyped-call] # a third of all series, and nobody asks for them
if folder() is None:
    values.ValueClass = values.MutexValue
else:
    # By place and not by process id: the files do not grow in number with every process that is started anew.
    values.ValueClass = values.MultiProcessValue(place)  # type: ignore[no-untyped-call]
