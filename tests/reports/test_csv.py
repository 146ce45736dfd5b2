"""All reservations of an event as a CSV file: what is in it, and that no length and no client is a burden."""

import csv
import gc
import io

import httpx
import pytest

from api.serving import api_with, refused
from box_office import open_engine, sql, until
from faults.proxy import between
from holdfast.application import insistence
from holdfast.application.failures import ConnectionLost, Unavailable
from holdfast.application.reports import export
from holdfast.application.reports.ports import Filter, ReportedReservation
from holdfast.application.reports.reservation_csv import COLUMNS, header_row
from holdfast.application.reports.reservations import export_reservations
from holdfast.domain.formulas import defused
from reports.sold_event import sell_by_sql

CSV = {"Accept": "text/csv"}


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_the_file_has_what_the_list_has(api):
    event_id, _ = await api.event_on_sale(seats=0, name="Fête", currency="EUR")
    wanted = [{"seat_number": number, "price": 5} for number in ('1 "A", left', "Süd-2", "席-3", "=4")]
    await api.post(f"/events/{event_id}/seats/bulk", {"seats": wanted})
    seats = (await api.get(f"/events/{event_id}/seats")).json()
    for seat in seats:
        await api.reserve(event_id, [seat["id"]], user="ann")
    first = (await api.get(f"/events/{event_id}/reservations")).json()[0]
    await api.confirm(first["id"])
    listed = (await api.get(f"/events/{event_id}/reservations")).json()
    answer = await api.get(f"/events/{event_id}/reservations", headers={"Accept": "text/csv, */*;q=0.1"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="reservations-{event_id}.csv"'
    assert answer.headers["event-version"] == "6"
    assert answer.content.startswith(header_row())
    assert answer.content.count(b"\r\n") == 5
    text = answer.content.decode()
    rows = rows_of(text)
    assert [row["reservation_id"] for row in rows] == [one["id"] for one in listed]
    assert [row["status"] for row in rows] == ["confirmed", "pending", "pending", "pending"]
    for row, one in zip(rows, listed, strict=True):
        assert tuple(row) == COLUMNS
        assert row["seat_numbers"] == ", ".join(one["seat_numbers"]).replace("=4", "'=4")
        assert row["seat_ids"] == " ".join(one["seat_ids"])
        assert (row["seats"], row["prices"], row["total_amount"], row["currency"]) == ("1", "5", "5", "EUR")
        assert row["created_at"] == one["created_at"]
        assert row["confirmed_at"] == one.get("confirmed_at", "")
    filtered = await api.get(f"/events/{event_id}/reservations?status=pending&user_id=ann&limit=1", headers=CSV)
    assert [row["reservation_id"] for row in rows_of(filtered.text)] == [one["id"] for one in listed[1:]]
    rest = await api.get(f"/events/{event_id}/reservations?after={listed[1]['id']}", headers=CSV)
    assert [row["reservation_id"] for row in rows_of(rest.text)] == [one["id"] for one in listed[2:]]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("buyer-42", "buyer-42"),
        ("shop:ann@example.com", "shop:ann@example.com"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("a\t=1", "a\t'=1"),
        ('a,"=1', "a,\"'=1"),
    ],
)
def test_no_text_becomes_a_formula(text, safe):
    """Also where a spreadsheet separates by semicolons or tabs and takes quotation marks literally."""
    assert defused(text) == safe


async def test_a_buyer_cannot_plant_a_formula(api):
    event_id, seats = await api.event_on_sale(seats=1)
    await api.reserve(event_id, seats, user="=cmd()|'x'!A1,\"=2\"")
    (row,) = rows_of((await api.get(f"/events/{event_id}/reservations", headers=CSV)).text)
    assert row["user_id"] == "'=cmd()|'x'!A1,\"'=2\""


async def test_only_the_head_and_parts_of_it(api):
    event_id, seats = await api.event_on_sale(seats=1)
    await api.reserve(event_id, seats)
    path = f"/events/{event_id}/reservations"
    head = await api.call("HEAD", path, headers=CSV)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/csv")
    whole = await api.get(path, headers={**CSV, "Range": "bytes=0-3"})
    assert whole.status_code == 200
    assert whole.headers["accept-ranges"] == "none"
    assert len(rows_of(whole.text)) == 1
    none, _ = await api.event_on_sale(seats=0)
    assert (await api.get(f"/events/{none}/reservations", headers=CSV)).content == header_row()


@pytest.fixture
def _small_pages(monkeypatch):
    monkeypatch.setattr(export, "PAGE_RESERVATIONS", 10)


async def test_the_file_is_cut_off_if_the_database_goes_away(database_url, monkeypatch):
    """Its end is missing, so no client takes it for the whole file; what came can be continued."""
    monkeypatch.setattr(insistence, "PAUSE_SECONDS", 0.01)
    event_id = await sell_by_sql(database_url, 8_000)
    path = f"/events/{event_id}/reservations"
    async with between(database_url) as proxy, api_with(database_url=proxy.url) as api:
        async with api.http.stream("GET", "/api/v1" + path, headers=CSV) as answer:
            assert answer.status_code == 200
            pieces = answer.aiter_text()
            text = await anext(pieces)
            await proxy.go_away()
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                text += "".join([piece async for piece in pieces])
        proxy.away = False
        whole = text[: text.rindex("\r\n") + 2]
        rows = rows_of(whole)
        assert 0 < len(rows) < 8_000
        rest = await api.get(f"{path}?after={rows[-1]['reservation_id']}", headers=CSV)
        rows += rows_of(rest.text)
        assert len({row["reservation_id"] for row in rows}) == len(rows) == 8_000


async def test_a_database_that_is_away_from_the_start_is_503(database_url, monkeypatch):
    monkeypatch.setattr(insistence, "PAUSE_SECONDS", 0.01)
    event_id = await sell_by_sql(database_url, 3)
    async with between(database_url) as proxy, api_with(database_url=proxy.url) as api:
        await proxy.go_away()
        problem = refused(await api.get(f"/events/{event_id}/reservations", headers=CSV), 503, "unavailable")
        assert problem["outcome"] == "none"


async def open_export(engine, event_id, **wanted):
    _, opened = await export_reservations(engine.reports, event_id, Filter(**wanted), after=None, header=b"")
    return opened


@pytest.mark.usefixtures("_small_pages")
async def test_no_connection_waits_for_a_slow_client_and_few_exports_are_under_way(database_url, monkeypatch):
    monkeypatch.setattr(export, "EXPORTS_MAX", 2)
    event_id = await sell_by_sql(database_url, 50)
    async with open_engine(database_url) as engine:
        slow = [(await open_export(engine, event_id)).frames() for _ in range(2)]
        for frames in slow:
            await anext(frames)
        # Other work of the engine, such as asking how far upgrades are finished, may be using the pool just now.
        await until(lambda: engine.views.charts._large_pool.busy == engine.views.charts._pool.busy == 0)
        with pytest.raises(Unavailable):
            await open_export(engine, event_id)
        for frames in slow:
            await frames.aclose()
        assert engine.reports.exports.under_way == 0
        monkeypatch.setattr(export, "EXPORT_SECONDS_MAX", 0.0)
        late = (await open_export(engine, event_id)).frames()
        await anext(late)
        with pytest.raises(ConnectionLost):
            await anext(late)


@pytest.mark.usefixtures("_small_pages")
async def test_a_file_whose_state_was_lost_with_a_failover_is_cut_off(database_url):
    event_id = await sell_by_sql(database_url, 25)
    async with open_engine(database_url) as engine:
        frames = (await open_export(engine, event_id)).frames()
        await anext(frames)
        await sql(database_url, "DELETE FROM changes WHERE version = 51")
        with pytest.raises(ConnectionLost, match="failover"):
            [_ async for _ in frames]


@pytest.mark.slow
async def test_a_long_file_is_never_in_memory_as_a_whole(database_url):
    """`loadtest/export_reservations.py` does it with a million."""
    event_id = await sell_by_sql(database_url, 20_000)
    async with open_engine(database_url) as engine:
        sent, largest, most_alive = 0, 0, 0
        frames = (await open_export(engine, event_id)).frames()
        async for frame in frames:
            sent += len(frame)
            largest = max(largest, len(frame))
            if sent % 7 == 0:
                most_alive = max(most_alive, sum(type(one) is ReportedReservation for one in gc.get_objects()))
    assert sent > 4_000_000
    assert largest < 300_000
    assert 0 < most_alive <= 2 * export.PAGE_RESERVATIONS


@pytest.mark.slow
async def test_a_stalled_reader_is_in_nobodys_way(database_url):
    event_id = await sell_by_sql(database_url, 10_000)
    path = f"/api/v1/events/{event_id}/reservations"
    async with api_with(database_url=database_url) as api, api.http.stream("GET", path, headers=CSV) as answer:
        assert answer.status_code == 200  # and nothing of the body is read
        for _ in range(20):
            assert (await api.get(f"/events/{event_id}/seats/available/count")).json() == {"count": 0}
