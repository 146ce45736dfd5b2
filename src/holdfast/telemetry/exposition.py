"""All metrics of this process, or of all processes of this node, in Prometheus' text format."""

import asyncio
import time
from collections.abc import Callable, Iterable
from itertools import chain

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from holdfast.telemetry import processes
from holdfast.telemetry.installation import OF_EVENTS, published_by_siblings
from holdfast.telemetry.sampling import sample

_SLICE_LINES = 100
"""Lines written before other threads, including the event loop, get their turn: about 0.5 ms."""
_NAMES_MAX = 20_000
"""The number of series whose encoded names and labels are kept."""
_PAUSES = 10
"""While requests keep coming, the pause after each exposition, as a multiple of the time it took."""
_PAUSE_SECONDS_MAX = 0.25

_names: dict[tuple[str, ...], str] = {}


def exposition(*, of_events: bool = True) -> bytes:
    """Write out the metrics. It takes some milliseconds, so do not call it on the event loop.

    Args:
        of_events: Whether the series of single events are included.
    """
    sample()
    folder = processes.folder()
    if folder is None:
        families = REGISTRY.collect()
    else:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
        families = chain(registry.collect(), published_by_siblings())
    return written(family for family in families if of_events or family.name not in OF_EVENTS)


class Account:
    """Writes one exposition for everyone who waits for it. It never began before it was asked for.

    Repeated requests get one exposition after another, with pauses in between, so that scrapes take only a small share
    of the processor however many arrive.
    """

    def __init__(self, write: Callable[[], bytes]) -> None:
        self._write = write
        self._begun: asyncio.Task[bytes] | None = None
        self._next: asyncio.Task[bytes] | None = None
        self._not_before = 0.0

    async def give(self) -> bytes:
        """Return the metrics as of a moment after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._make(self._begun))
        return await asyncio.shield(self._next)

    async def _make(self, before: "asyncio.Task[bytes] | None") -> bytes:
        if before is not None:
            await asyncio.wait([before])
        await asyncio.sleep(self._not_before - time.monotonic())
        self._begun, self._next = self._next, None
        begin = time.monotonic()
        try:
            return await asyncio.to_thread(self._write)
        finally:
            end = time.monotonic()
            self._not_before = end + min(_PAUSES * (end - begin), _PAUSE_SECONDS_MAX)


def written(families: Iterable[Metric]) -> bytes:
    """Write families like the client library's `generate_latest`, in half the time."""
    lines: list[str] = []
    pause_at = _SLICE_LINES
    for family in families:
        if family.type not in ("counter", "gauge", "histogram"):
            lines.append(generate_latest(_Only(family)).decode().removesuffix("\n"))
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        meaning = family.documentation.replace("\\", r"\\").replace("\n", r"\n")
        lines += (f"# HELP {name} {meaning}", f"# TYPE {name} {family.type}")
        for one in family.samples:
            lines.append(_name(one) + floatToGoString(one.value))  # type: ignore[no-untyped-call]
            if len(lines) >= pause_at:
                pause_at += _SLICE_LINES
                time.sleep(0)
    return "".join(f"{line}\n" for line in lines).encode()


def _name(one: Sample) -> str:
    """Return the name of a series with its labels, as written before the value."""
    key = (one.name, *one.labels.keys(), *one.labels.values())
    name = _names.get(key)
    if name is None:
        if len(_names) >= _NAMES_MAX:
            _names.clear()
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(one.labels.items()))
        name = _names[key] = f"{one.name}{{{labels}}} " if labels else f"{one.name} "
    return name


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


class _Only:
    """A registry with a single family."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return [self._family]
