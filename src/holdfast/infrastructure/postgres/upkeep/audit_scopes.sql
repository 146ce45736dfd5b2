-- try_to_lead
-- Become the one worker that audits this cell. The session holds the lock until it ends. As in totals.sql, a cell that
-- is a schema beside others has a key of its own.
SELECT pg_try_advisory_lock(
    1215259748, CASE current_schema() WHEN 'public' THEN 2 ELSE hashtext('audit of ' || current_schema()) END
)

-- price_of_everything
-- Compute the cost of checking all events, in log entries. If there are more than :events_max events, only enough of
-- them are counted to show that it is too much.
SELECT coalesce(sum(few.price), 0)::bigint
FROM (
    SELECT
        CASE WHEN archived_at IS NULL THEN version ELSE 0 END + 1 + (available + reserved + confirmed) / 10 AS price
    FROM events LIMIT :events_max + 1
) AS few

-- next_events
-- List the next events after :after_event_id, at most :events_max, with the cost of checking each. An
-- archived one has no log.
SELECT
    id, version,
    CASE WHEN archived_at IS NULL THEN version ELSE 0 END + 1 + (available + reserved + confirmed) / 10 AS price
FROM events WHERE id > :after_event_id ORDER BY id LIMIT :events_max

-- event_version
-- Read the present version of an event.
SELECT version FROM events WHERE id = :event_id

-- recent_entries
-- Find the first and the last log entry that each event has had since :since.
SELECT event_id, min(version) AS first, max(version) AS last
FROM changes WHERE at >= :since
GROUP BY event_id

-- marks
-- Read the time, kind and reservation of the log entries at the versions :versions of the events :event_ids.
SELECT entry.event_id, entry.version, entry.at, entry.kind, entry.reservation_id
FROM unnest(:event_ids::uuid[], :versions::bigint[]) AS known (event_id, version)
CROSS JOIN LATERAL (
    SELECT c.event_id, c.version, c.at, c.kind, c.reservation_id
    FROM changes c WHERE c.event_id = known.event_id AND c.version = known.version LIMIT 1
) AS entry

-- clock
-- Read the database's time.
SELECT clock_timestamp()

-- windows
-- Return the windows of the events :event_ids, after :after_versions up to :until_versions, as far as they still exist:
-- a failover may have lost the last entries, and all of them may have left for an archive.
SELECT given.event_id, given.after, least(given.until, e.version) AS until
FROM unnest(:event_ids::uuid[], :after_versions::bigint[], :until_versions::bigint[]) AS given (event_id, after, until)
CROSS JOIN LATERAL (SELECT x.version, x.archived_at FROM events x WHERE x.id = given.event_id LIMIT 1) AS e
WHERE e.version > given.after AND e.archived_at IS NULL

-- whole_events
-- The events :event_ids.
SELECT e.* FROM events e WHERE e.id = ANY (:event_ids::uuid[])

-- whole_seats
-- Their charts.
SELECT s.* FROM seats s WHERE s.event_id = ANY (:event_ids::uuid[])

-- whole_changes
-- Their logs.
SELECT c.* FROM changes c WHERE c.event_id = ANY (:event_ids::uuid[])

-- whole_reservations
-- The reservations that their logs mention. One that no log mentions is a stray.
SELECT found.*
FROM (SELECT DISTINCT event_id, reservation_id FROM scoped_changes WHERE reservation_id IS NOT NULL) AS told
CROSS JOIN LATERAL (
    SELECT r.* FROM reservations r WHERE r.id = told.reservation_id AND r.event_id = told.event_id LIMIT 1
) AS found

-- whole_claims
-- The claims on the seats of their charts. One on any other seat is a stray.
SELECT found.*
FROM scoped_seats s
CROSS JOIN LATERAL (SELECT c.* FROM claims c WHERE c.seat_id = s.id AND c.event_id = s.event_id LIMIT 1) AS found

-- whole_channels
-- Their channels.
SELECT k.* FROM channels k WHERE k.event_id = ANY (:event_ids::uuid[])

-- whole_channel_seats
-- The seats of their channels.
SELECT m.* FROM channel_seats m WHERE m.event_id = ANY (:event_ids::uuid[])

-- whole_categories
-- Their categories.
SELECT c.* FROM categories c WHERE c.event_id = ANY (:event_ids::uuid[])

