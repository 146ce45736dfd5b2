"""Traces, as an OTLP receiver gets them; and none at all unless they are configured."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from builders import a_wish, an_event, numbered_seats
from telemetry.programs import eventually, running

pytestmark = pytest.mark.runs
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"
CANARY = "canary-91c2"


@dataclass
class Received:
    """What a receiver has got."""

    url: str = ""
    exports: list[ExportTraceServiceRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def spans(self, name: str | None = None) -> list:
        return [
            span
            for export in self.exports
            for resource in export.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if name is None or span.name == name
        ]

    def resource(self) -> dict[str, str]:
        attributes = self.exports[0].resource_spans[0].resource.attributes
        return {attribute.key: attribute.value.string_value for attribute in attributes}


def _attributes(span) -> dict:
    return {
        attribute.key: getattr(attribute.value, attribute.value.WhichOneof("value")) for attribute in span.attributes
    }


@pytest.fixture
def receiver() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            received.bodies.append(body)
            received.exports.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_port}"
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def node(database_url, redis_url, receiver, tmp_path):
    with running(
        "serve",
        tmp_path,
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        OTEL_SERVICE_NAME="box-office",
        OTEL_BSP_SCHEDULE_DELAY="100",
        NO_PROXY="127.0.0.1",
    ) as started:
        yield started


@pytest.fixture
def http(node) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{node.url}/api/v1", timeout=20, headers={"X-User-ID": "ann"}) as client:
        yield client


def _on_sale(http: httpx.Client, count: int) -> tuple[str, list[str]]:
    event_id = http.post("/events", json=an_event()).json()["id"]
    seats = http.post(f"/events/{event_id}/seats/bulk", json=numbered_seats(count=count)).json()
    return event_id, [seat["id"] for seat in seats]


def test_a_reservation_is_a_request_a_batch_and_its_statements(node, http, receiver):
    event_id, seats = _on_sale(http, 1)
    made = http.post(
        "/reservations",
        json=a_wish(event_id=event_id, seat_ids=seats, idempotency_key=CANARY),
        headers={"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01", "X-Request-ID": "mine-5"},
    )
    assert made.status_code == 201
    eventually(lambda: receiver.spans("POST /api/v1/reservations") and receiver.spans("COMMIT"))
    (request,) = receiver.spans("POST /api/v1/reservations")
    assert request.trace_id.hex() == TRACE_ID
    assert request.parent_span_id.hex() == PARENT_ID
    about = _attributes(request)
    assert about["http.response.status_code"] == 201
    assert about["http.route"] == "/api/v1/reservations"
    assert about["holdfast.request_id"] == "mine-5"
    assert about["holdfast.reservation_id"] == made.json()["id"]

    (batch,) = [span for span in receiver.spans("batch") if span.trace_id == request.trace_id]
    assert batch.parent_span_id == request.span_id
    assert [link.span_id for link in request.links] == [batch.span_id]
    assert _attributes(batch)["holdfast.batch"] == about["holdfast.batch"]
    statements = {span.name: span for span in receiver.spans() if span.parent_span_id == batch.span_id}
    assert {"lock_event", "load_batch", "COMMIT"} <= set(statements)
    assert any(name.startswith("store_") for name in statements)
    assert _attributes(statements["load_batch"])["db.system.name"] == "postgresql"
    assert "acquire" in {span.name for span in receiver.spans() if span.parent_span_id == request.span_id}

    assert receiver.resource()["service.name"] == "box-office"
    assert not any(CANARY.encode() in body for body in receiver.bodies)
    assert node.stop() == 0
    assert f'"trace_id":"{TRACE_ID}"' in node.log()


def test_every_request_is_linked_to_the_batch_that_carried_it(http, receiver):
    event_id, seats = _on_sale(http, 40)

    def reserve(seat: str) -> httpx.Response:
        return http.post("/reservations", json=a_wish(event_id=event_id, seat_ids=[seat]))

    with ThreadPoolExecutor(20) as buyers:
        assert {answer.status_code for answer in buyers.map(reserve, seats)} == {201}

    name = "POST /api/v1/reservations"
    eventually(lambda: len(receiver.spans(name)) == 40)
    batches = {span.span_id: span for span in receiver.spans("batch")}
    carried = 0
    for request in receiver.spans(name):
        (link,) = request.links
        batch = batches[link.span_id]
        carriers = {batch.parent_span_id, *(back.span_id for back in batch.links)}
        assert request.span_id in carriers
        assert _attributes(request)["holdfast.batch"] == _attributes(batch)["holdfast.batch"]
        carried += 1
    assert carried == 40
    assert any(_attributes(batch)["holdfast.commands"] > 1 for batch in batches.values())


def test_errors_are_marked_and_probes_are_left_out(node, http, receiver):
    assert http.get("/health").status_code == 200
    assert httpx.get(f"{node.url}/metrics").status_code == 200
    assert http.get(f"/nothing/{CANARY}").status_code == 404
    eventually(lambda: receiver.spans("GET unmatched"))
    assert _attributes(receiver.spans("GET unmatched")[0])["http.response.status_code"] == 404
    assert not [span for span in receiver.spans() if "health" in span.name or "metrics" in span.name]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_nothing_is_imported_unless_traces_are_wanted(environment):
    # The client of Redis imports the SDK for itself where it is installed; the exporter is nobody's but ours.
    program = (
        "import sys; from holdfast.bootstrap import api; from holdfast.telemetry import tracing; tracing.start();"
        "assert tracing.active is None; assert 'holdfast.telemetry.otel' not in sys.modules;"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.exporter')]"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ("only http/protobuf is spoken" in done.stdout + done.stderr) == ("grpc" in environment.values())


def test_a_receiver_that_is_away_costs_nothing_but_the_traces(database_url, tmp_path):
    with running(
        "serve",
        tmp_path,
        DATABASE_URL=database_url,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_BSP_SCHEDULE_DELAY="100",
    ) as node:
        assert httpx.get(f"{node.url}/api/v1/events").status_code == 200
        assert node.stop() == 0
