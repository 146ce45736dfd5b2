"""What /metrics reports about one process, and about the whole installation."""

import asyncio
import math
import re
import threading
import time
import uuid

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from api.serving import api_with
from holdfast.application.booking.batching.bounds import LOCK_WAITS_AT_ONCE
from holdfast.bootstrap.api import application
from holdfast.settings import Settings
from holdfast.telemetry import processes
from holdfast.telemetry.exposition import Account, exposition, written
from holdfast.telemetry.installation import EventSeats, InstallationMetrics, Totals, published_by_siblings
from holdfast.telemetry.logging import configure_logging
from holdfast.telemetry.sampling import sample, watch_sum
from telemetry.programs import Samples


@pytest.fixture
async def api(database_url, redis_url):
    async with api_with(database_url=database_url, redis_url=redis_url, redis_call_seconds=1) as served:
        yield served


async def _samples(api) -> Samples:
    return Samples((await api.http.get("/metrics")).text)


async def _until(api, fact) -> Samples:
    async with asyncio.timeout(20):
        while not fact(samples := await _samples(api)):  # noqa: ASYNC110 - another task, seen by asking
            await asyncio.sleep(0.1)
    return samples


async def _ask(app, path: str) -> int:
    """One GET past the network, for tests that ask thousands of times."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "root_path": "",
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return sent[0]["status"]


async def test_ten_thousand_unknown_paths_are_one_series(database_url):
    def series() -> list[dict]:
        return [sample.labels for sample in Samples(exposition().decode()).all("http_requests_total")]

    configure_logging("production", "ERROR")
    async with application(Settings(database_url=database_url)) as app:
        assert await _ask(app, "/nothing") == 404
        before = series()
        for number in range(10_000):
            await _ask(app, f"/nothing/{number}")
        assert series() == before
    counted = Samples(exposition().decode()).all("http_requests_total", path="unmatched", method="GET")
    # Others of this process may have sent what cannot be read: that stands under the same path, with its own status.
    assert [sample.value >= 10_001 for sample in counted if sample.labels["status_code"] == "404"] == [True]


async def test_made_up_methods_are_one_label(api):
    for method in ("PROPFIND", "MKCOL", "PURGE"):
        assert (await api.http.request(method, "/health")).status_code == 405
    methods = {sample.labels["method"] for sample in (await _samples(api)).all("http_requests_total")}
    assert "other" in methods
    assert not methods & {"PROPFIND", "MKCOL", "PURGE"}


async def test_the_truth_about_reservations_is_exported(api):
    event_id, seats = await api.event_on_sale(seats=5, name='Quartet "in C"\nminor')
    first = (await api.reserve(event_id, seats[:2])).json()
    await api.reserve(event_id, seats[2:3])
    await api.confirm(first["id"])
    samples = await _until(api, lambda now: now.total("active_reservations", status="confirmed") == 1)
    assert samples.total("active_reservations", status="pending") == 1
    of_event = {
        sample.labels["status"]: sample.value for sample in samples.all("holdfast_event_seats", event_id=event_id)
    }
    assert of_event == {"available": 2, "reserved": 1, "confirmed": 2}
    assert samples.all("holdfast_event_seats", event_id=event_id)[0].labels["event"] == 'Quartet "in C"\nminor'
    assert samples.total("holdfast_holds_overdue") == 0


async def test_pools_and_the_build_are_told(api):
    samples = await _until(api, lambda now: now.total("holdfast_event_loop_lag_seconds_count") > 0)
    assert samples.total("holdfast_build_info") == 1
    assert samples.total("holdfast_pool_size_connections", pool="write") == 4 + LOCK_WAITS_AT_ONCE
    assert samples.all("holdfast_pool_busy_connections", pool="read")
    assert samples.total("process_resident_memory_bytes") > 0


async def test_how_attempts_end_is_counted(api):
    def counted(status: str) -> float:
        return REGISTRY.get_sample_value("reservations_total", {"status": status}) or 0.0

    before = {status: counted(status) for status in ("success", "conflict", "lock_failed", "replayed")}
    event_id, seats = await api.event_on_sale(seats=1)
    await api.reserve(event_id, seats, idempotency_key="k")
    await api.reserve(event_id, seats, idempotency_key="k")
    await api.reserve(event_id, seats, user="bob")
    after = {status: counted(status) - count for status, count in before.items()}
    assert after["success"] == 1
    assert after["replayed"] == 1
    assert after["conflict"] + after["lock_failed"] == 1


def test_an_installation_exports_nothing_unless_it_leads():
    metrics = InstallationMetrics()
    assert list(metrics.collect()) == []
    metrics.publish(Totals(1, 2, 0, 0.0, 0.0, [EventSeats("e", "n" * 500, 3, 2, 1)]))
    exported = {family.name: family.samples for family in metrics.collect()}
    assert [sample.value for sample in exported["active_reservations"]] == [1, 2]
    assert len(exported["holdfast_event_seats"][0].labels["event"]) == 60
    metrics.withdraw()
    assert list(metrics.collect()) == []


def test_a_process_that_leads_two_cells_exports_their_sum_and_what_concerns_each():
    metrics = InstallationMetrics()
    metrics.publish(Totals(1, 2, 7, 9.0, 0.0, []))
    metrics.publish(Totals(10, 20, 0, 0.0, 30.0, []), "3")
    exported = {family.name: family.samples for family in metrics.collect()}
    assert [sample.value for sample in exported["active_reservations"]] == [11, 22]
    overdue = {sample.labels["cell"]: sample.value for sample in exported["holdfast_holds_overdue"]}
    assert overdue == {"0": 7, "3": 0}
    metrics.withdraw("3")
    (active, *_) = metrics.collect()
    assert [sample.value for sample in active.samples] == [1, 2], "the other cell's leader stays"


def test_the_leaders_of_two_cells_may_be_different_processes_of_one_node(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "folder", lambda: tmp_path)
    metrics = InstallationMetrics()
    for place, cell, pending in (("1", "0", 5), ("2", "1", 6)):
        monkeypatch.setattr(processes, "place", lambda place=place: place)
        metrics.publish(Totals(pending, 0, 0, 0.0, 0.0, []), cell)
    (active, *_) = published_by_siblings()
    assert active.samples[0].value == 11
    processes.installation_file(tmp_path, "2", "1").unlink()
    (active, *_) = published_by_siblings()
    assert active.samples[0].value == 5


def test_what_cells_count_each_for_itself_is_exported_as_a_sum():
    gauge = Gauge("g", "Sums up.", registry=CollectorRegistry())
    end = watch_sum(gauge, lambda: 3)
    end_other = watch_sum(gauge, lambda: 4)
    sample()
    assert gauge._value.get() == 7
    end()
    assert gauge._value.get() == 4
    end_other()
    assert gauge._value.get() == 0


def test_totals_that_nobody_confirms_are_withdrawn(monkeypatch):
    metrics = InstallationMetrics()
    metrics.publish(Totals(1, 2, 0, 0.0, 0.0, []))
    monkeypatch.setattr("holdfast.telemetry.installation.STALE_SECONDS", -1.0)
    assert list(metrics.collect()) == []


def test_what_is_written_is_what_the_client_library_writes():
    registry = CollectorRegistry()
    odd = 'a "b"\n\\c'
    Counter("c", f"Counts {odd}.", ["z", "a"], registry=registry).labels(odd, "ä").inc(3)
    Gauge("g", "Shows.", registry=registry).set(-0.5)
    Gauge("h", "Shows.", registry=registry).set(math.inf)
    Histogram("t", "Takes.", ["path"], buckets=(0.1, 5), registry=registry).labels("/x").observe(2.5)
    Histogram("unused", "Has labels, and no values.", ["path"], registry=registry)
    Info("i", "Says.", registry=registry).info({"version": "1"})
    assert written(registry.collect()) == generate_latest(registry)
    assert written(registry.collect()) == generate_latest(registry), "also with names that are known already"


async def test_an_account_is_made_once_for_all_who_ask_and_is_never_older_than_the_question():
    made = []
    go_on = threading.Event()

    def write() -> bytes:
        made.append(len(made))
        go_on.wait(20)
        return b"%d" % made[-1]

    account = Account(write)
    first = asyncio.create_task(account.give())
    while not made:  # noqa: ASYNC110 - another thread, seen by asking
        await asyncio.sleep(0.001)
    crowd = [asyncio.create_task(account.give()) for _ in range(50)]
    await asyncio.sleep(0.01)
    crowd[0].cancel()
    go_on.set()
    assert await first == b"0"
    assert set(await asyncio.gather(*crowd[1:])) == {b"1"}
    assert await account.give() == b"2"


async def test_scrapes_in_a_row_leave_most_of_the_time_to_others():
    def write() -> bytes:
        time.sleep(0.01)
        return b""

    account = Account(write)
    begin = time.monotonic()
    for _ in range(5):
        await account.give()
    assert time.monotonic() - begin > 5 * 0.01 * 5, "each took a tenth of the time at most"


async def test_an_account_that_fails_fails_for_those_who_asked_and_nobody_else():
    answers = [OSError("gone"), b"fine"]

    def write() -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    account = Account(write)
    with pytest.raises(OSError, match="gone"):
        await account.give()
    assert await account.give() == b"fine"


@pytest.mark.slow
async def test_trying_every_method_on_every_path_makes_few_series(api):
    def durations() -> list:
        return Samples(exposition().decode()).all("http_request_duration_seconds_count")

    document = (await api.http.get("/openapi.json")).json()
    paths = [path for path in document["paths"] if not path.endswith("/changes")]
    for path in paths:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND"):
            await api.http.request(method, re.sub(r"\{\w+\}", str(uuid.uuid4()), path))
    handled = {
        (method, path) for path, on in document["paths"].items() for method in (*(m.upper() for m in on), "HEAD")
    }
    of_paths = {(one.labels["method"], one.labels["path"]) for one in durations() if one.labels["path"] in paths}
    assert of_paths <= handled
    assert {"PATCH", "TRACE", "OPTIONS", "other"} <= {
        one.labels["method"] for one in durations() if one.labels["path"] == "unmatched"
    }
