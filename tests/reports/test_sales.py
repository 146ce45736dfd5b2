"""An event's sales over time: true to its log and counters, however long the log, whatever happens to the database."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import domain.profile  # noqa: F401 - the profile of Hypothesis
from api.serving import refused
from box_office import let_holds_run_out, open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.expire import expire_overdue
from holdfast.application.failures import Unavailable
from holdfast.application.reports import kept_sales
from holdfast.application.reports.buckets import Bucket
from holdfast.application.reports.minutes import Figures, total_of
from holdfast.application.reports.sales import sales_of
from holdfast.domain.refusal import Refusal
from reports.sold_event import sell_by_sql

NO_ID = "0197c7f0-0000-7000-8000-00000000000f"

CATEGORIES = """
INSERT INTO categories (event_id, number, place, key, name, color, price)
VALUES ('{event}', 1, 1, 'low', 'Low', '#000000', 700), ('{event}', 2, 2, 'high', 'High', '#ffffff', 900);
UPDATE seats SET category = 1 + position % 3 - CASE WHEN position % 3 = 2 THEN 3 ELSE 0 END
WHERE event_id = '{event}' AND position % 3 < 2;
UPDATE events SET chart_edits = chart_edits + 1 WHERE id = '{event}'
"""


async def categorise(database_url, event_id):
    """Give two thirds of the seats a category."""
    await sql(database_url, CATEGORIES.format(event=event_id))


MOVED = """
WITH moved AS (
    UPDATE changes c SET at = new.at
    FROM events e, unnest($2::timestamptz[]) WITH ORDINALITY AS new (at, place)
    WHERE e.id = $1 AND c.event_id = e.id AND c.version = e.version - cardinality($2::timestamptz[]) + new.place
    RETURNING 1
)
SELECT count(*) FROM moved
"""


async def move_log(database_url, event_id, *times):
    """Let the last entries of a log have been made at these times."""
    await sql(database_url, MOVED, event_id, times)


def figures(bucket):
    return bucket["held"], bucket["sold"], bucket["released"], bucket["revenue"]


async def test_a_day_of_a_sale_in_its_time_zone(api, database_url):
    """A hold at 23:59 and its sale at 00:00 in Tokyo are on two days, though on one in UTC."""
    event_id, seats = await api.event_on_sale(seats=3, price=500, timezone="Asia/Tokyo", currency="EUR")
    first = (await api.reserve(event_id, seats[:2])).json()["id"]
    await api.confirm(first)
    second = (await api.reserve(event_id, seats[2:])).json()["id"]
    await api.cancel(second)
    times = [datetime.fromisoformat(f"2026-06-{text}:00Z") for text in ("01T14:59", "01T15:00", "03T01:00", "03T01:30")]
    await move_log(database_url, UUID(event_id), *times)
    answer = await api.get(f"/events/{event_id}/sales?to=2026-06-03T02:00:00%2B00:00")
    assert answer.headers["event-version"] == "5"
    body = answer.json()
    assert (body["event_id"], body["bucket"], body["timezone"], body["currency"]) == (
        event_id,
        "day",
        "Asia/Tokyo",
        "EUR",
    )
    assert [(one["from"], figures(one)) for one in body["buckets"]] == [
        ("2026-06-01T00:00:00+09:00", (2, 0, 0, 0)),
        ("2026-06-02T00:00:00+09:00", (0, 2, 0, 1000)),
        ("2026-06-03T00:00:00+09:00", (1, 0, 1, 0)),
    ]
    assert figures(body["totals"]) == (3, 2, 1, 1000)
    assert body["totals"]["categories"] == [{"category": None, "held": 3, "sold": 2, "released": 1, "revenue": 1000}]
    one_hour = await api.get(
        f"/events/{event_id}/sales?bucket=hour&from=2026-06-02T00:00:01 09:00&to=2026-06-01T15:30:00Z"
    )
    assert [(one["from"], one["to"], figures(one)) for one in one_hour.json()["buckets"]] == [
        ("2026-06-02T00:00:00+09:00", "2026-06-02T01:00:00+09:00", (0, 2, 0, 1000))
    ]


async def test_figures_by_category_and_of_reservations_without_prices(api, database_url):
    event_id, seats = await api.event_on_sale(seats=6, price=500)
    await categorise(database_url, event_id)
    reservation_id = (await api.reserve(event_id, seats)).json()["id"]
    await api.confirm(reservation_id)
    await sql(database_url, "UPDATE reservations SET prices = NULL")
    await sql(database_url, "UPDATE seats SET price = 100 * position")
    stored = await sql(database_url, "SELECT category, sum(price)::int FROM seats GROUP BY 1 ORDER BY 1 NULLS FIRST")
    totals = (await api.get(f"/events/{event_id}/sales?bucket=hour")).json()["totals"]
    assert [one["category"] for one in totals["categories"]] == [None, "low", "high"]
    assert [one["revenue"] for one in totals["categories"]] == [revenue for _, revenue in stored]
    assert [one["held"] for one in totals["categories"]] == [2, 2, 2]


async def test_seats_that_are_exchanged_extended_and_released(api):
    event_id, seats = await api.event_on_sale(seats=4, price=500)
    held = (await api.reserve(event_id, seats[:2])).json()
    changed = await api.call("PUT", f"/reservations/{held['id']}/seats", {"seat_ids": seats[1:4]}, user="ann")
    assert changed.status_code == 200, changed.text
    other = (await api.reserve(event_id, seats[:1])).json()
    released = await api.post(f"/events/{event_id}/reservations/{other['id']}/release", {})
    assert released.status_code == 200, released.text
    await api.confirm(held["id"])
    answer = await api.get(f"/events/{event_id}/sales?bucket=hour")
    assert figures(answer.json()["totals"]) == (5, 3, 2, 1500)


async def test_what_cannot_be_shown(api):
    event_id, _ = await api.event_on_sale(seats=0)
    path = f"/events/{event_id}/sales"
    assert (await api.get(path)).json()["buckets"] == []
    for query, named in (
        ("bucket=week", "bucket"),
        ("bucket=", "bucket"),
        ("from=yesterday", "from"),
        ("from=2031-01-01", "from"),
        ("to=2031-01-01T00:00:00", "to"),
        ("from=2031-01-01T00:00:00Z&to=2031-01-01T00:00:00Z", "to"),
        ("bucket=minute&from=2031-01-01T00:00:00Z&to=2031-01-02T09:20:01Z", "bucket"),
        ("bucket=day&from=0001-01-02T00:00:00Z&to=9999-01-01T00:00:00Z", "bucket"),
        ("bucket=day&from=9999-12-31T00:00:00Z&to=9999-12-31T10:00:00Z", "from"),
    ):
        assert refused(await api.get(f"{path}?{query}"), 400, "invalid_request")["field"] == named, query
    refused(await api.get(f"/events/{NO_ID}/sales"), 404, "event_not_found")


STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "reserve", "confirm", "cancel", "run out", "expire"]), st.integers(0, 11)),
    min_size=10,
    max_size=30,
)


async def play(engine, database_url, sale, steps):
    """Play a history; what is refused leaves no trace."""
    made = []
    for what, number in steps:
        try:
            if what == "reserve":
                made.append((await sale.reserve(engine, number, (number + 5) % 12)).reservation.id)
            elif what == "run out":
                await let_holds_run_out(database_url)
            elif what == "expire":
                await expire_overdue(engine.booking.batcher, sale.event_id)
            elif made:
                verb = confirm if what == "confirm" else cancel
                await verb(engine.booking, reservation_id=made[number % len(made)], user_id="ann")
        except Refusal:
            pass


@settings(max_examples=5)
@given(steps=STEPS, more=STEPS, stretch=st.integers(1, 7))
@pytest.mark.slow
def test_the_totals_are_those_of_the_counters_after_any_history(database_url, steps, more, stretch):
    """Also if they were looked at in between, and whatever the length of a stretch."""

    async def run() -> None:
        async with open_engine(database_url) as engine:
            sale = await put_on_sale(engine, 12)
            await categorise(database_url, sale.event_id)
            for part in (steps, more):
                await play(engine, database_url, sale, part)
                (counted,) = await sql(database_url, "SELECT * FROM events WHERE id = $1", sale.event_id)
                (sold,) = await sql(
                    database_url,
                    "SELECT coalesce(sum(total_amount), 0)::int AS revenue FROM reservations "
                    "WHERE event_id = $1 AND status = 'confirmed'",
                    sale.event_id,
                )
                for bucket in Bucket:
                    found = await sales_of(engine.reports, sale.event_id, bucket, None, None)
                    total = Figures()
                    for one in total_of(found.buckets).values():
                        total.add(one.held, one.sold, one.released, one.revenue)
                    assert found.version == counted["version"]
                    assert total.sold == counted["confirmed"]
                    assert total.held - total.sold - total.released == counted["reserved"]
                    assert total.revenue == sold["revenue"]

    before = kept_sales.STRETCH_ENTRIES
    kept_sales.STRETCH_ENTRIES = stretch
    try:
        asyncio.run(run())
    finally:
        kept_sales.STRETCH_ENTRIES = before


class Counting:
    """Counts the entries that are added up."""

    def __init__(self, source):
        self._source = source
        self.entries = 0

    async def stretch(self, event_id, *, after_version, until_version, by_category):
        self.entries += until_version - after_version
        return await self._source.stretch(
            event_id, after_version=after_version, until_version=until_version, by_category=by_category
        )


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


@pytest.fixture
def counted(engine):
    counting = engine.reports.kept_sales._source = Counting(engine.reports.kept_sales._source)
    return counting


async def totals_of(engine, event_id):
    found = await sales_of(engine.reports, event_id, Bucket.DAY, None, None)
    return total_of(found.buckets)


async def test_an_entry_is_read_once_however_often_and_by_however_many_the_figures_are_looked_at(engine, counted):
    sale = await put_on_sale(engine, 4)
    await sale.reserve(engine, 0)
    for _ in range(3):
        await asyncio.gather(*(totals_of(engine, sale.event_id) for _ in range(5)))
    assert counted.entries == 2
    await sale.reserve(engine, 1)
    assert (await totals_of(engine, sale.event_id))[None].held == 2
    assert counted.entries == 3


async def test_all_is_added_up_again_when_seats_get_other_categories(engine, counted, database_url):
    sale = await put_on_sale(engine, 3)
    await sale.reserve(engine, 0, 1, 2)
    assert set(await totals_of(engine, sale.event_id)) == {None}
    await categorise(database_url, sale.event_id)
    assert set(await totals_of(engine, sale.event_id)) == {None, 1, 2}
    assert counted.entries == 4


async def test_all_is_added_up_again_after_a_failover_that_lost_a_part_of_it(engine, database_url):
    """The version is used again, for another hold of the same seats."""
    sale = await put_on_sale(engine, 3)
    await sale.reserve(engine, 0, 1, 2)
    assert (await totals_of(engine, sale.event_id))[None].held == 3
    lost = "DELETE FROM changes WHERE version = 2; DELETE FROM claims; DELETE FROM reservations;"
    await sql(
        database_url, lost + " UPDATE events SET version = 1, available = 3, reserved = 0, pending_reservations = 0"
    )
    await sale.reserve(engine, 0)
    assert (await totals_of(engine, sale.event_id))[None].held == 1


async def test_a_log_that_takes_too_long_is_503_and_goes_on_being_added_up(engine, counted, database_url, monkeypatch):
    event_id = await sell_by_sql(database_url, 5_000)
    monkeypatch.setattr(kept_sales, "STRETCH_ENTRIES", 500)
    monkeypatch.setattr(kept_sales, "WAIT_SECONDS_MAX", 0.0)
    with pytest.raises(Unavailable):
        await totals_of(engine, event_id)
    monkeypatch.setattr(kept_sales, "WAIT_SECONDS_MAX", 20.0)
    figures = (await totals_of(engine, event_id))[None]
    assert (figures.held, figures.sold, figures.released, figures.revenue) == (10_000, 10_000, 0, 1_000_000)
    assert counted.entries == 10_001


async def test_events_that_nobody_looks_at_make_room(engine, monkeypatch):
    monkeypatch.setattr(kept_sales, "ROWS_MAX", 2)
    sales = [await put_on_sale(engine, 1) for _ in range(3)]
    for sale in sales:
        await sale.reserve(engine, 0)
        await totals_of(engine, sale.event_id)
    assert len(engine.reports.kept_sales._kept) == 2
    monkeypatch.setattr(kept_sales, "ROWS_MAX", 0)
    with pytest.raises(Unavailable):
        await totals_of(engine, sales[0].event_id)


async def test_a_live_sale_adds_to_the_rows_of_the_minute(engine):
    sale = await put_on_sale(engine, 8)
    for place in range(8):
        await sale.reserve(engine, place)
        kept = await engine.reports.kept_sales.minutes_of(await engine.reports.reservations.event(sale.event_id))
    assert len(kept) <= 2
    assert datetime.now(UTC) - timedelta(minutes=5) < datetime.fromtimestamp(kept.last_minute * 60, UTC)
