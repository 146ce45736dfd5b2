"""Fixtures for the tests of the API."""

from collections.abc import AsyncIterator

import pytest

from api.serving import Api, api_with


@pytest.fixture
async def api(database_url, redis_url) -> AsyncIterator[Api]:
    async with api_with(database_url=database_url, redis_url=redis_url) as served:
        yield served


@pytest.fixture
def api_where(database_url, redis_url):
    """Serve an API with other settings: `async with api_where(hold_seconds=1) as api`."""

    def open_api(**settings):
        return api_with(**{"database_url": database_url, "redis_url": redis_url} | settings)

    return open_api
