"""Minutes, hours and days of a time zone, also where its clocks are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import domain.profile  # noqa: F401 - the profile of Hypothesis
from holdfast.application.reports.buckets import BUCKETS_MAX, Bucket, edges
from holdfast.domain.refusal import InvalidValue

ZONES = ("UTC", "Asia/Tokyo", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia")
START = datetime(1995, 1, 1, tzinfo=UTC)
LENGTHS = {Bucket.MINUTE: timedelta(minutes=1), Bucket.HOUR: timedelta(hours=1), Bucket.DAY: timedelta(days=1)}


def hours_of_days(zone, first, days):
    zone = ZoneInfo(zone)
    begin = datetime.fromisoformat(first).replace(tzinfo=zone).astimezone(UTC)
    found = edges(Bucket.DAY, zone, begin, begin + timedelta(days=days))
    return [(after - before) / timedelta(hours=1) for before, after in pairwise(found)]


def test_days_have_23_and_25_hours_where_clocks_change():
    assert hours_of_days("Europe/Berlin", "2031-03-29", 3) == [24, 23, 24, 24]
    assert hours_of_days("Europe/Berlin", "2031-10-25", 3) == [24, 25, 24]
    assert hours_of_days("Asia/Tokyo", "2031-03-29", 2) == [24, 24]


def test_a_day_begins_at_one_where_clocks_are_put_forward_at_midnight():
    """In Cairo the last Friday of April 2024 began at one o'clock."""
    zone = ZoneInfo("Africa/Cairo")
    (begin, end) = edges(Bucket.DAY, zone, datetime(2024, 4, 26, 9, tzinfo=UTC), datetime(2024, 4, 26, 10, tzinfo=UTC))
    assert begin.astimezone(zone).isoformat() == "2024-04-26T01:00:00+03:00"
    assert end - begin == timedelta(hours=23)


def test_a_day_that_an_island_skipped_has_no_bucket():
    """Samoa had no 30 December in 2011."""
    zone = ZoneInfo("Pacific/Apia")
    found = edges(Bucket.DAY, zone, datetime(2011, 12, 29, 12, tzinfo=UTC), datetime(2011, 12, 31, 12, tzinfo=UTC))
    assert [edge.astimezone(zone).day for edge in found] == [29, 31, 1, 2]


def test_hours_are_those_of_the_clock_on_the_wall():
    zone = ZoneInfo("Asia/Kathmandu")
    at = datetime(2031, 1, 1, 12, 20, tzinfo=UTC)
    assert edges(Bucket.HOUR, zone, at, at + timedelta(hours=1)) == [
        datetime(2031, 1, 1, hour, 15, tzinfo=UTC) for hour in (12, 13, 14)
    ]


@settings(max_examples=50)
@given(
    bucket=st.sampled_from(Bucket),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    first=st.integers(0, 40 * 366 * 86_400_000_000).map(lambda more: START + timedelta(microseconds=more)),
    share=st.floats(0, 1),
)
def test_buckets_cover_the_range_without_a_gap(bucket, zone, first, share):
    length = LENGTHS[bucket]
    until = first + timedelta(microseconds=1) + 60 * share * length
    found = edges(bucket, zone, first, until)
    assert found[0] <= first < found[1]
    assert found[-2] < until <= found[-1]
    slack = timedelta(0) if bucket is Bucket.MINUTE else timedelta(hours=1)
    for before, after in pairwise(found):
        assert before < after
        assert length - slack <= after - before <= length + slack or bucket is Bucket.DAY
        local = before.astimezone(zone)
        if bucket is Bucket.DAY:
            assert (before - timedelta(microseconds=1)).astimezone(zone).date() < local.date()
    assert edges(bucket, zone, found[0], found[-1]) == found


def test_no_more_than_two_thousand():
    first = datetime(2031, 1, 1, tzinfo=UTC)
    whole = first + timedelta(minutes=BUCKETS_MAX)
    assert len(edges(Bucket.MINUTE, ZoneInfo("UTC"), first, whole)) == BUCKETS_MAX + 1
    with pytest.raises(InvalidValue):
        edges(Bucket.MINUTE, ZoneInfo("UTC"), first, whole + timedelta(microseconds=1))
