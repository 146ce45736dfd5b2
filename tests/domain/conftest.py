"""The profile of Hypothesis, and an event for the tests of decisions."""

import pytest

import domain.profile  # noqa: F401 - loads it
from domain.rows import Rows


@pytest.fixture
def rows():
    return Rows()
