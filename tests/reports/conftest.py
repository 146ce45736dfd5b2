"""Fixtures for the tests of what organisers read."""

import pytest

from api.serving import api_with


@pytest.fixture
async def api(database_url):
    """A server without Redis and without a worker: nothing ends holds that have run out but the reads themselves."""
    async with api_with(database_url=database_url) as served:
        yield served
