"""Counts and times the requests for one path template."""

from collections.abc import Collection

from prometheus_client import Counter, Histogram

from holdfast.telemetry import metrics

UNMATCHED = "unmatched"
"""The path label of all requests for unknown paths. With raw paths, each would create a label of its own."""
OTHER_METHOD = "other"
"""The method label of everything but the usual HTTP methods."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def label_of(method: str) -> str:
    """Return the label of a method, which is one of a fixed set."""
    return method if method in _METHODS else OTHER_METHOD


class Meter:
    """The metrics of one path template. Each combination of labels is looked up only once.

    Durations are recorded by path for methods that have a handler. All other requests are refused at once and recorded
    together; otherwise anyone trying every method on every path would create a permanent histogram for each.
    """

    def __init__(self, path: str, handled: Collection[str]) -> None:
        """Set up without any series.

        Args:
            path: The route's template.
            handled: The methods that have a handler.
        """
        self._path = path
        self._handled = frozenset(handled)
        self._counters: dict[tuple[str, int], Counter] = {}
        self._durations: dict[str, Histogram] = {}

    def record(self, method: str, status: int, seconds: float) -> str:
        """Count one request; return the method's label."""
        method = label_of(method)
        counter = self._counters.get((method, status))
        if counter is None:
            counter = metrics.http_requests_total.labels(method, self._path, str(status))
            self._counters[method, status] = counter
        duration = self._durations.get(method)
        if duration is None:
            duration = metrics.http_request_duration_seconds.labels(
                method, self._path if method in self._handled else UNMATCHED
            )
            self._durations[method] = duration
        counter.inc()
        duration.observe(seconds)
        return method
