-- try_to_lead
-- Become the one process that tells what is true of the whole installation; the session holds the lock until it ends.
SELECT pg_try_advisory_lock(1215259748, 1)

-- reservations_in_total
-- Count live reservations by the counters of the events, which an invariant compares with the reservations.
SELECT
    coalesce(sum(pending_reservations), 0)::bigint AS pending,
    coalesce(sum(confirmed_reservations), 0)::bigint AS confirmed
FROM events

-- overdue_in_total
-- Count overdue holds and tell how long the oldest is overdue, by a walk along the index of pending reservations.
WITH RECURSIVE clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
),
holding AS (
    (
        SELECT event_id FROM reservations WHERE status = 'pending'
        ORDER BY event_id, expires_at LIMIT 1
    )
    UNION ALL
    SELECT next.event_id
    FROM holding h
    CROSS JOIN LATERAL (
        SELECT r.event_id FROM reservations r
        WHERE r.status = 'pending' AND r.event_id > h.event_id
        ORDER BY r.event_id, r.expires_at LIMIT 1
    ) AS next
)
SELECT
    coalesce(sum(overdue.holds), 0)::bigint AS holds,
    coalesce(max(extract(epoch FROM clock.now - overdue.oldest)), 0)::double precision AS seconds
FROM clock
CROSS JOIN holding h
CROSS JOIN LATERAL (
    SELECT count(*) AS holds, min(r.expires_at) AS oldest
    FROM reservations r
    WHERE r.event_id = h.event_id AND r.status = 'pending' AND r.expires_at <= clock.now
) AS overdue

-- busiest_events
-- Find the events with the most seats taken.
SELECT id, name, available, reserved, confirmed
FROM events
WHERE deleted_at IS NULL
ORDER BY reserved + confirmed DESC, created_at DESC, id
LIMIT $1