-- counted_seats
-- The chart of an event, only to be counted.
SELECT id, event_id FROM seats WHERE event_id = ANY (:event_ids::uuid[])

-- counted_claims
-- The statuses of the claims on it.
SELECT s.event_id, found.status
FROM scoped_seats s
CROSS JOIN LATERAL (SELECT c.status FROM claims c WHERE c.seat_id = s.id AND c.event_id = s.event_id LIMIT 1) AS found

-- counted_reservations
-- The statuses of the reservations that its log mentions.
SELECT told.event_id, found.status
FROM changes told
CROSS JOIN LATERAL (
    SELECT r.status FROM reservations r WHERE r.id = told.reservation_id AND r.event_id = told.event_id LIMIT 1
) AS found
WHERE told.event_id = ANY (:event_ids::uuid[]) AND told.kind = 'reserved'

-- new_entries
-- The log entries of the events :event_ids after :after_versions up to :until_versions.
SELECT c.event_id, c.version, c.reservation_id
FROM unnest(:event_ids::uuid[], :after_versions::bigint[], :until_versions::bigint[]) AS given (event_id, after, until)
CROSS JOIN LATERAL (
    SELECT x.event_id, x.version, x.reservation_id
    FROM changes x WHERE x.event_id = given.event_id AND x.version > given.after AND x.version <= given.until
    ORDER BY x.version LIMIT given.until - given.after
) AS c

-- new_reservations
-- The reservations that new entries mention.
SELECT r.*
FROM (SELECT DISTINCT event_id, reservation_id FROM scoped_entries WHERE reservation_id IS NOT NULL) AS told
CROSS JOIN LATERAL (
    SELECT x.* FROM reservations x WHERE x.id = told.reservation_id AND x.event_id = told.event_id LIMIT 1
) AS r

-- new_wants
-- The seats of these reservations.
SELECT DISTINCT event_id, unnest(seat_ids) AS seat_id, status IN ('pending', 'confirmed') AS live
FROM scoped_reservations

-- new_seats
-- The rows of these seats in their charts.
SELECT s.*
FROM (SELECT DISTINCT event_id, seat_id FROM scoped_wants) AS wanted
CROSS JOIN LATERAL (
    SELECT x.* FROM seats x WHERE x.id = wanted.seat_id AND x.event_id = wanted.event_id LIMIT 1
) AS s

-- new_claims
-- The claims that the live ones among these reservations should have. The seats of the others may belong to someone
-- else by now.
SELECT c.*
FROM scoped_wants AS wanted
CROSS JOIN LATERAL (
    SELECT x.* FROM claims x WHERE x.seat_id = wanted.seat_id AND x.event_id = wanted.event_id LIMIT 1
) AS c
WHERE wanted.live

-- new_categories
-- The categories that these seats have.
SELECT c.*
FROM (SELECT DISTINCT event_id, category FROM scoped_seats WHERE category IS NOT NULL) AS wanted
CROSS JOIN LATERAL (
    SELECT x.* FROM categories x WHERE x.event_id = wanted.event_id AND x.number = wanted.category LIMIT 1
) AS c

-- new_events
-- The events of new entries.
SELECT found.*
FROM (SELECT DISTINCT event_id FROM scoped_entries) AS told
CROSS JOIN LATERAL (SELECT e.* FROM events e WHERE e.id = told.event_id LIMIT 1) AS found

-- new_changes
-- The new entries, all other entries of these reservations, and the last entry of each deleted event.
SELECT c.*
FROM (
    SELECT event_id, version FROM scoped_entries
    UNION SELECT event_id, created_version FROM scoped_reservations
    UNION SELECT event_id, changed_version FROM scoped_reservations
    UNION
    SELECT between_them.event_id, between_them.version
    FROM scoped_reservations r
    CROSS JOIN LATERAL (
        SELECT x.event_id, x.version FROM changes x
        WHERE x.reservation_id = r.id AND x.event_id = r.event_id AND x.kind IN ('extended', 'seats_changed')
    ) AS between_them
    UNION SELECT id, version FROM scoped_events WHERE deleted_at IS NOT NULL
) AS told
CROSS JOIN LATERAL (
    SELECT x.* FROM changes x WHERE x.event_id = told.event_id AND x.version = told.version LIMIT 1
) AS c

