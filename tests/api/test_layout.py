"""The layout of a chart: what a renderer needs, cached for as long as the chart stays as it is."""

import gzip

import pytest

from api.serving import refused
from builders import a_category, a_hall, a_row, a_section, an_area, numbered_seats
from holdfast.application.reading import kept_layouts

CATEGORIES = [a_category("std", price=9000), a_category("low", price=6000)]


@pytest.fixture
async def event_id(api):
    event_id, _ = await api.event_on_sale(seats=0, total_seats=10_000)
    await api.put(f"/events/{event_id}/categories", CATEGORIES)
    hall = a_hall(a_section("stalls", a_row(count=5, category="low"), a_row("B", 6)), an_area(capacity=3))
    stored = await api.put(f"/events/{event_id}/hall", hall)
    assert stored.status_code == 200, stored.text
    return event_id


async def test_it_follows_the_chart(api, event_id):
    layout = await api.get(f"/events/{event_id}/layout")
    chart = (await api.get(f"/events/{event_id}/seat-map")).json()
    shown = layout.json()
    assert (shown["event_id"], shown["format"], shown["seats"]) == (event_id, "holdfast-layout/1", 14)
    assert shown["chart_version"] == chart["chart_version"] == int(layout.headers["chart-version"])
    assert [row["seats"] for row in shown["rows"]] == [5, 6, 3]
    assert [section["key"] for section in shown["sections"]] == ["stalls", "floor"]
    assert [category["key"] for category in shown["categories"]] == ["std", "low"]
    assert "price" not in layout.text


async def test_it_may_be_cached_for_as_long_as_the_chart_has_its_version(api, event_id):
    path = f"/events/{event_id}/layout"
    bare = await api.get(path)
    assert bare.headers["cache-control"] == "no-cache"
    named = f"{path}?chart_version={bare.json()['chart_version']}"
    assert (await api.get(named)).headers["cache-control"] == "public, max-age=31536000, immutable"
    known = {"If-None-Match": bare.headers["etag"]}

    seats = (await api.get(f"/events/{event_id}/seats")).json()
    await api.reserve(event_id, [seats[-1]["id"]])
    await api.put(f"/events/{event_id}/categories", [CATEGORIES[0] | {"price": 1}, CATEGORIES[1]])
    for unchanged in (await api.get(path, headers=known), await api.get(named, headers=known)):
        assert unchanged.status_code == 304
    assert (await api.get(path)).content == bare.content

    await api.put(f"/events/{event_id}/categories", [CATEGORIES[0] | {"color": "#000000"}, CATEGORIES[1]])
    changed = await api.get(path, headers=known)
    assert (changed.status_code, changed.json()["categories"][0]["color"]) == (200, "#000000")
    assert (await api.get(named)).headers["cache-control"] == "no-cache"


async def test_it_is_made_once(api, event_id, monkeypatch):
    made = []
    maker = kept_layouts.LayoutMaker
    monkeypatch.setattr(kept_layouts, "LayoutMaker", lambda *given: made.append(1) or maker(*given))
    for _ in range(3):
        await api.get(f"/events/{event_id}/layout")
    await api.post(f"/events/{event_id}/hall/sections", an_area("more"))
    assert (await api.get(f"/events/{event_id}/layout")).json()["seats"] == 24
    assert len(made) == 2


async def test_an_event_without_a_hall_has_one_too(api):
    event_id, _ = await api.event_on_sale(seats=0, total_seats=7_000)
    empty = (await api.get(f"/events/{event_id}/layout")).json()
    assert (empty["seats"], empty["rows"]) == (0, [])
    await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=6_000))
    layout = await api.get(f"/events/{event_id}/layout", headers={"Accept-Encoding": "gzip"})
    assert (layout.json()["seats"], sum(row["seats"] for row in layout.json()["rows"])) == (6_000, 6_000)
    assert len(gzip.compress(layout.content)) < 500


async def test_the_layout_of_an_event_that_does_not_exist(api):
    refused(await api.get("/events/00000000-0000-0000-0000-000000000000/layout"), 404, "event_not_found")
