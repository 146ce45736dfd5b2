"""The API's fixtures, since the pages are served beside it, and browsers without a window."""

import pytest

from api.conftest import api, api_where
from web.visiting import Browser

__all__ = ["api", "api_where"]


@pytest.fixture
async def browser(api):
    """A browser that has never been here."""
    async with Browser(str(api.http.base_url)) as browser:
        yield browser


@pytest.fixture
async def another_browser(api):
    async with Browser(str(api.http.base_url)) as browser:
        yield browser
