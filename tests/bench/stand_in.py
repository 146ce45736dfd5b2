"""A server with its own variant of the contract: smaller bulk calls, other conflicts, and wrong answers on demand."""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1_024


class OtherServer:
    """Runs in a thread; `bulk_seats_max`, `forms`, `conflict_status` and `chunked` say how it differs."""

    def __init__(self, *, bulk_seats_max=1_000, forms="AB", conflict_status=409, chunked=False, stores=True):
        self.bulk_seats_max = bulk_seats_max
        self.forms = forms
        self.conflict_status = conflict_status
        self.chunked = chunked
        self.stores = stores
        self.events: dict[str, dict[str, str | None]] = {}
        self.bulk_sizes: list[int] = []
        self.lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, body) -> tuple[int, object]:
        with self.lock:
            if method == "POST" and path.endswith("/events"):
                event_id = str(uuid.uuid4())
                self.events[event_id] = {}
                return 201, {"id": event_id}
            if path.endswith("/seats/bulk"):
                return self._bulk(self.events[path.split("/")[-3]], body)
            if path.endswith("/reservations"):
                return self._reserve(self.events[body["event_id"]], body["seat_ids"])
            if path.endswith("/available/count"):
                return 200, {"count": sum(not taken for taken in self.events[path.split("/")[-4]].values())}
            if path.endswith("/seats"):
                return 200, [self._seat(*seat) for seat in self.events[path.split("/")[-2]].items()]
            return 404, {}

    def _bulk(self, seats, body):
        form = "B" if "seats" in body else "A"
        count = len(body["seats"]) if form == "B" else body["count"]
        if form not in self.forms or count > self.bulk_seats_max:
            return 400, {"error": "too many"}
        self.bulk_sizes.append(count)
        made = {str(uuid.uuid4()): None for _ in range(count)}
        seats.update(made)
        listed = [{"id": seat_id} for seat_id in made]
        return 201, {"seats": listed} if form == "B" else listed

    def _reserve(self, seats, wanted):
        if any(seats[seat] for seat in wanted):
            return self.conflict_status, {"error": "taken"}
        if self.stores:
            seats.update(dict.fromkeys(wanted, str(uuid.uuid4())))
        return 201, {"id": "x"}

    @staticmethod
    def _seat(seat_id, reservation):
        seat = {"id": seat_id, "status": "reserved" if reservation else "available"}
        return seat | ({"reserved_by": reservation} if reservation else {})

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                self._do("GET")

            def do_POST(self):
                self._do("POST")

            def _do(self, method):
                given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body = server.answer(method, self.path, json.loads(given) if given else None)
                payload = json.dumps(body).encode()
                self.send_response(status)
                if server.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                    half = len(payload) // 2
                    pieces = [payload[:half], payload[half:], b""] if half else [payload, b""]
                    payload = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
                else:
                    self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

        return Handler
