"""An installation with two cells: two databases of the test's PostgreSQL."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from api.serving import Api, api_with
from box_office import sql
from cells.relay import Relay, relay_to

FIRST_ADDED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class TwoCells:
    """Two cells, and what is between them and Holdfast."""

    urls: list[str]
    """Of the databases themselves."""
    relays: list[Relay]
    redis_url: str

    def settings(self, **more) -> dict:
        cells = {"1": {"url": self.relays[1].url}}
        given = {"database_url": self.relays[0].url, "redis_url": self.redis_url, "cells": json.dumps(cells)}
        return given | {"redis_call_seconds": 0.5} | more

    @asynccontextmanager
    async def api(self, **more) -> AsyncIterator[Api]:
        async with api_with(**self.settings(**more)) as served:
            yield served

    async def drain(self, number: int) -> None:
        await sql(
            self.urls[0],
            "INSERT INTO cells (number, name, added_at, drained_at) VALUES ($1, '', now(), now())"
            " ON CONFLICT (number) DO UPDATE SET drained_at = now()",
            number,
        )

    async def in_cell(self, number: int, statement: str, *arguments) -> list:
        return await sql(self.urls[number], statement, *arguments)


async def add_cell(home_url: str, url: str, number: int, *, added_at: datetime = FIRST_ADDED) -> None:
    """Add a cell as the command does."""
    await sql(url, "UPDATE installation SET cell = $1, cell_added_at = $2", number, added_at)
    await sql(home_url, "UPDATE installation SET cell = 0, cell_added_at = $1", added_at)
    await sql(home_url, "INSERT INTO cells (number, name, added_at) VALUES ($1, '', $2)", number, added_at)


@pytest.fixture
def other_database_url(_databases, _in_own_loop):
    """A second migrated, empty database."""
    url = _in_own_loop(_databases.take())
    yield url
    _in_own_loop(_databases.give_back(url))


@pytest.fixture
async def two_cells(database_url, other_database_url, redis_url):
    await add_cell(database_url, other_database_url, 1)
    async with relay_to(database_url) as home, relay_to(other_database_url) as other:
        yield TwoCells([database_url, other_database_url], [home, other], redis_url)


@pytest.fixture
async def api(two_cells):
    async with two_cells.api() as served:
        yield served


def in_future(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()
