"""What holds for every path and every response, tested over the whole route table instead of examples."""

import re
from pathlib import Path

import pytest

import holdfast.api
import holdfast.http.endpoints
from api.serving import refused
from builders import an_event
from holdfast.api.operations import OPERATIONS
from holdfast.http.endpoints.cors import CorsPolicy
from holdfast.http.endpoints.headers import ANSWER_HEADERS, READ_HEADERS
from holdfast.telemetry import metrics

SHOP = "https://shop.example"
PATHS = sorted({operation.path for operation in OPERATIONS})
SECURITY = ("x-content-type-options", "referrer-policy", "content-security-policy")
SAFELISTED = {
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
}
"""What a page may read of any answer (the Fetch standard)."""
NOT_FOR_PAGES = {
    "date", "connection", "transfer-encoding", "content-encoding", "vary", "x-accel-buffering", "server", *SECURITY,
    "accept-ranges", "content-disposition",
}  # fmt: skip
"""How a message is carried and kept, and what browsers themselves obey."""


def concrete(path: str) -> str:
    return path.replace("{asset}", "index.html").replace("{event_id}", "7").replace("{id}", "7")


def shown_by(answer) -> set[str]:
    return {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}


def all_of(answer) -> set[str]:
    return {name for name in answer.headers if not name.startswith("access-control-")}


