"""Traces, where the standard variables of OpenTelemetry ask for them; else nothing is imported and nothing is spent.

A request's span is the parent of the batch that it started, and is linked to the batch that it travelled in; the
statements are below the batch.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"


class RequestSpan(Protocol):
    """The span of one HTTP request."""

    trace_id: str
    """32 hexadecimal digits."""

    def end(self, *, status: int, code: str | None, reservation_id: str | None, batch: int | None) -> None:
        """The request was answered."""
        ...


class Tracer(Protocol):
    """Makes spans."""

    def request(self, method: str, route: str, headers: Mapping[bytes, bytes], request_id: str) -> RequestSpan:
        """Begin a request's span, below the caller's (`traceparent`) if there is one."""
        ...

    def here(self) -> object:
        """What the task at hand works on, to be given to `batch`."""
        ...

    def batch(self, number: int, event_id: str, carried: Sequence[object]) -> AbstractContextManager[object]:
        """Span a batch; `carried` are the requests in it, as `here` gave them."""
        ...

    def call(self, name: str, system: str) -> AbstractContextManager[object]:
        """Span one call to a server."""
        ...

    def called(self, name: str, system: str, *, seconds: float, error: str | None) -> None:
        """Tell of a call that has just ended."""
        ...

    def close(self) -> None:
        """Send what is left; takes as long as the receiver."""
        ...


active: Tracer | None = None
"""None while there are no traces: ask before anything is prepared for them."""

_nothing: AbstractContextManager[object] = nullcontext()


def call(name: str, system: str) -> AbstractContextManager[object]:
    """Span one call to a server, where there are traces."""
    return _nothing if active is None else active.call(name, system)


def start() -> None:
    """Begin to trace if the environment asks for it."""
    global active  # noqa: PLW0603 - one per process is the point
    if not _wanted():
        return
    protocol = next(filter(None, map(os.environ.get, _PROTOCOLS)), _PROTOCOL)
    if protocol != _PROTOCOL:
        log.warning("no_traces", reason=f"{_PROTOCOLS[1]}: only {_PROTOCOL} is spoken, not {protocol}")
        return
    try:
        from holdfast.telemetry.otel import OtelTracer  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError:
        log.warning("no_traces", reason="OpenTelemetry is not installed: pip install 'holdfast[otel]'")
        return
    active = OtelTracer()


def stop() -> None:
    """Send what is left and trace no more."""
    global active
    if active is not None:
        closing, active = active, None
        closing.close()


def _wanted() -> bool:
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip() != "otlp":
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS)
