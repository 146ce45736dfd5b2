"""Servers where people sign in, with passwords that are hashed quickly."""

from contextlib import asynccontextmanager

import pytest

from api.serving import api_with
from identity.offices import QUICK, open_identity
from web.visiting import Browser


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    monkeypatch.setattr("holdfast.bootstrap.identity.Argon2Hasher", lambda: QUICK)


@pytest.fixture
def serving(database_url):
    """Serve the pages: `async with serving(auth_mode="tokens") as (api, browser)`."""

    @asynccontextmanager
    async def serve(*, auth_mode="tokens", language="en", **settings):
        async with (
            api_with(database_url=database_url, auth_mode=auth_mode, **settings) as api,
            Browser(str(api.http.base_url), language=language) as browser,
        ):
            yield api, browser

    return serve


@pytest.fixture
async def identity(database_url):
    async with open_identity(database_url) as identity:
        yield identity
