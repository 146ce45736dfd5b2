"""A cell that is away costs its own events, and nothing of the others'."""

import asyncio
import html
import re
from urllib.parse import quote
from uuid import UUID

import pytest

from api.serving import api_with, refused
from box_office import sql
from builders import a_wish, an_event
from cells.conftest import FIRST_ADDED
from holdfast.application.cells import cells as several
from holdfast.application.identifiers import cell_of
from holdfast.bootstrap import cells as open_cells
from holdfast.telemetry import metrics
from holdfast.web.organiser.people import audit
from web.organiser.desk import new_event
from web.visiting import Browser

ADMIN = {"X-User-Roles": "admin", "X-User-ID": "root"}


async def _one_event_in_each(api) -> list[tuple[str, list[str]]]:
    found: dict[int, tuple[str, list[str]]] = {}
    while len(found) < 2:
        made = await api.event_on_sale()
        found[cell_of(UUID(made[0]))] = made
    return [found[0], found[1]]


async def _until_there(api, cells: str | None) -> None:
    """Wait until lists miss exactly these cells."""
    while (await api.get("/events")).headers.get("missing-cells") != cells:  # noqa: ASYNC110 - polled on purpose
        await asyncio.sleep(0.05)


@pytest.fixture
async def api(two_cells):
    """Gives up early, so that no test waits for what a cell that is away would do."""
    async with two_cells.api(batch_seconds_max=3.0) as served:
        yield served


def _failures() -> dict[str, float]:
    """How many failures of each cell this process has counted."""
    samples = [sample for metric in metrics.database_failures_total.collect() for sample in metric.samples]
    counted: dict[str, float] = {}
    for sample in samples:
        if sample.name.endswith("_total"):
            counted[sample.labels["cell"]] = counted.get(sample.labels["cell"], 0) + sample.value
    return counted


async def test_failures_are_counted_for_the_cell_that_has_them(api, two_cells):
    """An operator with several cells sees which database is in trouble."""
    _, (gone, _) = await _one_event_in_each(api)
    before = _failures()
    await two_cells.relays[1].go_away()
    refused(await api.get(f"/events/{gone}"), 503, "unavailable")
    assert {cell for cell, count in _failures().items() if count > before.get(cell, 0)} == {"1"}


async def test_the_audit_goes_on_after_an_entry_whose_cell_went_away(two_cells):
    """A caller who reads it page by page has the time of the last entry, by which the other cells go on."""
    async with two_cells.api(auth_mode="gateway", gateway_peers="127.0.0.1") as api:
        for number in range(6):
            await api.post("/events", an_event(cell=number % 2), headers=ADMIN)
        whole = (await api.get("/audit?limit=100", headers=ADMIN)).json()
        last = next(entry for entry in whole if cell_of(UUID(entry["id"])) == 1)
        here = [entry for entry in whole[whole.index(last) :] if cell_of(UUID(entry["id"])) == 0]
        after, at = f"/audit?limit=2&after={last['id']}", f"&after_at={quote(last['at'])}"
        both = await api.get(after + at, headers=ADMIN)
        assert both.json() == (await api.get(after, headers=ADMIN)).json() == whole[whole.index(last) + 1 :][:2]
        await two_cells.relays[1].go_away()
        assert "after_at" in refused(await api.get(after, headers=ADMIN), 503, "unavailable")["detail"]
        for _ in range(2):  # also when it is known to be away
            page = await api.get(after + at, headers=ADMIN)
            assert (page.status_code, page.json()) == (200, here[:2])
            assert page.headers["missing-cells"] == "1"
        two_cells.relays[1].come_back()
        await _until_there(api, None)
        assert (await api.get(after + at, headers=ADMIN)).json() == both.json()
        refused(await api.get(f"{after}&after_at=yesterday", headers=ADMIN), 400, "invalid_request")


