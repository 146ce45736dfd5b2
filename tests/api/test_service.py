"""What is served beside the API: health, metrics, the document's page, log lines."""

import re
from datetime import datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.serving import refused
from builders import an_event


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
async def test_health_says_ok_in_strings(api, path):
    answer = await api.http.get(path)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "ok")
    assert datetime.fromisoformat(told["timestamp"]).utcoffset() is not None
    assert all(isinstance(value, str) for value in told.values())


async def _requests(api) -> dict[tuple[str, str, str], float]:
    answer = await api.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["http_request_duration_seconds"].type == "histogram"
    return {
        (sample.labels["method"], sample.labels["path"], sample.labels["status_code"]): sample.value
        for sample in families["http_requests"].samples
        if sample.name == "http_requests_total"
    }


async def test_requests_are_counted_by_template_never_by_raw_path(api):
    before = await _requests(api)
    event_id = (await api.post("/events", an_event())).json()["id"]
    await api.get(f"/events/{event_id}")
    await api.get("/events/7")
    await api.get("/secret/path")
    await api.get("/another")
    await api.call("PROPFIND", "/events")
    await api.call("MKCOL", "/events")
    after = await _requests(api)
    grown = {labels: count - before.get(labels, 0) for labels, count in after.items()}
    assert {labels: by for labels, by in grown.items() if by and labels[1] != "/metrics"} == {
        ("POST", "/api/v1/events", "201"): 1,
        ("GET", "/api/v1/events/{id}", "200"): 1,
        ("GET", "/api/v1/events/{id}", "400"): 1,
        ("GET", "unmatched", "404"): 2,
        ("other", "/api/v1/events", "405"): 2,
    }
    assert not [labels for labels in after if event_id in labels[1] or "secret" in labels[1]]


async def test_the_documents_page_works_offline(api):
    for path in ("/swagger", "/swagger/"):
        short = await api.http.get(path)
        assert (short.status_code, short.headers["location"].startswith("/")) == (307, False)
        assert str(short.request.url.join(short.headers["location"])).endswith("/swagger/index.html")
    page = await api.http.get("/swagger/index.html")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http://" not in page.text
    assert "https://" not in page.text
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(linked) == 5
    for path in linked:
        asset = await api.http.get(page.request.url.join(path))
        assert (asset.status_code, len(asset.content) > 100) == (200, True), path
    assert '"../openapi.json"' in (await api.http.get("/swagger/start.js")).text


async def test_only_the_pages_own_files_are_served(api):
    for asset in ("..%2f..%2fpyproject.toml", "index.j2", "swagger-ui.js.map", "%00"):
        refused(await api.http.get(f"/swagger/{asset}"), 404, "path_not_found")


async def test_the_front_door_says_where_to_go(api):
    told = (await api.http.get("/")).json()
    for path in (told["documentation"], told["openapi"], told["health"]):
        assert (await api.http.get(path)).status_code == 200


async def test_each_request_is_one_log_line_without_secrets(api, capsys):
    event_id, seat_ids = await api.event_on_sale()
    capsys.readouterr()
    made = await api.reserve(event_id, seat_ids[:1], user="secret-user", idempotency_key="secret-key")
    printed = "".join(capsys.readouterr())
    assert printed.count("/api/v1/reservations") == 1  # where the machine is busy the gate may say that Redis was slow
    assert "secret" not in printed
    for fact in ("/api/v1/reservations", "201", made.json()["id"], made.headers["x-request-id"], "batch"):
        assert fact in printed
    await api.get("/a%0d%0aforged=1", headers={"X-Request-ID": "mine"})
    refused_line = "".join(capsys.readouterr())
    assert refused_line.count("path_not_found") == 1
    assert "forged" not in refused_line
    assert "mine" in refused_line
