"""Request bodies with defaults; a test only gives the fields that matter to it."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

from holdfast.application.identifiers import uuid7_series

_numbers = itertools.count(1)


def an_event(**wanted) -> dict:
    """The body of POST /events: opens in 30 days."""
    start_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    return {
        "name": "Spring concert",
        "description": "Chamber music",
        "venue": "City hall",
        "start_at": start_at.isoformat(),
        "end_at": (start_at + timedelta(hours=2)).isoformat(),
        "total_seats": 100,
    } | wanted


def a_past_event(**wanted) -> dict:
    """The body of an event that has begun already."""
    return an_event(start_at="2020-01-01T00:00:00Z", end_at="2020-01-01T02:00:00Z", **wanted)


def a_seat(**wanted) -> dict:
    """The body of POST /events/{event_id}/seats, with a number of its own."""
    return {"seat_number": f"S-{next(_numbers)}", "price": 5000} | wanted


def a_category(key: str = "std", **wanted) -> dict:
    """An entry in the body of PUT /events/{id}/categories."""
    return {"key": key, "name": key.title(), "color": "#3a7bd5", "price": 5000} | wanted


def an_area(key: str = "floor", **wanted) -> dict:
    """A section of a hall for general admission."""
    return {"key": key, "name": key.title(), "category": "std", "capacity": 10} | wanted


def a_row(label: str = "A", count: int = 4, **wanted) -> dict:
    """A row of a section."""
    return {"label": label, "count": count, "start": [0, 0], "end": [100, 0]} | wanted


def a_section(key: str = "stalls", *rows: dict, **wanted) -> dict:
    """A section of a hall, with one row if none is given."""
    return {"key": key, "name": key.title(), "category": "std", "rows": list(rows) or [a_row()]} | wanted


def a_hall(*sections: dict, **wanted) -> dict:
    """The body of PUT /events/{id}/hall."""
    return {"format": "holdfast-hall/1", "sections": list(sections) or [a_section()]} | wanted


def numbered_seats(**wanted) -> dict:
    """The body of a bulk call in form A."""
    return {"prefix": "A", "count": 5, "price": 5000} | wanted


def some_seats(*, count: int = 3, price: int = 5000) -> dict:
    """The body of a bulk call in form B."""
    return {"seats": [a_seat(price=price) for _ in range(count)]}


def a_wish(*, event_id: str, seat_ids: list[str], **wanted) -> dict:
    """The body of POST /reservations, with a key of its own."""
    return {"event_id": event_id, "seat_ids": seat_ids, "idempotency_key": f"key-{next(_numbers)}"} | wanted


def ordered_ids(count: int) -> list[UUID]:
    """Ids of seats, each above the one before."""
    return list(itertools.islice(uuid7_series(), count))
