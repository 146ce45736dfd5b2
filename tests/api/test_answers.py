"""What holds for every answer, whatever the path."""

import re

import httpx

from api.serving import Api, problem_of, refused, serving
from builders import a_wish, an_event
from holdfast.api.app import build_app
from holdfast.api.identity.admission import Admission
from holdfast.api.identity.proving import OpenProver
from holdfast.api.operations import OPERATIONS
from holdfast.settings import Settings


async def test_a_request_id_is_taken_and_answered(api):
    for given in ("a", "trace-7/AB.c:d_e~f+g=h@i", "x" * 128):
        for path in ("/events", "/nowhere", "/events/7"):
            assert (await api.get(path, headers={"X-Request-ID": given})).headers["x-request-id"] == given
    assert problem_of(await api.get("/nowhere", headers={"X-Request-ID": given}))["request_id"] == given


async def test_otherwise_one_is_made(api):
    made = [(await api.get("/events")).headers["x-request-id"]]
    for given in ("", "a b", "x" * 129, "a\tb", '"quoted"', "<b>", "ü".encode()):
        answer = await api.get("/events", headers={"X-Request-ID": given})
        made.append(answer.headers["x-request-id"])
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[0-9a-f-]{10,40}", request_id) for request_id in made)


async def test_an_unknown_path_is_a_problem(api):
    for path in ("", "/", "/events/", "/Events", "/seats", "/reservations/a/b/c", "/%00", "/%F0%9F", "/a'b"):
        refused(await api.get(path), 404, "path_not_found")
    refused(await api.post("/nowhere", {"a": 1}), 404, "path_not_found")


async def test_a_wrong_method_is_a_problem_and_says_which_are_right(api):
    wrong = await api.call("PATCH", "/events")
    assert refused(wrong, 405, "method_not_allowed")["allowed"] == ["GET", "POST", "HEAD", "OPTIONS"]
    assert wrong.headers["allow"] == "GET, POST, HEAD, OPTIONS"
    assert (await api.call("DELETE", "/reservations", user="ann")).status_code == 405
    assert (await api.call("PROPFIND", "/events")).status_code == 405


async def test_head_answers_as_get_without_a_body(api):
    await api.post("/events", an_event())
    shown, told = await api.get("/events"), await api.call("HEAD", "/events")
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["content-length"] == shown.headers["content-length"]
    assert (await api.call("HEAD", "/reservations")).status_code == 401
    assert (await api.call("HEAD", "/reservations/7/confirm")).status_code == 405


async def test_options_tells_the_methods(api):
    told = await api.call("OPTIONS", "/reservations")
    assert (told.status_code, told.headers["allow"]) == (204, "POST, GET, HEAD, OPTIONS")


async def test_a_missing_user_is_401(api):
    event_id, seat_ids = await api.event_on_sale()
    wish = a_wish(event_id=event_id, seat_ids=seat_ids)
    refused(await api.post("/reservations", wish), 401, "missing_user_id")
    refused(await api.post("/reservations", wish, headers={"X-User-ID": ""}), 401, "missing_user_id")


async def test_a_malformed_user_is_400(api):
    for given in ("x" * 256, "jürgen".encode(), b"a\tb"):
        answer = await api.get("/reservations", headers={b"X-User-ID": given})
        assert refused(answer, 400, "invalid_request")["field"] == "X-User-ID"


async def test_a_body_that_is_too_large_is_413_however_it_comes(api_where):
    async def in_chunks():
        for _ in range(40):
            yield b" " * 100

    async with api_where(body_bytes_max=2048) as api:
        for path in ("/events", f"/events/{'0' * 32}/seats/bulk", "/reservations"):
            declared = await api.post(path, user="ann", content=b" " * 2049)
            assert refused(declared, 413, "body_too_large")["bytes_max"] == 2048
            chunked = await api.post(path, user="ann", content=in_chunks())
            assert refused(chunked, 413, "body_too_large")["bytes_max"] == 2048
        refused(await api.post("/reservations", content=b" " * 2049), 401, "missing_user_id")
        assert (await api.post("/events", an_event())).status_code == 201


async def test_only_bulk_calls_may_be_large(api):
    half_a_megabyte = b" " * 512 * 1024
    refused(await api.post("/events", content=half_a_megabyte), 413, "body_too_large")
    answer = await api.post(f"/events/{'0' * 32}/seats/bulk", content=half_a_megabyte)
    refused(answer, 400, "invalid_request")


async def test_a_body_may_come_in_chunks(api):
    async def in_chunks():
        for piece in (b'{"name":"a","start_at":"2031-01-01T00:00:00Z",', b'"end_at":"2031-01-01T00:00:00Z",'):
            yield piece
        yield b'"total_seats":1}'

    assert (await api.post("/events", content=in_chunks())).status_code == 201


async def test_without_the_database_writes_and_reads_are_503_and_nothing_happened(api_where):
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    async with api_where(database_url=nowhere, batch_seconds_max=0.5) as api:
        for answer in (
            await api.get("/events"),
            await api.post("/events", an_event()),
            await api.reserve("0" * 32, ["1" * 32]),
            await api.confirm("0" * 32),
        ):
            problem = refused(answer, 503, "unavailable")
            assert problem["outcome"] == "none"
            assert int(answer.headers["retry-after"]) >= 1
        assert (await api.http.get("/health")).status_code == 200


async def test_a_bug_is_a_500_problem_and_tells_nothing_of_itself():
    # No capability: every use of one is a bug.
    app = build_app(
        dict.fromkeys(operation.needs for operation in OPERATIONS), Settings(), Admission(OpenProver(), None)
    )
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        answer = await Api(http).get("/events", headers={"Origin": "https://shop.example"})
        problem = refused(answer, 500, "internal_error")
        assert "NoneType" not in answer.text
        assert problem["request_id"]
        assert answer.headers["access-control-allow-origin"] == "*"
