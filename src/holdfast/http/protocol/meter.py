"""Counts and times the requests of one path template."""

from collections.abc import Collection

from prometheus_client import Counter, Histogram

from holdfast.telemetry import metrics

UNMATCHED = "unmatched"
"""The path label of every request for a path that does not exist; raw paths would make a label each."""
OTHER_METHOD = "other"
"""The method label of everything that is not an HTTP method of common use."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def label_of(method: str) -> str:
    """Give the method as it is labelled: one of a fixed set."""
    return method if method in _METHODS else OTHER_METHOD


class Meter:
    """The metrics of one path template; each combination of labels is looked up once.

    Durations are told by path for the methods that somebody handles. All other requests are refused at once, and told
    together: else who tries every method on every path makes a histogram of each, for ever.
    """

    def __init__(self, path: str, handled: Collection[str]) -> None:
        """Begin without series.

        Args:
            path: The route's template.
            handled: The methods that have a handler.
        """
        self._path = path
        self._handled = frozenset(handled)
        self._counters: dict[tuple[str, int], Counter] = {}
        self._durations: dict[str, Histogram] = {}

    def record(self, method: str, status: int, seconds: float) -> str:
        """Count one request; gives the method as it is labelled."""
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
