"""How long the count of holds that a buyer let go is kept: longer than a hold can last."""

import pytest

from holdfast.bootstrap.hoarding import _limits_from
from holdfast.settings import Settings


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 2700),
        ({"hold_extensions_max": 0}, 900),
        ({"hold_extensions_max": 1}, 1800),
        ({"hold_extensions_max": 50}, 2700),
        ({"hold_seconds": 60, "hold_seconds_total_max": 100}, 100),
        ({"hold_seconds": 600, "hold_seconds_total_max": 100}, 600),
    ],
)
def test_extensions_count(given, seconds):
    """By `HOLD_SECONDS` alone, who extended each hold three quarters of an hour long was forgotten before it ended."""
    assert _limits_from(Settings(**given)).hold_seconds == seconds
