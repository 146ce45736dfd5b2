-- freshness
-- Hold known versions against the events: $1 events, $2 versions; gives the log after each version, 2,000 entries at most.
SELECT
    known.place, e.version AS event_version, e.deleted_at IS NOT NULL AS deleted, hold.overdue,
    entry.version, entry.kind, entry.reservation_id, entry.seat_ids, entry.at
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS known (event_id, version, place)
CROSS JOIN LATERAL (
    SELECT one.version, one.deleted_at FROM events one WHERE one.id = known.event_id LIMIT 1
) AS e
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.event_id = known.event_id AND r.status = 'pending' AND r.expires_at <= (SELECT clock_timestamp())
    ) AS overdue
) AS hold
LEFT JOIN LATERAL (
    SELECT c.version, c.kind, c.reservation_id, c.seat_ids, c.at
    FROM changes c WHERE c.event_id = known.event_id AND c.version > known.version
    ORDER BY c.version
    LIMIT 2000
) AS entry ON true
ORDER BY known.place, entry.version

-- map_head
-- Tell an event's version, when that was reached, how many seats it has, and whether a hold is overdue.
SELECT
    EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.event_id = e.id AND r.status = 'pending' AND r.expires_at <= (SELECT clock_timestamp())
    ) AS overdue,
    e.version, e.available + e.reserved + e.confirmed AS seats,
    coalesce(
        (SELECT c.at FROM changes c WHERE c.event_id = e.id AND c.version = e.version), e.created_at
    ) AS changed_at
FROM events e WHERE e.id = $1 AND e.deleted_at IS NULL

-- map_seats
-- List the seats of an event by number, with their places in the chart and the live claims on them.
SELECT s.position, s.id, s.event_id, s.seat_number, s.section, s.row_name, s.price, c.status, c.reservation_id
FROM seats s
LEFT JOIN LATERAL (
    SELECT claim.status, claim.reservation_id FROM claims claim
    WHERE claim.seat_id = s.id AND claim.event_id = $1 LIMIT 1
) AS c ON true
WHERE s.event_id = $1
ORDER BY s.seat_number

-- chart
-- Write the chart of an event in the order of its positions, one JSON array a column.
SELECT
    e.version, count(s.id) AS seats,
    coalesce(json_agg(s.id ORDER BY s.position) FILTER (WHERE s.id IS NOT NULL)::text, '[]') AS ids,
    coalesce(json_agg(s.seat_number ORDER BY s.position) FILTER (WHERE s.id IS NOT NULL)::text, '[]') AS seat_numbers,
    coalesce(json_agg(s.section ORDER BY s.position) FILTER (WHERE s.id IS NOT NULL)::text, '[]') AS sections,
    coalesce(json_agg(s.row_name ORDER BY s.position) FILTER (WHERE s.id IS NOT NULL)::text, '[]') AS rows,
    coalesce(json_agg(s.price ORDER BY s.position) FILTER (WHERE s.id IS NOT NULL)::text, '[]') AS prices
FROM events e
LEFT JOIN seats s ON s.event_id = e.id
WHERE e.id = $1 AND e.deleted_at IS NULL
GROUP BY e.id
