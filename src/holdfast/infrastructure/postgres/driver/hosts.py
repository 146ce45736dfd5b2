"""Connecting where DATABASE_URL names several hosts, such as a primary and its standbys."""

from typing import Any

import asyncpg

from holdfast.server_urls.postgres import each_host

_found: dict[str, int] = {}
"""Of each URL with several hosts, which one took us last: it is asked first, so that a lost one costs no time."""


async def connect_to_one_of(database_url: str, *, timeout: float, **named: Any) -> asyncpg.Connection:  # noqa: ANN401, ASYNC109 - the driver's own
    """Connect as the driver does, with `timeout` seconds for each host, not for all of them.

    A host that is switched off says nothing: it would use up the time of the ones after it.

    Raises:
        Exception: what the driver says of the last host, when none would have us.
    """
    urls = each_host(database_url)
    first = _found.get(database_url, 0)
    failure: Exception | None = None
    for number in (*range(first, len(urls)), *range(first)):
        try:
            connection: asyncpg.Connection = await asyncpg.connect(urls[number], timeout=timeout, **named)
        except Exception as error:  # noqa: BLE001 - whatever it is, another host may take us
            failure = error
        else:
            if len(urls) > 1:
                _found[database_url] = number
            return connection
    assert failure is not None
    raise failure
