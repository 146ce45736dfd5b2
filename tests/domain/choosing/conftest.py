"""The profile of Hypothesis, and small blocks, so that small halls have several."""

import pytest

import domain.profile  # noqa: F401 - loads it
from holdfast.domain.booking.choosing import packing


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(packing, "BLOCK_BITS", 16)
