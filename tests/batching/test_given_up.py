"""After clients have been told that a batch was given up, nothing is written."""

from datetime import timedelta

import pytest

from box_office import open_engine, put_on_sale, sql
from holdfast.application.booking.batching.write import Progress, write_batch, write_together
from holdfast.application.failures import Unavailable

HOLD = timedelta(minutes=15)


class TestGivenUp:
    """After a client was told `none`, no COMMIT may be sent."""

    async def test_one_event_stores_nothing(self, database_url):
        async with open_engine(database_url) as engine:
            sale = await put_on_sale(engine)
            progress = Progress()
            assert progress.give_up() == "none"
            with pytest.raises(Unavailable) as raised:
                await write_batch(
                    engine.booking.batcher._runner._store,
                    sale.event_id,
                    [sale.wish(0)],
                    hold=HOLD,
                    overdue_max=0,
                    progress=progress,
                )
        assert raised.value.outcome == "none"
        assert await sql(database_url, "SELECT 1 FROM reservations") == []

    async def test_one_of_several_events_has_none_of_them_stored(self, database_url):
        async with open_engine(database_url) as engine:
            sales = [await put_on_sale(engine) for _ in range(3)]
            progress = {sale.event_id: Progress() for sale in sales}
            assert progress[sales[1].event_id].give_up() == "none"
            with pytest.raises(Unavailable):
                await write_together(
                    engine.booking.batcher._runner._store,
                    {sale.event_id: [sale.wish(0)] for sale in sales},
                    hold=HOLD,
                    overdue_max=0,
                    progress=progress,
                )
        assert {one.outcome for one in progress.values()} == {"none"}
        assert await sql(database_url, "SELECT 1 FROM reservations") == []
