"""An engine, and an archive in a folder."""

import pytest

from archive.past_events import open_archive
from box_office import open_engine


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


@pytest.fixture
async def archive(database_url, tmp_path):
    async with open_archive(database_url, tmp_path) as archive:
        yield archive
