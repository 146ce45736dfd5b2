-- freshness
-- Hold known versions against the events: $1 events, $2 versions. Of each event's log the entry at the known version comes
-- first, or the last one where the event has not come so far (at version 0 the event's creation stands for it), then
-- those after it, 2,000 at most.
SELECT
    known.place, e.version AS event_version, e.deleted_at IS NOT NULL AS deleted, hold.overdue,
    coalesce(entry.version, 0) AS version, entry.kind, entry.reservation_id, entry.seat_ids,
    coalesce(entry.at, e.created_at) AS at
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS known (event_id, version, place)
CROSS JOIN LATERAL (
    SELECT one.version, one.created_at, one.deleted_at FROM events one WHERE one.id = known.event_id LIMIT 1
) AS e
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.event_id = known.event_id AND r.status = 'pending' AND r.expires_at <= (SELECT clock_timestamp())
    ) AS overdue
) AS hold
LEFT JOIN LATERAL (
    SELECT
        c.version, c.kind, c.reservation_id, c.at,
        CASE WHEN c.version > known.version THEN c.seat_ids ELSE '{}' END AS seat_ids
    FROM changes c WHERE c.event_id = known.event_id AND c.version >= least(known.version, e.version)
    ORDER BY c.version
    LIMIT 2001
) AS entry ON true
ORDER BY known.place, entry.version

-- map_head
-- Tell an event's version and the entry that made it, how many seats it has, and whether a hold is overdue.
SELECT
    EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.event_id = e.id AND r.status = 'pending' AND r.expires_at <= (SELECT clock_timestamp())
    ) AS overdue,
    e.version, e.available + e.reserved + e.confirmed AS seats,
    coalesce(last.at, e.created_at) AS at, last.kind, last.reservation_id
FROM events e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
WHERE e.id = $1 AND e.deleted_at IS NULL

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
