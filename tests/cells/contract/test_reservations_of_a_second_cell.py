"""The tests of reservations once more, with every event in a second cell."""

from api.test_reservations import *  # noqa: F403 - the fixtures of this folder are what differs
