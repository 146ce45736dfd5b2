"""A worker process archives what is due, and says so in its metrics and its log."""

import json

import pytest

from archive.past_events import a_past_event, end
from box_office import open_engine, put_on_sale, sql
from telemetry.programs import eventually, running


@pytest.mark.runs
async def test_a_worker_archives_as_its_settings_say(database_url, tmp_path):
    async with open_engine(database_url) as engine:
        due = await a_past_event(database_url, engine, days=31)
        broken = await put_on_sale(engine)
        await end(database_url, broken.event_id, days=40)
        await sql(database_url, "DELETE FROM changes WHERE event_id = $1", broken.event_id)
        young = await put_on_sale(engine)
        await end(database_url, young.event_id, days=29)
    folder = tmp_path / "files"
    folder.mkdir()
    settings = {"DATABASE_URL": database_url, "ARCHIVE_AFTER_DAYS": "30", "ARCHIVE_TO": str(folder)}
    with running("work", tmp_path, **settings) as worker:
        # Its first round may come before it has learnt that the upgrade is finished.
        eventually(lambda: "event_archived" in worker.log(), seconds=40)
        metrics = worker.metrics()
        assert metrics.total("holdfast_archived_rows_total", table="reservations") == 6
        assert metrics.total("holdfast_archive_failures_total", cause="event") == 1
        [path] = folder.iterdir()
        assert metrics.total("holdfast_archived_bytes_total") == path.stat().st_size
        lines = [json.loads(line) for line in worker.log().splitlines() if "event_" in line]
        assert worker.stop() == 0
    told = {line["event"]: line["event_id"] for line in lines if line["event"].startswith("event_")}
    assert told == {"event_archived": str(due.event_id), "event_cannot_be_archived": str(broken.event_id)}
