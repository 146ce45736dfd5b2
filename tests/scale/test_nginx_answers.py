"""nginx's own errors are problem documents, like those of the nodes; responses of nodes are passed on unchanged."""

import asyncio
from base64 import b64encode
from hashlib import sha256

import pytest

from holdfast.bench.clients.raw import open_raw
from scale.http_caller import Caller
from scale.problems_of_nginx import problem_in

# nginx is restarted on its port: in another process a test of this file could take the port meanwhile, and answer.
pytestmark = pytest.mark.xdist_group("nginx")

EVENTS = "/api/v1/events"
SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_request"),
        (b"NOT HTTP\r\n\r\n", 400, "bad_request"),
        (b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"),
        (b"GET /.problem HTTP/1.1\r\nHost: a\r\n\r\n", 404, "path_not_found"),
    ],
)
async def test_what_no_node_should_see_is_refused_as_a_problem(front, request_bytes, status, code):
    async with front() as running, Caller(running.port) as caller:
        problem_in(await caller.exchange(request_bytes), status, code)
        assert running.seen == []


async def test_a_lost_node_is_told_with_the_outcome(front):
    async with front() as running, Caller(running.port) as caller:
        running.nodes[0].breaks = True
        read = await caller.call("GET", f"{EVENTS}?limit=1", X_Request_ID="mine-1")
        problem = problem_in(read, 502, "bad_gateway")
        assert (problem["outcome"], problem["instance"]) == ("none", EVENTS)
        assert (problem["request_id"], read.headers["retry-after"]) == ("mine-1", "1")
        for method in ("POST", "PUT", "DELETE"):
            problem = problem_in(await caller.call(method, EVENTS, {}), 502, "bad_gateway")
            assert problem["outcome"] == "unknown"


