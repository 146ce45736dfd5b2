"""Examples for the OpenAPI document. A test validates them against the schemas."""

_EVENT_ID = "01979f3e-6a00-7c3a-9d52-0f3c5a7e1b20"
_SEAT_IDS = ["01979f3e-6a10-7b11-8a01-5d6e7f809101", "01979f3e-6a10-7b11-8a01-5d6e7f809102"]
RESERVATION_ID = "01979f3f-12c0-7e45-b2a3-4c5d6e7f8091"

EVENT_INPUT = {
    "name": "Spring concert",
    "description": "Chamber music in three parts.",
    "venue": "City hall",
    "start_at": "2031-04-12T19:30:00+09:00",
    "end_at": "2031-04-12T22:00:00+09:00",
    "total_seats": 1200,
    "max_seats_per_buyer": 8,
    "published": True,
    "timezone": "Asia/Tokyo",
    "currency": "JPY",
    "sale_opens_at": "2031-02-01T10:00:00+09:00",
    "sale_closes_at": None,
    "confirmation": "buyer",
}
EVENT = {
    **EVENT_INPUT,
    "id": _EVENT_ID,
    "organiser_id": "00000000-0000-7000-8000-000000000000",
    "start_at": "2031-04-12T10:30:00Z",
    "end_at": "2031-04-12T13:00:00Z",
    "sale_opens_at": "2031-02-01T01:00:00Z",
    "created_at": "2031-01-02T03:04:05.678901Z",
    "updated_at": "2031-01-02T03:04:05.678901Z",
}
SEAT_INPUT = {"seat_number": "A-1", "price": 5000, "section": "Stalls", "row": "A"}
SEAT = {**SEAT_INPUT, "id": _SEAT_IDS[0], "event_id": _EVENT_ID, "status": "available"}
NUMBERED_SEATS = {"prefix": "A", "count": 500, "price": 5000}
LISTED_SEATS = {"seats": [SEAT_INPUT, {"seat_number": "A-2", "price": 4500}]}
WISH = {"event_id": _EVENT_ID, "seat_ids": _SEAT_IDS, "idempotency_key": "order-7d1f"}
BEST_AVAILABLE_WISH = {
    "event_id": _EVENT_ID,
    "best_available": {"count": 2, "category": "std", "together": "required"},
    "idempotency_key": "order-7d20",
}
RESERVATION = {
    "id": RESERVATION_ID,
    "event_id": _EVENT_ID,
    "user_id": "buyer-42",
    "seat_ids": _SEAT_IDS,
    "prices": [5000, 4500],
    "status": "pending",
    "total_amount": 9500,
    "created_at": "2031-02-03T04:05:06.789012Z",
    "expires_at": "2031-02-03T04:20:06.789012Z",
}
REPORTED_RESERVATION = {
    **RESERVATION,
    "seat_numbers": ["A-1", "A-2"],
    "extensions": 0,
    "beyond_limit": False,
}
AVAILABILITY = {
    "event_id": _EVENT_ID,
    "version": 42,
    "chart_version": 2,
    "seats": 2,
    "available": 1,
    "bits_per_seat": 2,
    "representation_version": 2,
    "statuses": "BA==",
}
SEAT_MAP = {
    "event_id": _EVENT_ID,
    "chart_version": 2,
    "seats": 2,
    "ids": _SEAT_IDS,
    "seat_numbers": ["A-1", "A-2"],
    "sections": ["Stalls", None],
    "rows": ["A", None],
    "prices": [5000, 4500],
}
CATEGORIES = [
    {"key": "std", "name": "Standard", "color": "#3a7bd5", "price": 9000},
    {"key": "low", "name": "Reduced", "color": "#8bc34a", "price": 6000},
]
HALL = {
    "format": "holdfast-hall/1",
    "sections": [
        {
            "key": "stalls",
            "name": "Stalls",
            "category": "std",
            "rows": [{"label": "A", "count": 20, "start": [0, 0], "end": [400, 0], "bend": 0.1}],
        },
        {"key": "floor", "name": "Floor", "category": "low", "capacity": 1000},
    ],
}
SECTION = {"key": "terrace", "name": "Terrace", "category": "low", "capacity": 200}
HALL_PUT = {"event_id": _EVENT_ID, "seats": 1020, "added": 1020, "removed": 0, "chart_version": 1022}
LAYOUT = {
    "event_id": _EVENT_ID,
    "chart_version": 1022,
    "format": "holdfast-layout/1",
    "seats": 1020,
}
CHANNEL_INPUT = {
    "name": "Fan club",
    "access_code": "the-code-of-this-channel",
    "opens_to_all_at": "2031-02-08T10:00:00+09:00",
}
CHANNEL = {
    "key": "fan-club",
    "name": "Fan club",
    "has_access_code": True,
    "opens_to_all_at": "2031-02-08T01:00:00Z",
    "open": False,
    "seats": 200,
    "kept_back": 180,
}
