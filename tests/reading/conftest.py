import pytest

import domain.profile  # noqa: F401 - the profile of Hypothesis
from box_office import open_desk


@pytest.fixture
async def desk(database_url):
    async with open_desk(database_url) as desk:
        yield desk


@pytest.fixture
async def other_desk(database_url):
    """Another node on the same database."""
    async with open_desk(database_url) as desk:
        yield desk
