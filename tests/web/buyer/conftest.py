"""A hall on sale, and readers of pages."""

import pytest

from pages.house import House, Show


@pytest.fixture
def house(api, database_url) -> House:
    return House(str(api.http.base_url), api, database_url)


@pytest.fixture
async def show(house) -> Show:
    """A concert in a small hall, on sale."""
    return await house.show()
