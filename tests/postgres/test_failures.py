"""How each error of PostgreSQL, the driver and the network is classified."""

import re
import socket
import ssl

import asyncpg
import pytest
from structlog.testing import capture_logs

from holdfast.application.failures import ConnectionLost, GuardMismatch, Obstructed
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.driver.failures import constraint_of, translated, translation_of
from holdfast.server_urls.cells import Cell

HOME, EAST = Cell(0, "postgresql://"), Cell(1, "postgresql://")
LOST, CONTENDED, OBSTRUCTED, BUG = "ConnectionLost", "Contended", "Obstructed", "a bug"

CLASSES = {
    "00": OBSTRUCTED,  # nothing of classes 00 to 0Z is ever raised for a statement of ours
    "01": OBSTRUCTED,
    "02": OBSTRUCTED,
    "03": OBSTRUCTED,
    "08": LOST,
    "09": OBSTRUCTED,
    "0A": OBSTRUCTED,
    "0B": OBSTRUCTED,
    "0F": OBSTRUCTED,
    "0L": OBSTRUCTED,
    "0P": OBSTRUCTED,
    "0Z": OBSTRUCTED,
    "10": OBSTRUCTED,
    "20": OBSTRUCTED,
    "21": BUG,
    "22": BUG,
    "23": BUG,
    "24": OBSTRUCTED,
    "25": OBSTRUCTED,
    "26": OBSTRUCTED,  # a pooler in between that does not keep prepared statements
    "27": OBSTRUCTED,
    "28": OBSTRUCTED,
    "2B": OBSTRUCTED,
    "2D": OBSTRUCTED,
    "2F": OBSTRUCTED,
    "34": OBSTRUCTED,
    "38": OBSTRUCTED,
    "39": OBSTRUCTED,
    "3B": OBSTRUCTED,
    "3D": OBSTRUCTED,
    "3F": OBSTRUCTED,
    "40": CONTENDED,
    "42": OBSTRUCTED,
    "44": BUG,
    "53": CONTENDED,
    "54": OBSTRUCTED,
    "55": OBSTRUCTED,
    "57": OBSTRUCTED,
    "58": LOST,
    "72": OBSTRUCTED,
    "F0": OBSTRUCTED,
    "HV": OBSTRUCTED,
    "P0": BUG,
    "XX": OBSTRUCTED,
}
"""PostgreSQL's appendix of error codes, class by class."""

SINGLE = {
    "22P05": OBSTRUCTED,
    "25006": LOST,
    "25P03": LOST,
    "25P04": LOST,
    "53300": LOST,
    "55006": CONTENDED,
    "55P03": CONTENDED,
    "57014": CONTENDED,
    **dict.fromkeys(["57P01", "57P02", "57P03", "57P04", "57P05"], LOST),
    **dict.fromkeys(["42000", "42601", "42602", "42622", "42712", "42803", "42939"], BUG),
    **dict.fromkeys(["42P02", "42P08", "42P09", "42P18", "42P19", "42P20"], BUG),
}
"""Codes that are classified differently from the rest of their class."""


def states():
    """Every SQLSTATE that the driver knows, and an unknown one of each class."""
    known = {getattr(one, "sqlstate", None) for one in vars(asyncpg.exceptions).values()}
    return sorted({state for state in known if state} | {f"{first}ZZZ" for first in CLASSES} | {"ZZ123"})


def said(state, severity="ERROR"):
    return asyncpg.PostgresError.new({"C": state, "M": "the server said so", "S": severity, "V": severity})


def taken_for(error):
    translation = translation_of(error)
    return BUG if translation is None else type(translation).__name__


def test_every_sqlstate_of_every_class_is_taken_for_what_it_is():
    wrong = {}
    for state in states():
        expected = SINGLE.get(state, CLASSES.get(state[:2], OBSTRUCTED))
        if (found := taken_for(said(state))) != expected:
            wrong[state] = found, expected
    assert wrong == {}
    assert len(states()) > 250


