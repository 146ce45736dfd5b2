import pytest

import domain.profile  # noqa: F401 - the profile of Hypothesis
from box_office import open_engine


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


@pytest.fixture
async def other_engine(database_url):
    """Another node on the same database."""
    async with open_engine(database_url) as engine:
        yield engine
