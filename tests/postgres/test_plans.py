"""The hot statements find everything by indexes, in empty tables and in full ones, with or without statistics."""

import pytest

from box_office import sql
from databases import create, drop
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.driver.queries import load_queries
from postgres.planning import FULL, arguments_of, nodes_of, nodes_of_statement

pytestmark = pytest.mark.xdist_group("plans")
LOOKED_UP_BY = {
    "events_pkey": ("(id = ",),
    "seats_pkey": ("(id = ", "(event_id = "),
    "claims_pkey": ("(seat_id = ", "(event_id = "),
    "reservations_pkey": ("(id = ",),
    "channels_pkey": ("(event_id = ",),
    "channel_seats_pkey": ("(seat_id = ", "(event_id = "),
    "channel_seats_channel_idx": ("(event_id = ", "(channel_key = "),
    "categories_pkey": ("(event_id = ",),
    "halls_pkey": ("(event_id = ",),
    "changes_pkey": ("(event_id = ", "(version "),
    "changes_of_holds_idx": ("(reservation_id = ", "(detail = "),
    "reservations_of_buyer_idx": ("(event_id = ", "(user_id = "),
    "reservations_of_event_idx": ("(event_id = ", "(status = ", "(created_version < "),
    "reservations_user_idx": ("(user_id)::text = ",),
    "events_upcoming_idx": ("ROW(start_at, id) > ",),
    "reservations_idempotency_key": ("(idempotency_key = ", "(user_id = ", "(event_id = "),
}
"""What a look-up by each index must compare: with less it goes through all rows of an event, or of everybody."""
OF_LISTS = {
    "reservations_of_event_idx",
    "reservations_user_idx",
    "channel_seats_channel_idx",
    "halls_pkey",
    "events_upcoming_idx",
}
"""Indexes that the load of a batch may not use: it would go through all rows of an event, or of a user."""


@pytest.fixture(scope="module", params=["empty", "full", "full and analyzed"])
def filled_url(request, servers, _template, _in_own_loop):
    """A database for all tests here: filling it takes seconds, and they only have plans made."""
    name = _in_own_loop(create(servers.postgres_url, _template))
    url = servers.database(name)
    if request.param != "empty":
        _in_own_loop(sql(url, "ALTER TABLE events SET (autovacuum_enabled = off)"))
        _in_own_loop(sql(url, FULL))
    if request.param == "full and analyzed":
        _in_own_loop(sql(url, "ANALYZE"))
    yield url
    _in_own_loop(drop(servers.superuser_url, name))


@pytest.fixture
async def connection(filled_url):
    connection = await connect(filled_url, application_name="test", timeouts=Timeouts())
    yield connection
    await connection.close()


HOT = [
    ("booking/batch", "lock_event"),
    ("booking/batch", "lock_event_unless_locked"),
    ("booking/batch", "event_exists"),
    ("booking/batch", "locked_version"),
    ("booking/batch", "lock_idle_events"),
    ("booking/batch", "log_from"),
    ("booking/batch", "load_batch"),
    ("booking/store", "store_new_holds"),
    ("booking/store", "store_batch"),
    ("booking/store", "store_channels"),
    ("booking/batch", "reservation_owners"),
    ("booking/batch", "overdue_events"),
    ("booking/seating", "event_of_seats"),
    ("booking/seating", "seats_of_channels"),
    ("booking/seating", "seats_to_choose"),
    ("catalogue/catalogue", "cancel_holds_of_deleted_event"),
    ("catalogue/catalogue", "event_after_lock"),
    ("catalogue/halls", "categories"),
    ("catalogue/halls", "used_categories"),
    ("catalogue/halls", "was_ever_held"),
    ("catalogue/halls", "stored_seats"),
    ("reading/halls", "categories"),
    ("reading/reads", "events_of"),
    ("reading/list_keys", "keys_of_events_of"),
    ("reading/halls", "hall"),
    ("reading/layouts", "event"),
    ("reading/layouts", "seats"),
    ("reading/seat_maps", "freshness"),
    ("reading/seat_maps", "load_maps"),
    ("reading/seat_maps", "added_seats"),
    ("reading/seat_maps", "list_page"),
    ("reading/seat_maps", "positions"),
    ("reading/seat_maps", "mark"),
    ("reading/storefront", "upcoming"),
    ("reading/storefront", "on_sale"),
    ("reading/storefront", "booked"),
    ("reading/storefront", "booked_events"),
    ("reading/storefront", "live_at"),
    ("reports/reservations", "event_on_report"),
    ("reports/reservations", "mark_of_event"),
    ("reports/reservations", "place_of_reservation"),
    ("reports/reservations", "reservations_of_event"),
    ("reports/reservations", "reservations_of_user_in_event"),
    ("reports/sales", "sums_of_log"),
    ("tickets/tickets", "seats_of_tickets"),
]