async def test_the_page_of_the_audit_goes_on_without_a_cell(api, two_cells, monkeypatch):
    monkeypatch.setattr(audit, "PAGE_ENTRIES", 1)
    async with Browser(str(api.http.base_url)) as browser:
        await browser.sign_in_as_organiser()
        paths = [await new_event(browser, name=f"Night {number}") for number in range(4)]
        newest = await browser.get("/organise/audit")
        assert paths[3] in newest.text
        await two_cells.relays[cell_of(UUID(paths[3].rpartition("/")[2]))].go_away()
        older = re.search(r'href="([^"]*after=[^"]*)"', newest.text)
        assert older is not None
        page = await browser.get(html.unescape(older[1]))
        assert (page.status_code, paths[2] in page.text) == (200, True)
        for wrong in ("after=1", "after_at=1", "after_at=9999-12-31T23:59:59Z", "after_at=2031-01-01T00:00"):
            assert (await browser.get(f"/organise/audit?{wrong}")).status_code == 400, wrong


@pytest.mark.slow
async def test_a_lost_cell_costs_its_own_events_only(api, two_cells):
    (here, seats), (gone, gone_seats) = await _one_event_in_each(api)
    held = (await api.reserve(gone, gone_seats[:1])).json()
    await two_cells.relays[1].go_away()
    for answer in await asyncio.gather(
        api.get(f"/events/{gone}"),
        api.reserve(gone, gone_seats[1:2]),
        api.confirm(held["id"]),
        api.get(f"/seats/{gone_seats[0]}"),
    ):
        assert refused(answer, 503, "unavailable")["outcome"] == "none"
    assert (await api.reserve(here, seats[:1])).status_code == 201
    listed = await api.get("/events")
    assert [event["id"] for event in listed.json()] == [here]
    assert listed.headers["missing-cells"] == "1"
    mine = await api.get("/reservations", user="ann")
    assert [one["event_id"] for one in mine.json()] == [here]
    assert mine.headers["missing-cells"] == "1"
    assert (await api.get("/audit")).headers["missing-cells"] == "1"
    assert cell_of(UUID((await api.post("/events", an_event(total_seats=1))).json()["id"])) == 0
    async with Browser(str(api.http.base_url)) as browser:
        for path, told in (("/events", "Some events"), ("/reservations", "Some of your tickets")):
            page = await browser.get(path)
            assert page.headers["missing-cells"] == "1"
            assert f"{told} cannot be shown at the moment." in page.text
        assert "cannot be shown" not in (await browser.get(f"/events/{here}")).text
    two_cells.relays[1].come_back()
    await _until_there(api, None)
    assert len((await api.get("/events")).json()) == 3
    assert (await api.confirm(held["id"])).json()["status"] == "confirmed"


async def test_without_cell_0_the_events_of_others_are_sold(api, two_cells):
    (lost, _), (here, seats) = await _one_event_in_each(api)
    await two_cells.relays[0].go_away()
    held = await api.reserve(here, seats[:2])
    assert held.status_code == 201, held.text
    assert (await api.confirm(held.json()["id"])).status_code == 200
    assert (await api.get(f"/events/{here}/seats")).status_code == 200
    refused(await api.get(f"/events/{lost}"), 503, "unavailable")
    listed = await api.get("/events")
    assert ([event["id"] for event in listed.json()], listed.headers["missing-cells"]) == ([here], "0")


async def test_a_list_waits_for_a_cell_that_hangs_once(two_cells, monkeypatch):
    async with two_cells.api() as api:  # with the usual patience: the cell that works must not be given up
        (here, seats), (hung, hung_seats) = await _one_event_in_each(api)
        monkeypatch.setattr(several, "LIST_SECONDS_MAX", 1.0)
        two_cells.relays[1].hang()
        waiting = asyncio.create_task(api.reserve(hung, hung_seats[:1]))
        await asyncio.sleep(0.05)
        for _ in range(3):  # only the first one waits; no time is asserted, but a test has only so much of it
            listed = await api.get("/events")
            assert ([event["id"] for event in listed.json()], listed.headers["missing-cells"]) == ([here], "1")
        sold = [api.reserve(here, [seat], user=f"u{number}") for number, seat in enumerate(seats)]
        assert [answer.status_code for answer in await asyncio.gather(*sold)] == [201] * len(seats)
        two_cells.relays[1].come_back()
        await waiting
        await _until_there(api, None)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.slow
