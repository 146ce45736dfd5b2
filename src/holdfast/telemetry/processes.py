"""Combines the metrics of several processes of a node: which of them this one is, and where they keep their values.

Their parent sets both variables. A process on its own has neither, and keeps its values in memory.
"""

import os
from pathlib import Path

from prometheus_client import disable_created_metrics, values
from prometheus_client.multiprocess import mark_process_dead

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PLACE_VARIABLE = "HOLDFAST_PROCESS_PLACE"
"""The process's number among its siblings. A process that replaces a dead one continues its counters."""


def folder() -> Path | None:
    """Return the folder with the values of this node's processes; None if there is only this one."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given) if given and PLACE_VARIABLE in os.environ else None


def place() -> str:
    """Return this process's place among its siblings."""
    return os.environ.get(PLACE_VARIABLE, "0")


def installation_file(in_folder: Path, of_place: str, cell: str) -> Path:
    """Return the file in which the process at a place publishes the totals of a cell that it leads."""
    return in_folder / f"installation_{of_place}_{cell}.json"


def forget_dead(in_folder: Path, dead_place: str) -> None:
    """Remove the gauges of a process that has ended. Its counters stay."""
    mark_process_dead(dead_place, str(in_folder))  # type: ignore[no-untyped-call]
    for path in in_folder.glob(f"installation_{dead_place}_*.json"):
        path.unlink(missing_ok=True)


disable_created_metrics()  # type: ignore[no-untyped-call] # they make a third of all series, and nobody uses them
if folder() is None:
    values.ValueClass = values.MutexValue
else:
    # By place and not by process id, so that the number of files does not grow with every restarted process.
    values.ValueClass = values.MultiProcessValue(place)  # type: ignore[no-untyped-call]
