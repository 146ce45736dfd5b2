"""What /metrics says of one process, and of the whole installation."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from api.serving import api_with
from holdfast.telemetry.installation import EventSeats, InstallationMetrics, Totals
from telemetry.programs import Samples


@pytest.fixture
async def api(database_url, redis_url):
    async with api_with(database_url=database_url, redis_url=redis_url, redis_call_seconds=1) as served:
        yield served


async def _samples(api) -> Samples:
    return Samples((await api.http.get("/metrics")).text)


async def _until(api, fact) -> Samples:
    async with asyncio.timeout(20):
        while not fact(samples := await _samples(api)):
            await asyncio.sleep(0.1)
    return samples


async def test_ten_thousand_unknown_paths_are_one_series(api):
    def series() -> set:
        return {tuple(sorted(sample.labels.items())) for sample in Samples(api_text).all("http_requests_total")}

    await api.http.get("/nothing/first")
    api_text = (await api.http.get("/metrics")).text
    api_text = (await api.http.get("/metrics")).text
    before = series()
    for start in range(0, 10_000, 250):
        answers = await asyncio.gather(
            *(api.http.get(f"/nothing/{number}?{number}") for number in range(start, start + 250))
        )
        assert {answer.status_code for answer in answers} == {404}
    api_text = (await api.http.get("/metrics")).text
    assert series() == before
    unmatched = Samples(api_text).all("http_requests_total", path="unmatched")
    assert len([sample for sample in unmatched if sample.labels["status_code"] == "404"]) == 1
    assert Samples(api_text).total("http_requests_total", path="unmatched", method="GET") >= 10_001


async def test_made_up_methods_are_one_label(api):
    for number in range(5):
        await api.http.request(f"BREW{number}", "/health")
    methods = {sample.labels["method"] for sample in (await _samples(api)).all("http_requests_total")}
    assert "other" in methods
    assert not any(method.startswith("BREW") for method in methods)


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
    samples = await _until(api, lambda now: now.all("holdfast_build_info"))
    assert samples.total("holdfast_build_info") == 1
    assert samples.total("holdfast_pool_size_connections", pool="write") == 4
    assert samples.all("holdfast_pool_busy_connections", pool="read")
    assert samples.total("holdfast_event_loop_lag_seconds_count") > 0
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
    metrics.publish(Totals(1, 2, 0, 0.0, [EventSeats("e", "n" * 500, 3, 2, 1)]))
    exported = {family.name: family.samples for family in metrics.collect()}
    assert [sample.value for sample in exported["active_reservations"]] == [1, 2]
    assert len(exported["holdfast_event_seats"][0].labels["event"]) == 60
    metrics.withdraw()
    assert list(metrics.collect()) == []


def test_totals_that_nobody_confirms_are_withdrawn(monkeypatch):
    metrics = InstallationMetrics()
    metrics.publish(Totals(1, 2, 0, 0.0, []))
    monkeypatch.setattr("holdfast.telemetry.installation.STALE_SECONDS", -1.0)
    assert list(metrics.collect()) == []
