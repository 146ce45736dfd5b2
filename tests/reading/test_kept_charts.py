"""Charts: read once, and valid until seats are added."""

from box_office import put_on_sale
from holdfast.api.seats import availability
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.reading import kept_by_event
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.http.endpoints.call import Call


async def test_a_chart_that_is_kept_is_given_as_of_now(engine, other_engine):
    """It was read at an older version, but is sent with the version at which it was last found to be true."""
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


async def test_a_chart_is_confirmed_as_of_the_question_though_seats_come_in_meanwhile(
    engine, other_engine, monkeypatch
):
    """The map moves on while the log is checked for the client's chart; the response must not have the new version."""
    sale = await put_on_sale(engine, 3)

    async def ask(**headers) -> tuple[int, dict[bytes, bytes]]:
        given = [(name.encode(), value) for name, value in headers.items()]
        scope = {"path_params": {"event_id": str(sale.event_id)}, "query_string": b"", "headers": given}
        answer = await availability.seat_map(engine.views, Call(scope, None, 0))
        return answer.status, dict(answer.headers)

    _, first = await ask()
    await sale.reserve(engine, 0)
    await engine.views.seat_maps.current(sale.event_id)
    true_mark = engine.views.charts.mark

    async def slow_mark(*asked):
        found = await true_mark(*asked)
        await add_seats(other_engine.catalogue, sale.event_id, numbered_seats(prefix="B", count=2, price=1))
        await engine.views.seat_maps.current(sale.event_id)
        return found

    monkeypatch.setattr(engine.views.charts, "mark", slow_mark)
    status, headers = await ask(**{"if-none-match": first[b"etag"]})
    assert (status, headers[b"event-version"]) == (304, b"2")


async def test_a_chart_that_is_asked_for_stays_when_others_must_go(engine, monkeypatch):
    """In a cache with two charts, the one of the busy event was dropped, because it had been read first."""
    monkeypatch.setattr(kept_by_event, "EVENTS_MAX", 2)
    charts = KeptCharts(engine.views.charts)
    busy, other, third = [await put_on_sale(engine, 1) for _ in range(3)]

    async def chart_of(sale):
        found, _ = await charts.chart(sale.event_id, await engine.views.seat_maps.standing(sale.event_id))
        return found

    first = {sale.event_id: await chart_of(sale) for sale in (busy, other)}
    for sale in (busy, third, busy):
        first.setdefault(sale.event_id, await chart_of(sale))
    assert await chart_of(busy) is first[busy.event_id]
    assert await chart_of(third) is first[third.event_id]
    assert await chart_of(other) is not first[other.event_id]
