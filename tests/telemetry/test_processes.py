"""Several processes, one set of metrics."""

import json
import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from builders import a_wish, an_event, numbered_seats
from holdfast.application.booking.batching.bounds import LOCK_WAITS_AT_ONCE
from holdfast.http.turns import CONNECTIONS_BEFORE_NEXT
from telemetry.programs import eventually, get, running

BASE = "/api/v1"
pytestmark = pytest.mark.runs


@pytest.fixture
def programs(database_url, redis_url, tmp_path):
    with ExitStack() as stack:

        def start(command: str, **settings: str):
            urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
            return stack.enter_context(running(command, tmp_path, **urls | settings))

        yield start


def _health_requests(url: str, count: int) -> None:
    """Ask half of them of the first process, and the others while it has as many connections as it takes alone."""
    with ExitStack() as stack:
        for number in range(count):
            if number == count // 2:
                address = urlsplit(url)
                for _ in range(CONNECTIONS_BEFORE_NEXT):
                    stack.enter_context(socket.create_connection((address.hostname, address.port)))
            assert json.loads(get(f"{url}/health"))["status"] == "ok"


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _health_counted(program) -> float:
    return program.metrics().total("http_requests_total", path="/health")


def test_any_of_several_processes_gives_the_sum_also_after_one_has_died(programs):
    node = programs("serve", WORKERS="2")
    eventually(lambda: node.metrics().total("holdfast_processes") == 2)
    _health_requests(node.url, 200)
    eventually(lambda: _health_counted(node) == 200)  # a request is counted when it has been answered
    assert {_health_counted(node) for _ in range(10)} == {200}
    assert node.metrics().total("holdfast_pool_size_connections", pool="write") == 2 * (4 + LOCK_WAITS_AT_ONCE)
    eventually(lambda: node.metrics().total("process_cpu_seconds_total") > 0)  # each looks once a second

    first, second = _children_of(node.process.pid)
    os.kill(first, signal.SIGSTOP)  # nobody takes its place while the gauges are looked at
    os.kill(second, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    os.kill(second, signal.SIGCONT)
    eventually(lambda: sorted(_children_of(node.process.pid)) != sorted([first, second]))
    eventually(lambda: node.metrics().total("holdfast_processes") == 2)

    assert _health_counted(node) == 200, "what a dead process counted is kept"
    assert node.metrics().total("holdfast_pool_size_connections", pool="write") == 2 * (4 + LOCK_WAITS_AT_ONCE)
    assert node.metrics().total("holdfast_build_info") == 1
    _health_requests(node.url, 50)
    eventually(lambda: _health_counted(node) == 250)
    assert node.stop() == 0
    assert "process_ended" in node.log()


def test_the_processes_end_with_their_parent(programs):
    node = programs("serve", WORKERS="2")
    children = _children_of(node.process.pid)
    assert len(children) == 2
    node.kill()
    eventually(lambda: not any(Path(f"/proc/{child}/fd/0").exists() for child in children))


def test_a_parent_gives_up_when_no_process_can_start(programs, tmp_path):
    (tmp_path / "uvloop.py").write_text("raise ImportError('not on this machine')")
    with pytest.raises(ChildProcessError, match="processes_cannot_start"):
        programs("serve", WORKERS="2", PYTHONPATH=str(tmp_path))


def test_active_reservations_summed_over_all_targets_is_the_truth(programs):
    """Even if the process that exports it is killed, as long as another one is left."""
    targets = [
        programs("serve"),
        programs("serve", WORKERS="2"),
        programs("work"),
    ]
    with httpx.Client(base_url=targets[1].url + BASE, timeout=20) as api:
        event_id = api.post("/events", json=an_event()).json()["id"]
        seats = [seat["id"] for seat in api.post(f"/events/{event_id}/seats/bulk", json=numbered_seats(count=9)).json()]
        for place, seat in enumerate(seats):
            made = api.post(
                "/reservations", json=a_wish(event_id=event_id, seat_ids=[seat]), headers={"X-User-ID": "ann"}
            )
            if place < 4:
                made = api.post(f"/reservations/{made.json()['id']}/confirm", headers={"X-User-ID": "ann"})
            assert made.is_success

    def exported(living) -> list[tuple[float, float]]:
        accounts = [target.metrics() for target in living]
        return [
            (
                account.total("active_reservations", status="pending"),
                account.total("active_reservations", status="confirmed"),
            )
            for account in accounts
            if account.all("active_reservations")
        ]

    living = targets
    eventually(lambda: exported(living) == [(5.0, 4.0)])
    leader = next(target for target in living if target.metrics().all("active_reservations"))
    leader.kill()
    living = [target for target in targets if target is not leader]
    eventually(lambda: exported(living) == [(5.0, 4.0)])


def test_the_worker_serves_its_metrics_and_nothing_else(programs):
    worker = programs("work")
    assert worker.metrics().total("holdfast_pool_size_connections") == 2
    assert get(f"{worker.url}/livez") == "ok\n"
    eventually(lambda: worker.metrics().total("holdfast_audits_total", result="sound") >= 1)
    assert worker.metrics().all("holdfast_invariant_violations", invariant="one_buyer_per_seat")
    for path, method, status in (("/", "GET", 404), ("/metrics", "POST", 405)):
        assert httpx.request(method, worker.url + path, timeout=5).status_code == status


def test_a_worker_whose_metrics_port_is_taken_works_on(programs):
    first = programs("work")
    port = first.url.rsplit(":", 1)[1]
    second = programs("work", WORKER_METRICS_PORT=port)
    eventually(lambda: "worker_started" in second.log())
    assert f"cannot listen on 127.0.0.1 port {port}" in second.log()
    assert second.stop() == 0
