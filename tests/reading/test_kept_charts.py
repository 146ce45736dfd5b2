"""Charts: read once, and true for as long as nothing is added to them."""

from box_office import put_on_sale
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.domain.catalogue.seat import numbered_seats


async def test_a_chart_that_is_kept_is_given_as_of_now(engine, other_engine):
    """It was read at an older version; whoever asks is told the version at which it was found to be true still."""
    sale = await put_on_sale(engine, 3)
    first, version = await engine.views.kept_charts.chart(
        sale.event_id, await engine.views.seat_maps.standing(sale.event_id)
    )
    assert (first.seats, version) == (3, 1)
    await sale.reserve(other_engine, 0)
    again, version = await engine.views.kept_charts.chart(
        sale.event_id, await engine.views.seat_maps.standing(sale.event_id)
    )
    assert again is first
    assert version == 2
    await add_seats(other_engine.catalogue, sale.event_id, numbered_seats(prefix="B", count=2, price=1))
    longer, version = await engine.views.kept_charts.chart(
        sale.event_id, await engine.views.seat_maps.standing(sale.event_id)
    )
    assert (longer.seats, version) == (5, 3)
