"""Several hosts in DATABASE_URL: a silent one only uses up its own time."""

import socket
import time

import asyncpg
import pytest

from holdfast.infrastructure.postgres.driver.hosts import connect_to_one_of
from holdfast.server_urls import postgres


@pytest.fixture
def silent_port():
    """A port that accepts connections and never sends anything, like a host whose packets are lost."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _with_hosts(database_url: str, *ports: int) -> str:
    login, _, rest = database_url.rpartition("@")
    place, _, name = rest.partition("/")
    return f"{login}@{','.join(f'127.0.0.1:{port}' for port in ports)},{place}/{name}"


async def test_a_silent_host_leaves_the_next_one_its_time_and_is_asked_last_from_then_on(database_url, silent_port):
    url = postgres.checked(_with_hosts(database_url, silent_port))
    begin = time.monotonic()
    connection = await connect_to_one_of(url, timeout=2)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    first = time.monotonic() - begin

    begin = time.monotonic()
    await (await connect_to_one_of(url, timeout=2)).close()
    assert time.monotonic() - begin < first / 2


async def test_when_no_host_takes_us_the_driver_s_words_are_given(database_url):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    login = database_url.rpartition("@")[0]
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await connect_to_one_of(f"{login}@127.0.0.1:{closed},127.0.0.1:{closed}/x", timeout=2)


async def test_a_server_that_only_reads_is_passed_by(database_url):
    connection = await asyncpg.connect(database_url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    port = await connection.fetchval("SHOW port")
    await connection.close()
    with pytest.raises(asyncpg.exceptions.TargetServerAttributeNotMatched):
        await connect_to_one_of(postgres.checked(_with_hosts(database_url, port)), timeout=5)
