-- event_versions
-- How many log entries each event has.
SELECT id, version FROM events ORDER BY id

-- whole_events
-- The events $1.
SELECT e.* FROM events e WHERE e.id = ANY ($1::uuid[])

-- whole_seats
-- Their charts.
SELECT s.* FROM seats s WHERE s.event_id = ANY ($1::uuid[])

-- whole_reservations
-- All reservations of them.
SELECT r.* FROM reservations r WHERE r.event_id = ANY ($1::uuid[])

-- whole_claims
-- All claims on their seats.
SELECT c.* FROM claims c WHERE c.event_id = ANY ($1::uuid[])

-- whole_changes
-- Their logs.
SELECT c.* FROM changes c WHERE c.event_id = ANY ($1::uuid[])

-- new_entries
-- The log entries of the events $1 after version $2 up to $3.
SELECT c.event_id, c.version, c.reservation_id
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS given (event_id, after, until)
JOIN changes c ON c.event_id = given.event_id AND c.version > given.after AND c.version <= given.until

-- new_reservations
-- The reservations that new entries tell of.
SELECT r.*
FROM (SELECT DISTINCT event_id, reservation_id FROM scoped_entries WHERE reservation_id IS NOT NULL) AS told
JOIN reservations r ON r.id = told.reservation_id AND r.event_id = told.event_id

-- new_wants
-- The seats of these reservations.
SELECT DISTINCT event_id, unnest(seat_ids) AS seat_id, status IN ('pending', 'confirmed') AS live
FROM scoped_reservations

-- new_seats
-- The charts' rows of these seats.
SELECT s.*
FROM (SELECT DISTINCT event_id, seat_id FROM scoped_wants) AS wanted
JOIN seats s ON s.id = wanted.seat_id AND s.event_id = wanted.event_id

-- new_claims
-- The claims that the live ones among these reservations should have; of the others the seats may be another's by now.
SELECT c.*
FROM scoped_wants AS wanted
JOIN claims c ON c.seat_id = wanted.seat_id AND c.event_id = wanted.event_id
WHERE wanted.live

-- new_events
-- The events of new entries.
SELECT e.* FROM events e WHERE e.id IN (SELECT event_id FROM scoped_entries)

-- new_changes
-- The new entries, whatever else the log says of these reservations, and the last entry of deleted events.
SELECT c.*
FROM (
    SELECT event_id, version FROM scoped_entries
    UNION SELECT event_id, created_version FROM scoped_reservations
    UNION SELECT event_id, changed_version FROM scoped_reservations
    UNION SELECT id, version FROM scoped_events WHERE deleted_at IS NOT NULL
) AS told
JOIN changes c ON c.event_id = told.event_id AND c.version = told.version

-- gaps_in_new_entries
-- Events $1 of which not every version after $2 up to $3 has its log entry.
SELECT given.event_id, given.until AS version, count(c.version) AS entries, min(c.version) AS first, max(c.version) AS last
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS given (event_id, after, until)
LEFT JOIN changes c ON c.event_id = given.event_id AND c.version > given.after AND c.version <= given.until
GROUP BY given.event_id, given.after, given.until
HAVING count(c.version) <> given.until - given.after

-- rows_without_events
-- Seats and log entries of events that never were, from one event to the next along the indexes.
WITH RECURSIVE charts AS (
    (SELECT event_id FROM seats ORDER BY event_id LIMIT 1)
    UNION ALL
    SELECT (SELECT s.event_id FROM seats s WHERE s.event_id > charts.event_id ORDER BY s.event_id LIMIT 1)
    FROM charts WHERE charts.event_id IS NOT NULL
),
logs AS (
    (SELECT event_id FROM changes ORDER BY event_id LIMIT 1)
    UNION ALL
    SELECT (SELECT c.event_id FROM changes c WHERE c.event_id > logs.event_id ORDER BY c.event_id LIMIT 1)
    FROM logs WHERE logs.event_id IS NOT NULL
)
SELECT orphan.event_id, orphan.kind
FROM (SELECT event_id, 'seats' AS kind FROM charts UNION ALL SELECT event_id, 'changes' FROM logs) AS orphan
LEFT JOIN events e ON e.id = orphan.event_id
WHERE e.id IS NULL AND orphan.event_id IS NOT NULL
