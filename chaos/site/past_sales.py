"""Finished events with everything that was sold in them, made by PostgreSQL itself: millions of reservations.

They are what the engine would have left, and hold every promise: seats in one bulk call, then the holds of each seat
one after another, of which all but the last expire or are cancelled, and the last is confirmed.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

_ID = "(lpad(to_hex(($3::bigint + e) * 1000), 12, '0') || '70008' || {kind} || lpad(to_hex({number}), 14, '0'))::uuid"
"""A UUIDv7 of cell 0. Its time is that of the event's creation; the rest counts."""
_EVENT = _ID.format(kind="'0'", number="e")
_SEAT = _ID.format(kind="'1'", number="e * 100000 + s")
_MADE = _ID.format(kind="'2'", number="e * 1000000 + r")
_CREATED = "to_timestamp($3::bigint + e)"

# $1, $2: the numbers of the first and last event; $3: the second of the creation of event 0; $4: seats of an event;
# $5: holds of a seat. Hold r is the ((r - 1) / seats + 1)th of seat (r - 1) % seats + 1; it begins at version 2 r.
_EVENTS = """
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at, version,
    available, confirmed, confirmed_reservations)
SELECT <event>, 'Past event ' || e, '', '', <created> + interval '20 days', <created> + interval '20 days 2 hours',
    $4, <created>, <created>, 1 + 2 * $4 * $5, 0, $4, $4
FROM generate_series($1::bigint, $2::bigint) AS e"""
_SEATS = """
INSERT INTO seats (id, event_id, seat_number, price, position)
SELECT <seat>, <event>, 'A-' || s, 5000, s - 1
FROM generate_series($1::bigint, $2::bigint) AS e, generate_series(1, $4::int) AS s"""
_HOLDS = """
SELECT
    e, r, <made> AS id, <event> AS event_id, (r - 1) % $4 + 1 AS s, r > $4 * ($5 - 1) AS sold, 2 * r AS made_version,
    <created> + make_interval(secs => 2 * r) AS made_at, r % 2 = 0 AS cancelled
FROM generate_series($1::bigint, $2::bigint) AS e, generate_series(1, $4::int * $5::int) AS r"""
_RESERVATIONS = """
INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, cancel_reason,
    total_amount, created_at, expires_at, confirmed_at, created_version, changed_version, prices)
SELECT id, event_id, 'buyer-' || e * 7919 % 100003 || '-' || r, id::text, sha256(uuid_send(id)), ARRAY[<seat>],
    CASE WHEN sold THEN 'confirmed' ELSE 'cancelled' END,
    CASE WHEN NOT sold THEN CASE WHEN cancelled THEN 'user' ELSE 'expired' END END, 5000, made_at,
    made_at + CASE WHEN sold OR cancelled THEN interval '15 minutes' ELSE interval '1 second' END,
    CASE WHEN sold THEN made_at + interval '1 second' END, made_version, made_version + 1, '{5000}'
FROM (<holds>) AS holds"""
_CLAIMS = """
INSERT INTO claims (seat_id, event_id, reservation_id, status, expires_at)
SELECT <seat>, event_id, id, 'confirmed', made_at + interval '15 minutes'
FROM (<holds>) AS holds WHERE sold"""
_ADDED = """
INSERT INTO changes (event_id, version, kind, seat_ids, at)
SELECT <event>, 1, 'seats_added', ARRAY(SELECT <seat> FROM generate_series(1, $4::int) AS s), <created>
FROM generate_series($1::bigint, $2::bigint) AS e"""
_LOG = """
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
SELECT event_id, made_version + step.plus, step.kind, id, ARRAY[<seat>], made_at + make_interval(secs => step.plus)
FROM (<holds>) AS holds
CROSS JOIN LATERAL (
    VALUES (0, 'reserved'),
        (1, CASE WHEN sold THEN 'confirmed' WHEN cancelled THEN 'cancelled' ELSE 'expired' END)
) AS step (plus, kind)"""
_PARTS = {"<holds>": _HOLDS, "<event>": _EVENT, "<seat>": _SEAT, "<made>": _MADE, "<created>": _CREATED}


def _whole(statement: str) -> str:
    for name, part in _PARTS.items():
        statement = statement.replace(name, part)
    return statement


_STATEMENTS = tuple(map(_whole, (_EVENTS, _SEATS, _RESERVATIONS, _CLAIMS, _ADDED, _LOG)))


@dataclass(frozen=True, slots=True)
class PastSales:
    """How large each past event was."""

    seats: int = 250
    holds_per_seat: int = 4
    """One of them was sold."""

    @property
    def reservations(self) -> int:
        """The reservations of an event."""
        return self.seats * self.holds_per_seat

    async def add(
        self, connection: "asyncpg.Connection[asyncpg.Record]", first: int, last: int, *, created_at: datetime
    ) -> None:
        """Add the events of these numbers, in one transaction.

        Args:
            connection: Of the tables' owner, or of a role that may write them.
            first: The first event's number; no two events may have the same number and creation.
            last: The last one's.
            created_at: When event 0 was created; the next ones follow each second. Their sale ended 20 days later.
        """
        since = int(created_at.timestamp())
        async with connection.transaction():
            for statement in _STATEMENTS:
                wanted = (first, last, since, self.seats, self.holds_per_seat)
                types = max(number for number in range(1, 6) if f"${number}" in statement)
                await connection.execute(statement, *wanted[:types], timeout=600)
