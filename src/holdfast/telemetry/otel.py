"""Implements the traces of `telemetry.tracing` with OpenTelemetry's SDK. Imported only if tracing is on."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from holdfast import __version__

_SERVER_ERROR = 500

_propagator = TraceContextTextMapPropagator()


class OtelRequestSpan:
    """The span of one request. It is current in its task until it ends."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._token = otel_context.attach(trace.set_span_in_context(span))
        self.trace_id = trace.format_trace_id(span.get_span_context().trace_id)

    def end(self, *, status: int, code: str | None, reservation_id: str | None, batch: int | None) -> None:
        """End the span of an answered request."""
        span = self._span
        span.set_attribute("http.response.status_code", status)
        for name, value in (
            ("holdfast.problem_code", code),
            ("holdfast.reservation_id", reservation_id),
            ("holdfast.batch", batch),
        ):
            if value is not None:
                span.set_attribute(name, value)
        if status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR, code))
            span.set_attribute("error.type", str(status))
        otel_context.detach(self._token)
        span.end()


class OtelTracer:
    """`telemetry.tracing.Tracer`. The SDK's standard variables set the endpoint, sampler, headers and limits."""

    def __init__(self) -> None:
        about = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or "holdfast", SERVICE_VERSION: __version__}
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("holdfast", __version__)

    def request(self, method: str, route: str, headers: Mapping[bytes, bytes], request_id: str) -> OtelRequestSpan:
        """Start a request's span, as a child of the caller's if it sent a valid `traceparent`."""
        carrier = {
            name: headers[name.encode()].decode("latin-1")
            for name in ("traceparent", "tracestate")
            if name.encode() in headers
        }
        return OtelRequestSpan(
            self._tracer.start_span(
                f"{method} {route}",
                context=_propagator.extract(carrier, otel_context.Context()),
                kind=SpanKind.SERVER,
                attributes={
                    "http.request.method": method,
                    "http.route": route,
                    "url.scheme": "http",
                    "holdfast.request_id": request_id,
                },
            )
        )

    def here(self) -> Span:
        """Return the current span."""
        return trace.get_current_span()

    @contextmanager
    def batch(self, number: int, event_id: str, carried: Sequence[object]) -> Iterator[None]:
        """Provide a span for a batch: a child of the first traced request in it, linked to all of them."""
        requests = [span for span in carried if isinstance(span, Span) and span.get_span_context().is_valid]
        parent = next((span for span in requests if span.is_recording()), None)
        links = [Link(span.get_span_context()) for span in requests if span is not parent]
        context = otel_context.Context() if parent is None else trace.set_span_in_context(parent)
        with self._tracer.start_as_current_span(
            "batch",
            context=context,
            links=links,
            attributes={
                "holdfast.batch": number,
                "holdfast.event_id": event_id,
                "holdfast.commands": len(carried),
            },
        ) as span:
            for request in requests:
                request.add_link(span.get_span_context())
            yield

    @contextmanager
    def call(self, name: str, system: str) -> Iterator[None]:
        """Provide a span for one call to a server."""
        with self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=_about_call(name, system)):
            yield

    def called(self, name: str, system: str, *, seconds: float, error: str | None) -> None:
        """Record a call that has just ended, as a child of the current span. Without one, it is not recorded."""
        if not trace.get_current_span().get_span_context().is_valid:
            return
        ended = time.time_ns()
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=_about_call(name, system),
            start_time=ended - int(seconds * 1_000_000_000),
        )
        if error is not None:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", error)
        span.end(ended)

    def close(self) -> None:
        """Send the remaining spans."""
        self._provider.shutdown()


def _about_call(name: str, system: str) -> dict[str, str]:
    return {"db.system.name": system, "db.operation.name": name}
