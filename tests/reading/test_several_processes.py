"""What the processes of a node do differently if there are several."""

import pytest

from holdfast.bootstrap.engine import open_engine, reading_pause_seconds
from holdfast.settings import Settings


@pytest.mark.parametrize("in_use", [1, 2, 4])
async def test_processes_of_one_node_ask_together_about_as_often_as_one(database_url, in_use):
    """Each has a part of the readers. With the pause of a single process, two queried twice as often for the same
    responses.

    Where one of several processes has all connections, it sees all readers, and pauses no longer than one alone.
    """
    settings = Settings(database_url=database_url, workers=4)
    async with open_engine(settings, processes_in_use=lambda: in_use) as engine:
        pauses = {engine.views.seat_maps._probes._pause_seconds(), engine.views.event_pages._readings._pause_seconds()}
    assert pauses == {reading_pause_seconds(in_use)}
    assert reading_pause_seconds(in_use) >= in_use * reading_pause_seconds(1)
