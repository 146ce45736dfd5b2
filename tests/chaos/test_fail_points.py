"""A batch's transaction passes each of its fail points once, on one event and on several."""

from datetime import timedelta

import pytest
from chaos.site import fail_points

from box_office import open_engine, put_on_sale
from holdfast.application.booking.batching.write import Progress, write_batch, write_together
from holdfast.infrastructure.postgres.booking import batch_store
from holdfast.infrastructure.postgres.catalogue import catalogue_store
from holdfast.infrastructure.postgres.upkeep import auditor

POINTS = ["after_lock", "after_store", "before_commit", "after_commit"]


@pytest.fixture
def passed(monkeypatch, tmp_path):
    """The points in the order in which they are passed; each is armed anew at once."""
    monkeypatch.setattr(auditor, "PostgresAuditor", auditor.PostgresAuditor)
    monkeypatch.setattr(batch_store, "PostgresBatchTransaction", batch_store.PostgresBatchTransaction)
    monkeypatch.setattr(catalogue_store, "PostgresCatalogueTransaction", catalogue_store.PostgresCatalogueTransaction)
    points = []

    async def note(_action, point):
        points.append(point)
        fail_points.arm(tmp_path, point, f"note {point}")

    monkeypatch.setattr(fail_points, "_act", note)
    for point in POINTS:
        fail_points.arm(tmp_path, point, f"note {point}")
    fail_points.install(tmp_path)
    return points


@pytest.mark.parametrize("events", [1, 3])
@pytest.mark.slow
async def test_each_point_is_passed_once(database_url, passed, events):
    how = {"hold": timedelta(minutes=15), "overdue_max": 0}
    async with open_engine(database_url) as engine:
        sales = [await put_on_sale(engine) for _ in range(events)]
        store = engine.booking.batcher._runner._store
        batches = {sale.event_id: [sale.wish(0)] for sale in sales}
        if events == 1:
            ((event_id, commands),) = batches.items()
            await write_batch(store, event_id, commands, progress=Progress(), **how)
        else:
            await write_together(store, batches, progress={one: Progress() for one in batches}, **how)
    assert passed == POINTS
