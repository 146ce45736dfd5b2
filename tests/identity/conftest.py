import pytest

from faults.proxy import between
from identity.offices import open_identity


@pytest.fixture
async def identity(database_url):
    async with open_identity(database_url) as identity:
        yield identity


@pytest.fixture
async def proxy(database_url):
    async with between(database_url) as proxy:
        yield proxy
    assert proxy.cancel_requests == 0


@pytest.fixture
async def node(proxy):
    """Another node, which reaches the database through the proxy."""
    async with open_identity(proxy.url) as node:
        yield node
