"""Lists show what is in all cells, in the order and with the pages that a single database would have."""

from uuid import UUID

from builders import an_event
from holdfast.application.identifiers import cell_of

ADMIN = {"X-User-Roles": "admin", "X-User-ID": "root"}


async def _pages(api, path: str, *, limit: int, **more) -> list[dict]:
    found, offset = [], 0
    separator = "&" if "?" in path else "?"
    while True:
        answer = await api.get(f"{path}{separator}limit={limit}&offset={offset}", **more)
        assert answer.status_code == 200, answer.text
        assert "missing-cells" not in answer.headers
        if not answer.json():
            return found
        found += answer.json()
        offset += limit


async def test_events_are_listed_newest_first_whatever_their_cell(api):
    ids = [(await api.post("/events", an_event(total_seats=10))).json()["id"] for _ in range(7)]
    assert {cell_of(UUID(one)) for one in ids} == {0, 1}
    for limit in (1, 3, 20):
        assert [event["id"] for event in await _pages(api, "/events", limit=limit)] == ids[::-1]
    tag = (await api.get("/events")).headers["etag"]
    assert (await api.get("/events", headers={"If-None-Match": tag})).status_code == 304
    await api.put(f"/events/{ids[-1]}", an_event(name="Renamed"))
    again = await api.get("/events", headers={"If-None-Match": tag})
    assert (again.status_code, again.json()[0]["name"]) == (200, "Renamed")


async def test_reservations_are_listed_newest_first_whatever_their_cell(api):
    made = []
    events = [await api.event_on_sale(seats=3) for _ in range(2)]
    assert {cell_of(UUID(event_id)) for event_id, _ in events} == {0, 1}
    for place in range(3):
        for event_id, seat_ids in events:
            made.append((await api.reserve(event_id, [seat_ids[place]])).json()["id"])
    for limit in (1, 4, 20):
        found = await _pages(api, "/reservations", limit=limit, user="ann")
        assert [reservation["id"] for reservation in found] == made[::-1]
    assert await _pages(api, "/reservations", limit=5, user="bob") == []


async def test_the_audit_is_one_list_by_time(two_cells):
    async with two_cells.api(auth_mode="gateway", gateway_peers="127.0.0.1") as api:
        wanted = []
        for number in range(4):
            made = await api.post("/events", an_event(name=f"n{number}", cell=number % 2), headers=ADMIN)
            assert made.status_code == 201, made.text
            wanted.append(made.json()["id"])
            organiser = await api.post("/organisers", {"name": f"o{number}"}, headers=ADMIN)
            wanted.append(organiser.json()["id"])
        newest_first = wanted[::-1]
        whole = (await api.get("/audit?limit=100", headers=ADMIN)).json()
        assert [entry["thing_id"] for entry in whole] == newest_first
        for limit in (1, 3):
            found, after = [], ""
            while page := (await api.get(f"/audit?limit={limit}{after}", headers=ADMIN)).json():
                found += page
                after = f"&after={page[-1]['id']}"
            assert found == whole
        for row in await two_cells.in_cell(1, "SELECT id FROM audit"):
            assert cell_of(row["id"]) == 1


async def test_entries_of_the_same_time_are_on_one_page_each(two_cells):
    async with two_cells.api(auth_mode="gateway", gateway_peers="127.0.0.1") as api:
        for number in range(6):
            await api.post("/events", an_event(cell=number % 2), headers=ADMIN)
        for cell in (0, 1):
            await two_cells.in_cell(cell, "UPDATE audit SET at = '2030-01-01T00:00:00Z'")
        seen, after = [], ""
        while page := (await api.get(f"/audit?limit=1{after}", headers=ADMIN)).json():
            seen += [entry["id"] for entry in page]
            after = f"&after={page[-1]['id']}"
        assert (len(seen), len(set(seen))) == (6, 6)


async def test_an_act_that_read_the_clock_first_and_is_recorded_second_is_on_one_page(two_cells):
    """Two acts on events of one cell: the one that waits longer for the audit's lock may have the earlier time."""
    async with two_cells.api(auth_mode="gateway", gateway_peers="127.0.0.1") as api:
        await api.post("/events", an_event(cell=1), headers=ADMIN)
        await two_cells.in_cell(1, "UPDATE audit SET at = at + interval '3 seconds'")
        await api.post("/events", an_event(cell=1), headers=ADMIN)
        await api.post("/organisers", {"name": "later"}, headers=ADMIN)
        whole = [entry["id"] for entry in (await api.get("/audit?limit=100", headers=ADMIN)).json()]
        seen, after = [], ""
        while len(seen) <= len(whole) and (page := (await api.get(f"/audit?limit=1{after}", headers=ADMIN)).json()):
            seen += [entry["id"] for entry in page]
            after = f"&after={page[-1]['id']}"
        assert seen == whole