def assert_guarded(answer) -> None:
    for name in SECURITY:
        assert len(answer.headers.get_list(name)) == 1, (answer.request.method, answer.request.url, answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_every_path_answers_options_head_and_other_methods(api):
    for path in PATHS:
        options = await api.http.options(concrete(path))
        assert (options.status_code, options.content) == (204, b""), path
        methods = options.headers["allow"].split(", ")
        assert "OPTIONS" in methods
        for odd in ("PATCH", "PROPFIND"):
            problem = refused(await api.http.request(odd, concrete(path)), 405, "method_not_allowed")
            answer = await api.http.request(odd, concrete(path))
            assert answer.headers["allow"].split(", ") == methods == problem["allowed"]
        if path.endswith("/changes") or "GET" not in methods:
            continue
        got, head = await api.http.get(concrete(path)), await api.http.head(concrete(path))
        assert (head.status_code, head.content) == (got.status_code, b""), path
        different = {"date", "x-request-id", "content-length"}
        assert {k: v for k, v in head.headers.items() if k not in different} == {
            k: v for k, v in got.headers.items() if k not in different
        }, path


async def test_every_answer_is_guarded_and_no_error_is_kept(api):
    event_id, seats = await api.event_on_sale(seats=40)
    tagged = await api.get(f"/events/{event_id}/seats")
    answers = [
        tagged,
        await api.get(f"/events/{event_id}/seats", headers={"If-None-Match": tagged.headers["etag"]}),
        await api.reserve(event_id, seats[:1]),
        await api.delete(f"/events/{event_id}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 304, 201, 204]
    for path in PATHS:
        methods = ("OPTIONS", "PATCH") if path.endswith("/changes") else ("OPTIONS", "PATCH", "GET", "HEAD")
        answers += [await api.http.request(method, concrete(path)) for method in methods]
    answers += [
        await api.http.get(f"/swagger/{asset}") for asset in ("swagger-ui.css", "start.js", "favicon-32x32.png")
    ]
    answers += [await api.http.get("/nowhere"), await api.post("/reservations", {}), await api.post("/events", {})]
    for answer in answers:
        assert_guarded(answer)
        if answer.status_code >= 400:
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers


async def test_only_the_page_may_run_anything(api):
    page = await api.http.get("/swagger/index.html")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"].partition("script-src")[2].partition(";")[0]
    assert not re.search(r"<script>|\son\w+=|style=", page.text)
    document = await api.http.get("/openapi.json")
    assert document.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_page_may_read_every_header_that_is_meant_for_the_caller(api):
    event_id, seats = await api.event_on_sale(seats=3)
    origin = {"Origin": SHOP}
    wish = {"event_id": event_id, "seat_ids": seats[:1], "idempotency_key": "k"}
    answers = [await api.post("/reservations", wish, user="ann", headers=origin) for _ in range(2)]
    assert answers[1].headers["idempotent-replayed"] == "true"
    parts = ("", "/seats", "/seats/available/count", "/seat-map", "/availability")
    answers += [await api.get(f"/events/{event_id}{part}", headers=origin) for part in parts]
    answers += [
        await api.http.request("GET", concrete(path), headers=origin) for path in PATHS if "changes" not in path
    ]
    answers.append(await api.call("PATCH", "/events", headers=origin))
    met = set()
    for answer in answers:
        readable = shown_by(answer) | SAFELISTED
        hidden = all_of(answer) - readable - NOT_FOR_PAGES
        assert not hidden, (answer.request.url, hidden)
        met |= all_of(answer)
    never_met = {name.lower() for name in ANSWER_HEADERS} - met
    assert never_met <= {"retry-after", "www-authenticate", "missing-cells"}, (
        "a header that nothing answers is to be taken out of the list"
    )


def test_every_header_written_in_the_code_is_declared():
    """A new response header that is not exposed through CORS would be hidden from pages. This finds it in the code."""
    declared = {name.lower() for name in ANSWER_HEADERS} | SAFELISTED | NOT_FOR_PAGES
    rooms = (holdfast.api, holdfast.http.endpoints)
    for module in (path for room in rooms for path in Path(room.__file__).parent.rglob("*.py")):
        for name in re.findall(r'(?<!\w)\(\s*b"([a-z][a-z-]+)",\s', module.read_text()):
            assert name in declared or name.startswith("access-control-"), (module.name, name)


async def test_a_page_may_send_every_header_that_is_read(api):
    asked = ", ".join(header.name.lower() for header in READ_HEADERS if header.by_pages)
    preflight = {"Origin": SHOP, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": asked}
    told = await api.call("OPTIONS", "/events", headers=preflight)
    allowed = {name.strip().lower() for name in told.headers["access-control-allow-headers"].split(",")}
    assert {name.strip() for name in asked.split(",")} | {"content-type"} == allowed
    assert {"if-none-match", "traceparent", "last-event-id", "x-user-id"} <= allowed


def test_no_handler_reads_a_header_that_is_not_declared():
    """It would always be missing: a call keeps only those that are declared."""
    read = {header.name.lower() for header in READ_HEADERS}
    pattern = re.compile(r'headers(?:\.get\(|\[)b"([a-z-]+)"|b"([a-z-]+)" in (?:call\.|self\.)?headers')
    found = set()
    rooms = (holdfast.api, holdfast.http.endpoints)
    for module in (path for room in rooms for path in Path(room.__file__).parent.rglob("*.py")):
        found |= {first or second for first, second in pattern.findall(module.read_text())}
    assert "x-user-id" in found
    assert found <= read


async def test_a_copy_made_without_an_origin_is_not_handed_to_a_page(api):
    """Charts are cached for a year by whatever stands between; without an Origin they say nothing about pages."""
    event_id, _ = await api.event_on_sale(seats=3)
    chart = await api.get(f"/events/{event_id}/seat-map?chart_version=3")
    assert "public" in chart.headers["cache-control"]
    assert "origin" in chart.headers["vary"].lower().split(", ")


@pytest.mark.parametrize(
    "given",
    [b"a\r\nSet-Cookie: b", b"a\nSet-Cookie: b", b"a%0d%0aSet-Cookie: b", b"a" * 129, "東".encode(), b'"a"', b""],
)
async def test_a_request_id_cannot_split_the_answer(api, given):
    answer = await api.http.get(
        "/health", headers=[(b"X-Request-ID", given.replace(b"\r\n", b" ").replace(b"\n", b" "))]
    )
    assert answer.status_code in {200, 400}
    assert "set-cookie" not in answer.headers
    assert re.fullmatch(r"[A-Za-z0-9._:/+=@~-]{1,128}", answer.headers["x-request-id"])
    assert answer.headers["x-request-id"].encode() != given


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_the_method_is_the_one_in_the_request_line(api, name):
    event_id = (await api.post("/events", an_event())).json()["id"]
    assert (await api.post(f"/events/{event_id}", headers={name: "DELETE"})).status_code == 405
    assert (await api.get(f"/events/{event_id}", headers={name: "DELETE"})).status_code == 200
    assert (await api.get(f"/events/{event_id}?_method=DELETE")).status_code == 200
    assert (await api.get(f"/events/{event_id}")).status_code == 200


def test_a_header_declared_later_is_allowed_and_exposed_without_a_second_list(monkeypatch):
    """A header such as If-Match must only have to be added to one list."""
    import importlib

    from holdfast.http.endpoints import cors, headers

    monkeypatch.setattr(headers, "READ_HEADERS", (*READ_HEADERS, headers.ReadHeader("If-Match")))
    monkeypatch.setattr(headers, "ANSWER_HEADERS", {**ANSWER_HEADERS, "Missing-Cells": {}})
    try:
        module = importlib.reload(cors)
        assert b"If-Match" in module._ALLOWED_HEADERS[1].split(b", ")
        assert b"Missing-Cells" in module._EXPOSED[1].split(b", ")
    finally:
        monkeypatch.undo()
        importlib.reload(cors)
    assert CorsPolicy is not cors.CorsPolicy


async def test_a_stream_that_is_only_asked_about_is_not_kept(api):
    """Nobody would ever remove it: 900 HEAD requests once left 900 listeners until the node exited."""
    event_id, _ = await api.event_on_sale(seats=1)
    for _ in range(3):
        answer = await api.call("HEAD", f"/events/{event_id}/changes")
        assert (answer.status_code, answer.content) == (200, b"")
    assert metrics.live_listeners._value.get() == 0


@pytest.mark.parametrize("path", ["/livez%0a", "/metrics%0A", "/swagger/index.html%0a", "/api/v1/events%0a"])
async def test_a_line_feed_is_a_part_of_a_path(api, path):
    answer = await api.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")
