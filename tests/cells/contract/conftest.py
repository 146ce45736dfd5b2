"""The API as its own tests know it, with every event in a second cell."""

from collections.abc import AsyncIterator

import pytest

from api.serving import Api, api_with
from box_office import sql
from cells.conftest import add_cell


@pytest.fixture
async def settings(database_url, other_database_url, redis_url) -> dict:
    """`database_url` is the second cell, so that what tests look up there is what the API has stored."""
    await add_cell(other_database_url, database_url, 1)
    await sql(other_database_url, "INSERT INTO cells (number, name, added_at, drained_at) VALUES (0, '', now(), now())")
    return {
        "database_url": other_database_url,
        "redis_url": redis_url,
        "cells": f'{{"1": {{"url": "{database_url}"}}}}',
    }


@pytest.fixture
async def api(settings) -> AsyncIterator[Api]:
    async with api_with(**settings) as served:
        yield served


@pytest.fixture
def api_where(settings):
    def open_api(**more):
        return api_with(**settings | more)

    return open_api