async def test_a_reader_gets_a_page_and_a_program_never(front):
    async with front() as running, Caller(running.port) as caller:
        running.nodes[0].breaks = True
        page = await caller.call("GET", "/events/1", Accept="text/html,*/*;q=0.8")
        assert (page.status, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
        assert (page.headers["retry-after"], page.headers["cache-control"]) == ("1", "no-store")
        assert b"Nothing is lost" in page.body
        assert "再読み込み".encode() in page.body
        style = page.body.partition(b"<style>")[2].partition(b"</style>")[0]
        digest = b64encode(sha256(style).digest()).decode()
        assert f"style-src 'sha256-{digest}';" in page.headers["content-security-policy"]
        for path, accept in ((EVENTS, "text/html"), ("/events", "*/*"), ("/metrics", "text/html")):
            problem_in(await caller.call("GET", path, Accept=accept), 502, "bad_gateway")


async def test_a_path_cannot_break_out_of_the_problem(front):
    async with front() as running, Caller(running.port) as caller:
        running.nodes[0].breaks = True
        answer = await caller.exchange(b'GET /"},{"x":" HTTP/1.1\r\nHost: a\r\nX-Request-ID: "evil"\r\n\r\n')
        problem = problem_in(answer, 502, "bad_gateway")
        assert (problem["instance"], "evil" in problem["request_id"]) == ("/", False)


async def test_a_write_is_never_sent_twice_and_a_read_finds_another_node(front):
    async with front(3) as running, Caller(running.port) as caller:
        running.nodes[0].breaks = running.nodes[1].breaks = True
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            for _ in range(6):
                before = len(running.seen)
                answer = await caller.call(method, f"{EVENTS}/7", {})
                assert (answer.status in {200, 502}, len(running.seen) - before <= 1) == (True, True)
        statuses = {(await caller.call("GET", f"{EVENTS}/7")).status for _ in range(12)}
        assert statuses == {200}


async def test_a_post_that_reached_no_node_goes_to_another(front):
    async with front(2) as running, Caller(running.port) as caller:
        await running.nodes[0].leave()
        for _ in range(20):
            assert (await caller.call("POST", EVENTS, {})).status == 200
        assert len(running.nodes[1].seen) == 20


async def test_a_node_that_is_left_out_gets_nothing_until_it_is_put_back(front):
    async with front(2) as running, Caller(running.port) as caller:
        stays, leaves = running.nodes
        running.nginx.leave_out(2)
        for method in ("GET", "POST", "PUT") * 4:
            assert (await caller.call(method, EVENTS, {})).status == 200
        assert (len(stays.seen), len(leaves.seen)) == (12, 0)
        running.nginx.put_back(2)
        for _ in range(10):
            assert (await caller.call("POST", EVENTS, {})).status == 200
        assert leaves.seen


@pytest.mark.parametrize(("nodes", "left_out"), [(3, {1, 2}), (3, {2, 3}), (4, {1, 3, 4}), (8, {1, 2})])
async def test_nodes_that_are_left_out_together_get_nothing(front, nodes, left_out):
    async with front(nodes) as running:
        for number in left_out:
            running.nginx.leave_out(number)
        running.nginx.kill()
        await asyncio.to_thread(running.nginx.start)  # they stay out when nginx dies meanwhile
        for _ in range(4 * nodes):
            async with Caller(running.port) as caller:
                assert (await caller.call("POST", EVENTS, {})).status == 200
        seen = {number for number, node in enumerate(running.nodes, 1) if node.seen}
        assert not seen & left_out
        assert seen == set(range(1, nodes + 1)) - left_out


async def test_where_every_node_is_left_out_all_get_requests(front):
    async with front(2) as running, Caller(running.port) as caller:
        running.nginx.leave_out(1)
        running.nginx.leave_out(2)
        assert (await caller.call("POST", EVENTS, {})).status == 200


async def test_the_largest_bulk_call_fits_and_other_bodies_stay_small(front):
    bulk = f"{EVENTS}/7/seats/bulk"
    async with front() as running, Caller(running.port) as caller:
        assert (await caller.call("POST", bulk, b"x" * 18_710_011)).status == 200
        assert running.seen[-1]["body_bytes"] == "18710011"
        problem_in(await caller.call("POST", bulk, b"x" * (20 * 1024 * 1024 + 1)), 413, "body_too_large")
        for method, path in (("PUT", "hall"), ("POST", "hall/sections")):
            large = f"{EVENTS}/7/{path}"
            assert (await caller.call(method, large, b"x" * 18_710_011)).status == 200
            assert running.seen[-1]["body_bytes"] == "18710011"
    async with front() as running, Caller(running.port) as caller:
        assert (await caller.call("POST", EVENTS, b"x" * 256 * 1024)).status == 200
        problem_in(await caller.call("POST", EVENTS, b"x" * (256 * 1024 + 1)), 413, "body_too_large")


async def test_a_request_without_a_host_reaches_its_node_with_one(front):
    """HTTP/1.0 needs none, and load balancers ask for health so; HTTP/1.1, in which nginx asks the node, does."""
    async with front() as running, Caller(running.port) as caller:
        assert (await caller.exchange(b"GET /livez HTTP/1.0\r\n\r\n")).status == 200
        assert running.seen[-1]["host"] == "holdfast"


async def test_a_path_that_ends_with_a_line_feed_is_not_that_of_a_bulk_call(front):
    async with front() as running, Caller(running.port) as caller:
        head = b"POST /api/v1/events/x/seats/bulk%0a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
        problem_in(await caller.exchange(head), 413, "body_too_large")


async def test_the_request_id_is_passed_on_or_made(front):
    async with front() as running, Caller(running.port) as caller:
        await caller.call("GET", EVENTS, X_Request_ID="mine-1")
        await caller.call("GET", EVENTS)
        await caller.call("GET", EVENTS, X_Request_ID="not {sound}")
        given, made, replaced = (request["x-request-id"] for request in running.seen)
        assert given == "mine-1"
        assert len(made) == len(replaced) == 32
        assert made != replaced


async def test_nobody_can_pretend_to_be_at_another_address(front):
    spoof = {"X_Forwarded_For": "6.6.6.6", "X_Real_IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    async with front() as running, Caller(running.port) as caller:
        await caller.call("GET", EVENTS, **spoof)
        assert running.seen[-1]["x-forwarded-for"] == "127.0.0.1"
        assert "6.6.6.6" not in str(running.seen[-1])


async def test_behind_trusted_proxies_the_last_address_that_is_none_of_them_counts(front):
    async with front(trusted_proxies=["127.0.0.1", "10.0.0.0/8"]) as running, Caller(running.port) as caller:
        await caller.call("GET", EVENTS, X_Forwarded_For="6.6.6.6, 203.0.113.9, 10.1.2.3")
        assert running.seen[-1]["x-forwarded-for"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("setting", "origin", "allowed"),
    [
        ("*", SHOP, "*"),
        ("*", None, None),
        (SHOP, SHOP, SHOP),
        (f"https://other.example, {SHOP}", SHOP, SHOP),
        (SHOP, "https://evil.example", None),
        (SHOP, f"{SHOP}.evil.example", None),
        (SHOP, "null", None),
        (SHOP, None, None),
        ("", SHOP, None),
        ('https://a"; } evil {', SHOP, None),
    ],
)
async def test_the_same_pages_may_read_its_answers_as_the_nodes(front, setting, origin, allowed):
    async with front(allow_origins=setting) as running, Caller(running.port) as caller:
        running.nodes[0].breaks = True
        given = {} if origin is None else {"Origin": origin}
        answer = await caller.call("GET", EVENTS, **given)
        problem_in(answer, 502, "bad_gateway")
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert ("access-control-expose-headers" in answer.headers) == (allowed is not None)
        if allowed != "*" and setting != "*":
            assert answer.headers["vary"] == "Origin"


@pytest.mark.slow
async def test_slow_headers_end_and_harm_nobody(front):
    async with front() as running, Caller(running.port) as caller:
        slow = []
        for _ in range(300):
            slow.append(await open_raw(("127.0.0.1", running.port)))
            await slow[-1].send(b"POST /api/v1/reservations HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        for _ in range(20):
            assert (await caller.call("GET", EVENTS)).status == 200
        assert len(running.seen) == 20
        async with asyncio.timeout(25):
            ends = await asyncio.gather(*(connection.reader.read() for connection in slow), return_exceptions=True)
        assert all(end == b"" or isinstance(end, ConnectionResetError) for end in ends)
        for connection in slow:
            connection.abort()
        assert len(running.seen) == 20


@pytest.mark.parametrize(("peers", "believed"), [(None, True), (["192.0.2.0/24"], False), (["127.0.0.0/8"], True)])
async def test_who_the_caller_is_passes_on_only_from_a_gateway(front, peers, believed):
    claim = {"X_User_Roles": "admin", "X_Forwarded_For": "192.0.2.1"}
    options = {"trusted_proxies": ["127.0.0.1"], "gateway_peers": peers}
    async with front(1, **options) as running, Caller(running.port) as caller:
        assert (await caller.call("GET", EVENTS, **claim)).status == 200
        seen = {name.lower(): value for name, value in running.seen[-1].items()}
        assert ("x-user-id" in seen, "x-user-roles" in seen) == (believed, believed)