@pytest.mark.parametrize("state", ["42601", "23505", "P0001", "XX000", "28P01", "ZZ123"])
@pytest.mark.parametrize("severity", ["FATAL", "PANIC"])
def test_whatever_ends_the_connection_is_a_lost_connection(state, severity):
    assert taken_for(said(state, severity)) == LOST


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.exceptions.InvalidCachedStatementError("cached plan must not change result type"), CONTENDED),
        (asyncpg.exceptions.OutdatedSchemaCacheError("outdated"), "OutdatedRowType"),
        (asyncpg.exceptions.ProtocolError("unexpected message"), LOST),
        (asyncpg.InterfaceError("connection was closed in the middle of operation"), LOST),
        (asyncpg.InterfaceError("cannot perform operation: another operation is in progress"), LOST),
        (asyncpg.exceptions.UnsupportedClientFeatureError("no such feature"), LOST),
        (asyncpg.exceptions.TargetServerAttributeNotMatched("no primary"), LOST),
        (asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"), BUG),
        (asyncpg.DataError("invalid input for query argument $1"), BUG),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), LOST),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), LOST),
        (ConnectionResetError(), LOST),
        (TimeoutError(), LOST),
        (EOFError(), LOST),
        (RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed"), LOST),
        (RuntimeError("something else"), BUG),
        (ZeroDivisionError(), BUG),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_the_driver_and_the_network_say(error, expected):
    assert taken_for(error) == expected


def test_a_guarding_constraint_is_known_by_its_name():
    violation = asyncpg.PostgresError.new({"C": "23505", "M": "duplicate key", "n": "claims_pkey", "S": "ERROR"})
    assert isinstance(translation_of(violation), GuardMismatch)


def test_a_node_of_citus_that_is_lost_is_a_lost_connection():
    """Everything else of class XX is an obstruction, after which nothing would be in doubt."""
    said_by_citus = {"C": "XX000", "M": "failure on connection marked as essential: 10.0.0.7:5432", "S": "ERROR"}
    assert taken_for(asyncpg.PostgresError.new(said_by_citus)) == LOST
    unreachable = "connection to the remote node holdfast@10.0.0.7:5432 failed with the following error: refused"
    assert taken_for(asyncpg.PostgresError.new({"C": "08006", "M": unreachable, "S": "ERROR"})) == LOST
    assert taken_for(asyncpg.PostgresError.new({**said_by_citus, "M": "cache lookup failed"})) == OBSTRUCTED


@pytest.mark.parametrize("name", ["claims_pkey_102053", "reservations_idempotency_key_1", "events_counters_check_10"])
def test_a_guarding_constraint_of_a_shard_is_known_too(name):
    violation = asyncpg.PostgresError.new({"C": "23505", "M": "duplicate key", "n": name, "S": "ERROR"})
    assert isinstance(translation_of(violation), GuardMismatch)


def test_a_shard_s_number_is_all_that_is_taken_off_a_constraint_s_name():
    def named(name):
        return constraint_of(asyncpg.PostgresError.new({"C": "23505", "M": "duplicate key", "n": name, "S": "ERROR"}))

    assert named("seats_number_key_102011") == "seats_number_key"
    assert named("seats_number_key") == "seats_number_key"
    assert named("claims_pkey2_7") == "claims_pkey2"
    assert constraint_of(said("23505")) is None


async def test_no_constraint_of_ours_ends_like_a_shard_s(database_url):
    connection = await asyncpg.connect(database_url)
    names = await connection.fetch("SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace")
    await connection.close()
    assert len(names) > 20
    assert [row["conname"] for row in names if re.search(r"_[0-9]+$", row["conname"])] == []


def test_one_kind_is_written_to_the_log_once_in_a_while():
    with capture_logs() as logs:
        for _ in range(50):
            with pytest.raises(Obstructed), translated(HOME):
                raise said("42ZZZ")
    (warned,) = [entry for entry in logs if entry["event"] == "database_failed"]
    assert (warned["log_level"], warned["kind"], warned["sqlstate"]) == ("warning", "obstructed", "42ZZZ")


def test_the_same_trouble_of_two_cells_is_written_to_the_log_for_each():
    """Operators must see which database it is. One that is noisy must not silence another."""
    with capture_logs() as logs:
        for cell in (HOME, EAST, HOME, EAST):
            with pytest.raises(Obstructed), translated(cell):
                raise said("42YYY")
    assert [entry["cell"] for entry in logs if entry["event"] == "database_failed"] == [0, 1]


@pytest.mark.parametrize(
    "url", ["postgresql://no.such.host.invalid/x", "postgresql://127.0.0.1:1/x", "postgresql://a..b/x"]
)
async def test_nothing_that_keeps_from_connecting_is_a_bug(url):
    with pytest.raises(ConnectionLost):
        await connect(url, application_name="test", timeouts=Timeouts())
