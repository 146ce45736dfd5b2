"""How an event sells is not told to everybody where callers are known."""

import socket

import httpx
import pytest

from api.serving import api_with
from box_office import open_engine, put_on_sale
from holdfast.telemetry import processes
from holdfast.telemetry.exposition import exposition
from holdfast.telemetry.installation import OF_EVENTS, EventSeats, Totals, installation
from races.waiting import until

ISSUER = '{"shop": {"issuer": "http://127.0.0.1:9", "audience": "shop"}}'
GUARDED = [
    {"auth_mode": "gateway", "gateway_peers": "127.0.0.1"},
    {"auth_mode": "tokens", "oidc_issuers": ISSUER},
]
TOTALS = Totals(1, 2, 0, 0.0, 0.0, [EventSeats("e", "Secret Guest", 5, 1, 2)])


def lines_of_events(text):
    return [line for line in text.splitlines() if "event_seats" in line or "Secret Guest" in line]


@pytest.fixture
def published():
    """This process leads, and has published."""
    installation.publish(TOTALS)
    yield
    installation.withdraw()


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("mode", GUARDED, ids=["gateway", "tokens"])
async def test_the_port_of_the_api_has_no_series_of_events(database_url, mode):
    async with api_with(database_url=database_url, **mode) as api:
        text = (await api.http.get("/metrics")).text
    assert lines_of_events(text) == []
    assert 'active_reservations{status="confirmed"} 2.0' in text, "totals are there"


async def test_a_node_has_them_on_a_port_of_its_own(database_url):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with open_engine(database_url) as engine:
        await put_on_sale(engine, 3, name="Secret Guest")
    async with (
        api_with(database_url=database_url, metrics_port=port, **GUARDED[1]) as api,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as own,
    ):

        async def told():
            return lines_of_events((await own.get("/metrics")).text)

        await until(told)  # it has to lead first
        assert lines_of_events((await api.http.get("/metrics")).text) == []


def test_what_another_process_of_the_node_has_published_is_cut_too(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "folder", lambda: tmp_path)
    monkeypatch.setattr(processes, "place", lambda: "1")
    installation.publish(TOTALS)
    try:
        assert len(lines_of_events(exposition().decode())) == 5
        text = exposition(of_events=False).decode()
    finally:
        installation.withdraw()
    assert lines_of_events(text) == []
    assert 'active_reservations{status="pending"} 1.0' in text


def test_every_family_with_a_label_for_events_is_known():
    labelled = {family.name for family in installation.describe() if {"event", "event_id"} & set(family._labelnames)}
    assert labelled == OF_EVENTS
