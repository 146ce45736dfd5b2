"""An event whose sold reservations were written by SQL, much faster than they could be made one by one."""

from uuid import UUID

from box_office import sql

EVENT_ID = UUID(int=1)

_FILL = """
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at,
    version, available, reserved, confirmed, pending_reservations, confirmed_reservations)
SELECT {event}, 'Event', '', '', now() + '1 day', now() + '1 day', 2 * {count}, now() - '1 day'::interval, now(),
    1 + 2 * {count}, 0, 0, 2 * {count}, 0, {count};
INSERT INTO seats (id, event_id, seat_number, price, position)
SELECT md5('s' || n)::uuid, {event}, 'S-' || n, 100, n FROM generate_series(1, 2 * {count}) AS n;
INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, prices, status, total_amount,
    created_at, expires_at, confirmed_at, created_version, changed_version)
SELECT md5('r' || n)::uuid, {event}, 'user-' || n % 97, 'key-' || n, '',
    ARRAY[md5('s' || 2 * n - 1)::uuid, md5('s' || 2 * n)::uuid], ARRAY[100, 100], 'confirmed', 200,
    now() - '1 hour'::interval + n * '1 ms'::interval, now(), now(), 2 * n, 2 * n + 1
FROM generate_series(1, {count}) AS n;
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
SELECT {event}, 1, 'seats_added', NULL, '{{}}'::uuid[], now() - '1 hour'::interval
UNION ALL
SELECT event_id, created_version, 'reserved', id, seat_ids, created_at FROM reservations
UNION ALL
SELECT event_id, changed_version, 'confirmed', id, seat_ids, created_at + '1 s'::interval FROM reservations;
ANALYZE reservations, changes, seats
"""


async def sell_by_sql(database_url: str, count: int) -> UUID:
    """Write an event with this many sold reservations of two seats each, and its log."""
    await sql(database_url, _FILL.format(event=f"'{EVENT_ID}'::uuid", count=count))
    return EVENT_ID
