"""A small server that shows the drawn map alone, with statuses that a test changes: no database, no pages around it.

.venv/bin/python tests/pages/map/site.py        # then open http://127.0.0.1:8099/?hall=stadium
"""

import gzip
import json
import queue
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from babel.support import NullTranslations
from jinja2 import Environment, FileSystemLoader

import holdfast.web

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from hall.charts import layout_of, stored
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, STADIUM_CATEGORIES, sample_hall, stadium

HERE = Path(__file__).parent
WEB = Path(holdfast.web.__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
HEARTBEAT_SECONDS = 15


class Event:
    """An event's statuses in memory, as the API shows them."""

    def __init__(self, layout: bytes) -> None:
        self.chart_version = 0
        self.put(layout)
        self.version = 1
        self.lock = Lock()
        self.log: list[dict[int, int]] = []
        """The changes of each version from 2 on."""
        self.streams: set[queue.Queue[bytes | None]] = set()
        self.is_down = False
        self.requests: list[str] = []

    def put(self, layout: bytes) -> None:
        """Give it a chart, in which all seats are free."""
        self.layout = gzip.compress(layout, 6)
        self.seats = json.loads(layout)["seats"]
        self.codes = bytearray(self.seats)
        self.chart_version += 1

    def change(self, changes: dict[int, int]) -> None:
        """Give seats other codes, in one version, and tell all streams."""
        with self.lock:
            for place, code in changes.items():
                self.codes[place] = code
            self.version += 1
            self.log.append(changes)
            frame = self._frame("changes", {"changes": list(changes.items())})
            for stream in self.streams:
                stream.put(frame)

    def tell(self, kind: str) -> None:
        """Send `reload` or `deleted` to all streams, and end them."""
        with self.lock:
            for stream in self.streams:
                stream.put(f"event: {kind}\ndata: {{}}\n\n".encode())
                stream.put(None)

    def cut(self, *, down: bool = False) -> None:
        """End all streams; while `down`, every request is refused."""
        with self.lock:
            self.is_down = down
            for stream in self.streams:
                stream.put(None)

    def join(self, after: str) -> "queue.Queue[bytes | None]":
        """Open a stream, as the API does."""
        stream: queue.Queue[bytes | None] = queue.Queue()
        with self.lock:
            version = int(after.split("-", maxsplit=1)[0]) if after else self.version
            if version == self.version:
                stream.put(self._frame("hello", {}))
            else:
                missed: dict[int, int] = {}
                for changes in self.log[version - 1 :]:
                    missed |= changes
                stream.put(self._frame("changes", {"changes": list(missed.items())}))
            self.streams.add(stream)
        return stream

    def bits(self) -> tuple[int, bytes]:
        with self.lock:
            codes = bytes(self.codes) + bytes(-self.seats % 4)
            return self.version, bytes(
                a | b << 2 | c << 4 | d << 6
                for a, b, c, d in zip(codes[::4], codes[1::4], codes[2::4], codes[3::4], strict=True)
            )

    def _frame(self, kind: str, data: dict[str, Any]) -> bytes:
        told = {"version": self.version, "seats": self.seats} | data
        return (
            f"event: {kind}\nid: {self.version}\nid: {self.version}-{'0' * 12}\ndata: {json.dumps(told)}\n\n".encode()
        )


def events() -> dict[str, Event]:
    """Return the halls to look at."""
    sample, large = sample_hall(), stadium(100_000)
    return {
        "sample": Event(layout_of(sample, SAMPLE_CATEGORIES, stored(sample))),
        "stadium": Event(layout_of(large, STADIUM_CATEGORIES, stored(large))),
    }


def texts() -> str:
    """Return the map's texts, as the pages' template writes them."""
    environment = Environment(
        loader=FileSystemLoader(WEB / "templates"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    environment.install_gettext_translations(NullTranslations())  # type: ignore[attr-defined]
    return environment.get_template("map/texts.html").render()


class Site(ThreadingHTTPServer):
    """The server, on a free port of this machine unless another is given."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.events = events()
        self.page = (HERE / "index.html").read_text().replace("<!-- texts -->", texts()).encode()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        if url.path == "/":
            self._send(self.server.page, "text/html; charset=utf-8")
        elif parts[0] == "map" and parts[1] in self.server.events:
            self._map(self.server.events[parts[1]], parts[2], query)
        elif parts[0] == "static" and (WEB / url.path.lstrip("/")).is_file():
            file = WEB / url.path.lstrip("/")
            self._send(gzip.compress(file.read_bytes()), TYPES[file.suffix], ("content-encoding", "gzip"))
        elif (HERE / parts[0]).is_file() and len(parts) == 1 and parts[0].endswith(".js"):
            self._send((HERE / parts[0]).read_bytes(), "text/javascript")
        else:
            self._send(b"", "text/plain", status=404)

    def _map(self, event: Event, what: str, query: dict[str, str]) -> None:
        event.requests.append(what)
        chart = ("chart-version", str(event.chart_version))
        if event.is_down:
            self._send(b"", "application/problem+json", status=503)
        elif what == "layout":
            self._send(event.layout, "application/json", chart, ("content-encoding", "gzip"))
        elif what == "bits":
            version, bits = event.bits()
            self._send(bits, "application/octet-stream", chart, ("event-version", str(version)))
        else:
            self._stream(event, query.get("after", ""))

    def _stream(self, event: Event, after: str) -> None:
        stream = event.join(after)
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            for frame in _frames(stream):
                self.wfile.write(frame)
        except OSError:
            pass
        finally:
            with event.lock:
                event.streams.discard(stream)

    def _send(self, body: bytes, kind: str, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        cached = ("cache-control", "no-store")
        for name, value in (("content-type", kind), ("content-length", str(len(body))), cached, *headers):
            self.send_header(name, value)
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def _frames(stream: "queue.Queue[bytes | None]") -> Iterator[bytes]:
    while True:
        try:
            frame = stream.get(timeout=HEARTBEAT_SECONDS)
        except queue.Empty:
            frame = b": heartbeat\n\n"
        if frame is None:
            return
        yield frame


@contextmanager
def serving(port: int = 0) -> Iterator[Site]:
    """Serve until the end of the block."""
    with Site(port) as site:
        thread = Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            for event in site.events.values():
                event.cut()
            site.shutdown()
            thread.join()


def sell(event: Event, places: Iterable[int], code: int = 2) -> None:
    """Give these seats a code."""
    event.change(dict.fromkeys(places, code))


if __name__ == "__main__":
    with Site(int(sys.argv[1]) if len(sys.argv) > 1 else 8099) as running:
        sys.stdout.write(f"{running.origin}\n")
        running.serve_forever()
