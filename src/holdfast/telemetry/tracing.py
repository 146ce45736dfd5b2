"""Traces, if OpenTelemetry's standard variables ask for them. If not, nothing is imported, and nothing slows down.

A request's span is the parent of the batch that it started, and is linked to the batch that decided it. Statements are
children of the batch.
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
        """End the span: the request was answered."""
        ...


class Tracer(Protocol):
    """Creates spans."""

    def request(self, method: str, route: str, headers: Mapping[bytes, bytes], request_id: str) -> RequestSpan:
        """Start a request's span, as a child of the caller's (`traceparent`) if there is one."""
        ...

    def here(self) -> object:
        """Return the current span, to pass to `batch`."""
        ...

    def batch(self, number: int, event_id: str, carried: Sequence[object]) -> AbstractContextManager[object]:
        """Provide a span for a batch. `carried` are the spans of its requests, as returned by `here`."""
        ...

    def call(self, name: str, system: str) -> AbstractContextManager[object]:
        """Provide a span for one call to a server."""
        ...

    def called(self, name: str, system: str, *, seconds: float, error: str | None) -> None:
        """Record a call that has just ended."""
        ...

    def close(self) -> None:
        """Send the remaining spans; takes as long as the receiver does."""
        ...


active: Tracer | None = None
"""None if tracing is off. Check it before preparing anything for a trace."""

_nothing: AbstractContextManager[object] = nullcontext()


def call(name: str, system: str) -> AbstractContextManager[object]:
    """Provide a span for one call to a server, if tracing is on."""
    return _nothing if active is None else active.call(name, system)


def start() -> None:
    """Start tracing if the environment asks for it."""
    global active  # noqa: PLW0603 - there must be just one per process
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
    """Send the remaining spans, and stop tracing."""
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
