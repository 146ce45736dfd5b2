import json

import pytest

from api.serving import refused
from builders import an_event
from holdfast.http.endpoints.headers import ANSWER_HEADERS

SHOP = "https://shop.example"
PREFLIGHT = {
    "Origin": SHOP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-user-id",
}


async def test_a_page_of_any_origin_may_read_every_answer(api):
    for answer in (
        await api.get("/events", headers={"Origin": SHOP}),
        await api.post("/events", an_event(), headers={"Origin": SHOP}),
        await api.get("/nowhere", headers={"Origin": SHOP}),
        await api.get("/events/7", headers={"Origin": SHOP}),
        await api.call("PATCH", "/events", headers={"Origin": SHOP}),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"].split(", ") == list(ANSWER_HEADERS)
        assert "access-control-allow-credentials" not in answer.headers


async def test_without_an_origin_nothing_is_said(api):
    assert not [name for name in (await api.get("/events")).headers if name.startswith("access-control")]


async def test_a_preflight_is_told_what_may_be_sent(api):
    told = await api.call("OPTIONS", "/reservations", headers=PREFLIGHT)
    assert told.status_code == 204
    assert told.headers["access-control-allow-origin"] == "*"
    assert "POST" in told.headers["access-control-allow-methods"]
    assert {"Content-Type", "X-User-ID"} <= set(told.headers["access-control-allow-headers"].split(", "))
    assert int(told.headers["access-control-max-age"]) > 0
    assert told.headers["x-request-id"]


@pytest.mark.parametrize("setting", [SHOP, f"https://other.example, {SHOP}"])
async def test_a_setting_narrows_the_origins(api_where, setting):
    async with api_where(cors_allow_origins=setting) as api:
        allowed = await api.call("OPTIONS", "/reservations", headers=PREFLIGHT)
        assert allowed.headers["access-control-allow-origin"] == SHOP
        for origin in ("https://evil.example", f"{SHOP}.evil.example", "null"):
            answer = await api.get("/events", headers={"Origin": origin})
            assert "access-control-allow-origin" not in answer.headers
            assert "Origin" in answer.headers["vary"].split(", ")
        error = await api.get("/events/7", headers={"Origin": SHOP})
        refused(error, 400, "invalid_request")
        assert error.headers["access-control-allow-origin"] == SHOP
        assert error.headers["vary"] == "Origin"
        assert "Origin" in (await api.get("/events")).headers["vary"].split(", ")


PLAIN = {"Content-Type": "text/plain"}


async def create_from(api, origin, **headers):
    """Create an event as a page does that asks nobody: a simple request, in the Fetch standard's words."""
    body = json.dumps(an_event())
    return await api.http.post("/api/v1/events", content=body, headers=PLAIN | {"Origin": origin} | headers)


async def test_a_page_of_another_origin_changes_nothing(api_where):
    async with api_where(cors_allow_origins=SHOP, public_url="https://tickets.example") as api:
        here = str(api.http.base_url).rstrip("/")
        for origin in (
            "https://evil.example",
            "null",
            f"{SHOP}.evil.example",
            here.replace("http:", "x:") + "0",
            "http://",
        ):
            for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
                refused(await create_from(api, origin, **headers), 403, "origin_not_allowed")
            refused(await api.delete("/events/7", headers={"Origin": origin}), 403, "origin_not_allowed")
        assert (await api.get("/events")).json() == []
        for origin in (SHOP, here, "https://tickets.example"):
            assert (await create_from(api, origin)).status_code == 201
        rewritten = {"Host": "node-1.internal", "Sec-Fetch-Site": "same-origin"}
        assert (await create_from(api, "https://a.proxy.example", **rewritten)).status_code == 201
        assert (await api.post("/events", an_event())).status_code == 201


async def test_by_default_a_page_of_any_origin_may_change_things(api):
    assert (await create_from(api, "https://evil.example")).status_code == 201