-- gaps_in_new_entries
-- Those of the events :event_ids that lack a log entry for a version after :after_versions up to :until_versions.
SELECT given.event_id, given.until AS version, count(c.version) AS entries, min(c.version) AS first, max(c.version) AS last
FROM unnest(:event_ids::uuid[], :after_versions::bigint[], :until_versions::bigint[]) AS given (event_id, after, until)
LEFT JOIN changes c ON c.event_id = given.event_id AND c.version > given.after AND c.version <= given.until
GROUP BY given.event_id, given.after, given.until
HAVING count(c.version) <> given.until - given.after

-- stray_charts
-- Seats and log entries of events that never existed, among the next :rows_max event ids after :after_id in each of the
-- two tables. Also returns the last id that was checked; null at the end of the tables.
WITH RECURSIVE charts AS (
    (SELECT event_id, 1 AS place FROM seats WHERE event_id > :after_id ORDER BY event_id LIMIT 1)
    UNION ALL
    SELECT (SELECT s.event_id FROM seats s WHERE s.event_id > charts.event_id ORDER BY s.event_id LIMIT 1), place + 1
    FROM charts WHERE charts.event_id IS NOT NULL AND place < :rows_max
),
logs AS (
    (SELECT event_id, 1 AS place FROM changes WHERE event_id > :after_id ORDER BY event_id LIMIT 1)
    UNION ALL
    SELECT (SELECT c.event_id FROM changes c WHERE c.event_id > logs.event_id ORDER BY c.event_id LIMIT 1), place + 1
    FROM logs WHERE logs.event_id IS NOT NULL AND place < :rows_max
),
ends AS (
    SELECT least(
        (SELECT max(event_id::text) FROM charts HAVING count(event_id) = :rows_max),
        (SELECT max(event_id::text) FROM logs HAVING count(event_id) = :rows_max)
    )::uuid AS last
)
SELECT ends.last, orphan.event_id, orphan.kind
FROM ends
LEFT JOIN LATERAL (
    SELECT told.event_id, told.kind
    FROM (SELECT event_id, 'seats' AS kind FROM charts UNION ALL SELECT event_id, 'changes' FROM logs) AS told
    WHERE told.event_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = told.event_id)
) AS orphan ON true

-- stray_reservations
-- Reservations without an entry in the log, among the next :rows_max after :after_id by id. Also returns the last id
-- that was checked.
WITH looked AS MATERIALIZED (
    SELECT r.id, r.event_id, r.status, r.created_version
    FROM reservations r WHERE r.id > :after_id ORDER BY r.id LIMIT :rows_max
),
ends AS (
    SELECT (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM looked) AS looked
)
SELECT
    CASE WHEN ends.looked = :rows_max THEN ends.last END AS last,
    stray.event_id, stray.id AS reservation_id, stray.status
FROM ends
LEFT JOIN LATERAL (
    SELECT l.* FROM looked l
    WHERE NOT EXISTS (
        SELECT 1 FROM changes c
        WHERE c.event_id = l.event_id AND c.version = l.created_version AND c.reservation_id = l.id
    )
) AS stray ON true

-- stray_claims
-- Claims without a live reservation of their seat, among the next :rows_max after :after_id by seat. Also returns the
-- last id that was checked.
WITH looked AS MATERIALIZED (
    SELECT c.seat_id, c.event_id, c.reservation_id, c.status
    FROM claims c WHERE c.seat_id > :after_id ORDER BY c.seat_id LIMIT :rows_max
),
ends AS (
    SELECT (SELECT seat_id FROM looked ORDER BY seat_id DESC LIMIT 1) AS last, (SELECT count(*) FROM looked) AS looked
)
SELECT
    CASE WHEN ends.looked = :rows_max THEN ends.last END AS last,
    stray.event_id, stray.seat_id, stray.reservation_id AS claimed_by, stray.status AS claim_status
FROM ends
LEFT JOIN LATERAL (
    SELECT l.* FROM looked l
    LEFT JOIN LATERAL (
        SELECT r.status, r.seat_ids FROM reservations r WHERE r.id = l.reservation_id AND r.event_id = l.event_id LIMIT 1
    ) AS r ON true
    WHERE r.status IS NULL OR r.status NOT IN ('pending', 'confirmed') OR NOT l.seat_id = ANY (r.seat_ids)
) AS stray ON true