async def test_a_node_starts_without_a_cell_and_serves_it_once_it_is_there(two_cells, number):
    async with two_cells.api() as api:
        events = await _one_event_in_each(api)
    away, there = events[number], events[1 - number]
    await two_cells.relays[number].go_away()
    async with two_cells.api(batch_seconds_max=3.0) as api:
        assert (await api.reserve(there[0], there[1][:1])).status_code == 201
        refused(await api.reserve(away[0], away[1][:1]), 503, "unavailable")
        assert (await api.get("/events")).headers["missing-cells"] == str(number)
        two_cells.relays[number].come_back()
        await _until_there(api, None)
        assert (await api.reserve(away[0], away[1][:1])).status_code == 201


async def test_a_wrong_database_is_never_written_to(two_cells):
    """CELLS names a database that is another cell, as after a typing error."""
    await two_cells.in_cell(1, "UPDATE installation SET cell = 2")
    async with two_cells.api() as api:
        ids = [(await api.post("/events", an_event())).json()["id"] for _ in range(3)]
        assert {cell_of(UUID(one)) for one in ids} == {0}
        assert (await api.get("/events")).headers["missing-cells"] == "1"
    assert await two_cells.in_cell(1, "SELECT 1 FROM events") == []


async def test_a_url_that_leads_elsewhere_later_is_noticed(two_cells, monkeypatch):
    monkeypatch.setattr(open_cells, "ROUND_SECONDS", 0.1)
    async with two_cells.api() as api:
        _, (event_id, _) = await _one_event_in_each(api)
        for number, closed in ((2, True), (None, True), (1, False)):
            added_at = None if number is None else FIRST_ADDED
            await two_cells.in_cell(1, "UPDATE installation SET cell = $1, cell_added_at = $2", number, added_at)
            await _until_there(api, "1" if closed else None)
            assert (await api.get(f"/events/{event_id}")).status_code == (503 if closed else 200)


async def test_a_cell_that_was_not_added_yet_is_empty(database_url, other_database_url, redis_url):
    async with api_with(
        database_url=database_url, redis_url=redis_url, cells=f'{{"1": {{"url": "{other_database_url}"}}}}'
    ) as api:
        ids = [(await api.post("/events", an_event())).json()["id"] for _ in range(3)]
        assert {cell_of(UUID(one)) for one in ids} == {0}
        assert "missing-cells" not in (await api.get("/events")).headers


async def test_a_node_that_does_not_know_a_cell_yet_does_not_deny_its_events(two_cells):
    """While nodes are restarted one by one with a new CELLS, the others are asked for events of the new cell."""
    async with two_cells.api() as api:
        _, (event_id, seat_ids) = await _one_event_in_each(api)
    settings = two_cells.settings()
    await sql(two_cells.urls[0], "UPDATE cells SET number = 2")
    await sql(two_cells.urls[1], "UPDATE installation SET cell = 2")
    del settings["cells"]
    async with api_with(**settings, cells=f'{{"3": {{"url": "{two_cells.urls[1]}"}}}}') as api:
        unknown = UUID(int=UUID(event_id).int ^ (3 << 64))
        assert cell_of(unknown) == 2
        refused(await api.get(f"/events/{unknown}"), 503, "unavailable")
        wish = a_wish(event_id=str(unknown), seat_ids=seat_ids[:1])
        refused(await api.post("/reservations", wish, user="ann"), 503, "unavailable")
        assert (await api.get("/events")).headers["missing-cells"] == "2,3"
