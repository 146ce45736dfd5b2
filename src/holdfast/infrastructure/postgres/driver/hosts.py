"""Connects when DATABASE_URL names several hosts, such as a primary and its standbys."""

from typing import Any

import asyncpg

from holdfast.server_urls.postgres import each_host

_found: dict[str, int] = {}
"""For each URL with several hosts, the one that last accepted a connection. It is tried first, so that a dead host
costs no time."""


async def connect_to_one_of(database_url: str, *, timeout: float, **named: Any) -> asyncpg.Connection:  # noqa: ANN401, ASYNC109 - the driver's own
    """Connect like the driver, but allow `timeout` seconds for each host instead of for all of them.

    A host that is switched off does not answer. It would use up the time of the hosts after it.

    Raises:
        Exception: the driver's error for the last host, if none accepted the connection.
    """
    urls = each_host(database_url)
    first = _found.get(database_url, 0)
    failure: Exception | None = None
    for number in (*range(first, len(urls)), *range(first)):
        try:
            connection: asyncpg.Connection = await asyncpg.connect(urls[number], timeout=timeout, **named)
        except Exception as error:  # noqa: BLE001 - after any failure, another host may accept us
            failure = error
        else:
            if len(urls) > 1:
                _found[database_url] = number
            return connection
    assert failure is not None
    raise failure
