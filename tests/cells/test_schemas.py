"""Two cells can be two schemas of one database. No statement may reach the tables of the other one."""

import json
from uuid import UUID

from api.serving import api_with
from box_office import sql
from builders import an_event
from holdfast.application.identifiers import cell_of
from holdfast.infrastructure.postgres.migrations.adding import add_cell
from holdfast.infrastructure.postgres.migrations.reporter import Silent
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants
from holdfast.server_urls.cells import Cell

ADMIN = {"X-User-Roles": "admin", "X-User-ID": "root"}


async def test_two_schemas_of_one_database_are_two_cells(database_url, redis_url):
    home, other = Cell(0, database_url), Cell(1, database_url, schema="other")
    await add_cell(home, other, name="other", reporter=Silent())
    cells = json.dumps({"1": {"url": database_url, "schema": "other"}})
    try:
        async with api_with(
            database_url=database_url, redis_url=redis_url, cells=cells, auth_mode="gateway", gateway_peers="127.0.0.1"
        ) as api:
            for number in (0, 1):
                made = await api.post("/events", an_event(cell=number), headers=ADMIN)
                event_id = made.json()["id"]
                added = await api.post(
                    f"/events/{event_id}/seats/bulk", {"prefix": "A", "count": 5, "price": 100}, headers=ADMIN
                )
                seat_ids = [seat["id"] for seat in added.json()]
                held = await api.reserve(event_id, seat_ids[:2])
                assert held.status_code == 201, held.text
                assert (await api.confirm(held.json()["id"])).status_code == 200
                assert {cell_of(UUID(one)) for one in (event_id, seat_ids[0], held.json()["id"])} == {number}
                assert (await api.get(f"/events/{event_id}/availability")).json()["available"] == 3
                [row] = await sql(database_url, f"SELECT id FROM {('public', 'other')[number]}.events")
                assert str(row["id"]) == event_id
            assert len((await api.get("/events")).json()) == 2
            assert len((await api.get("/audit", headers=ADMIN)).json()) == 4
            assert (await api.http.get("/readyz")).json()["status"] == "ready"
        for cell in (home, other):
            assert all(one.holds for one in await check_invariants(cell))
    finally:
        await sql(database_url, "DROP SCHEMA other CASCADE")
