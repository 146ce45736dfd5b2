"""All metrics of this process, or of all processes of this node, in Prometheus' text format."""

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from holdfast.telemetry import processes
from holdfast.telemetry.installation import published_by_sibling
from holdfast.telemetry.sampling import sample


def exposition() -> bytes:
    """Write the metrics out. Takes some milliseconds: call it off the event loop."""
    sample()
    folder = processes.folder()
    if folder is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry) + published_by_sibling()
