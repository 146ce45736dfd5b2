"""What the processes of one node do differently because there are several."""

import pytest

from holdfast import bootstrap
from holdfast.settings import Settings


@pytest.mark.parametrize("workers", [1, 2, 4])
async def test_processes_of_one_node_ask_together_about_as_often_as_one(database_url, workers):
    """Each sees a part of the readers. With the pause of one process, two asked twice as often for the same answers."""
    async with bootstrap.open_desk(Settings(database_url=database_url, workers=workers)) as desk:
        pauses = {desk.seat_maps._looks._pause_seconds, desk.event_pages._readings._pause_seconds}
    assert pauses == {bootstrap.reading_pause_seconds(workers)}
    assert bootstrap.reading_pause_seconds(workers) >= workers * bootstrap.reading_pause_seconds(1)
