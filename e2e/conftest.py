"""What every test of the suite gets: the installation, and an event of its own in it."""

import os
from collections.abc import Iterator

import pytest

from e2e.installation import Event, Installation


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """The installation at BASE_URL."""
    address = os.environ.get("BASE_URL", "").rstrip("/")
    if not address:
        pytest.exit("BASE_URL is not set: make e2e BASE_URL=https://tickets.example", returncode=2)
    found = Installation(address, os.environ.get("E2E_TOKEN") or None)
    with found.http, found.anonymous:
        yield found


@pytest.fixture(scope="session")
def event(installation: Installation) -> Iterator[Event]:
    """An event on sale, which is deleted at the end."""
    with installation.event(seats=80) as made:
        yield made


@pytest.fixture
def buyer(installation: Installation) -> str:
    """A buyer of the test's own."""
    return installation.buyer()
