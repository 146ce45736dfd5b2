"""These tests look at plans, statistics and the schema itself, so each gets a database that no other test has used."""

import pytest


@pytest.fixture
def database_url(new_database_url):
    return new_database_url