LISTS_EVENTS = {"events_newest_idx", "events_published_idx", "events_drafts_idx", "events_pkey"}
"""The first only in a branch for those who see all drafts."""

INDEXES = [
    ("booking/batch", "overdue_events", {"reservations_pending_idx", "channels_due_idx", "events_pkey"}),
    ("booking/batch", "log_from", {"changes_pkey"}),
    ("booking/batch", "archived_reservations", {"archived_reservations_pkey"}),
    ("reading/reads", "archived_reservation", {"archived_reservations_pkey"}),
    ("identity/reads", "owners_of_archived_reservations", {"archived_reservations_pkey", "events_pkey"}),
    ("booking/batch", "load_batch", {*LOOKED_UP_BY, "reservations_pending_idx"} - OF_LISTS),
    ("booking/store", "store_channels", {"channels_pkey", "channel_seats_channel_idx", "claims_pkey"}),
    ("booking/store", "store_new_holds", {"events_pkey"}),
    ("booking/store", "store_batch", {"events_pkey", "reservations_pkey", "claims_pkey"}),
    ("catalogue/catalogue", "cancel_holds_of_deleted_event", {"reservations_pending_idx", "claims_pkey"}),
    ("reading/reads", "events", LISTS_EVENTS),
    ("reading/reads", "event_stamps", LISTS_EVENTS),
    ("reading/reads", "reservations", {"reservations_user_idx"}),
    ("reading/list_keys", "event_keys", LISTS_EVENTS - {"events_pkey"}),
    ("reading/list_keys", "reservation_keys", {"reservations_user_idx"}),
    ("reading/list_keys", "booked_keys", {"reservations_user_idx"}),
    ("reading/seat_maps", "list_page", {"seats_number_key", "categories_pkey"}),
    ("reading/storefront", "upcoming", {"events_upcoming_idx", "categories_pkey", "channels_pkey"}),
    ("reading/storefront", "on_sale", {"events_pkey", "categories_pkey", "channels_pkey"}),
    ("reading/storefront", "live_at", {"reservations_of_buyer_idx"}),
    (
        "reports/reservations",
        "reservations_of_event",
        {"reservations_of_event_idx", "reservations_pending_idx", "seats_pkey"},
    ),
    ("reports/reservations", "reservations_of_user_in_event", {"reservations_user_idx", "seats_pkey"}),
    ("tickets/tickets", "seats_of_tickets", {"seats_pkey"}),
]


async def test_hot_statements_look_up_each_row_by_its_whole_key(connection):
    """Plans are kept, so one made on empty tables must be good on full ones."""
    for file_name, name in HOT:
        nodes = await nodes_of(connection, file_name, name, await arguments_of(connection, name))
        assert nodes, f"{name}: nothing was planned"
        allowed = {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
        for node in nodes:
            told = f"{name}: {node['Node Type']} on {node['Relation Name']}: {node.get('Index Cond')}"
            assert node["Node Type"] in allowed, told
            assert node["Index Name"], told
            for compared in LOOKED_UP_BY.get(node.get("Index Name"), ()):
                assert compared in node["Index Cond"], told

    for file_name, name, indexes in INDEXES:
        nodes = await nodes_of(connection, file_name, name, await arguments_of(connection, name))
        found = {"categories_pkey" if node["Index Name"] == "categories_key" else node["Index Name"] for node in nodes}
        assert found == indexes, name  # both indexes of categories begin with the event


async def test_whether_a_hold_is_overdue_is_found_by_its_time(connection):
    """A volatile clock is not compared in an index: every reading would go through all holds of the event."""
    query = load_queries("reading/seat_maps")["freshness"]
    steady = query.sql
    volatile = steady.replace("(SELECT clock_timestamp())", "clock_timestamp()")
    assert volatile != steady
    arguments = query.arguments(await arguments_of(connection, "freshness"))
    for statement, compares in ((steady, True), (volatile, False)):
        nodes = await nodes_of_statement(connection, statement, arguments)
        (holds,) = (node for node in nodes if node["Relation Name"] == "reservations")
        assert ("(expires_at <= " in holds.get("Index Cond", "")) == compares, holds
        if compares:
            assert holds["Index Name"] == "reservations_pending_idx"
