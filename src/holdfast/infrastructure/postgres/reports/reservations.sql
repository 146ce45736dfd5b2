-- event_on_report
-- Find an event that is not deleted, with its state, the keys of its categories, and the time.
SELECT
    e.version, coalesce(last.at, e.created_at) AS at, last.kind, last.reservation_id, e.timezone, e.currency,
    e.chart_edits, e.archived_at IS NOT NULL AS archived, clock_timestamp() AS now,
    ARRAY(SELECT c.number FROM categories c WHERE c.event_id = e.id ORDER BY c.number) AS category_numbers,
    ARRAY(SELECT c.key FROM categories c WHERE c.event_id = e.id ORDER BY c.number) AS category_keys
FROM events e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
WHERE e.id = :event_id AND e.deleted_at IS NULL

-- mark_of_event
-- Identify the state of an event at a version; its creation stands in for the entry of version 0.
SELECT e.version, coalesce(entry.at, e.created_at) AS at, entry.kind, entry.reservation_id
FROM (SELECT x.id, x.created_at, :version::bigint AS version FROM events x WHERE x.id = :event_id) AS e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS entry ON true
WHERE entry.at IS NOT NULL OR e.version = 0

-- place_of_reservation
-- Find where one of an event's reservations is in its lists.
SELECT r.created_version, r.created_at FROM reservations r WHERE r.id = :reservation_id AND r.event_id = :event_id

-- reservations_of_event
-- Read the newest reservations of an event that were made before a version, newest first, and the time. Those of each
-- status in :statuses are looked up by their own part of the index, so that the rarest are found as quickly as the
-- others. Pending ones that have run out are included if :overdue_as_pending, and added to the others if
-- :overdue_besides; those are found by their time, since few have run out without being recorded. That versions are
-- above 0 is a condition of the index, which keeps batches from using it.
WITH clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
)
SELECT newest.*, clock.now,
    ARRAY(
        SELECT seat.seat_number
        FROM unnest(newest.seat_ids) WITH ORDINALITY AS held (id, place)
        LEFT JOIN LATERAL (
            SELECT s.seat_number FROM seats s WHERE s.id = held.id AND s.event_id = newest.event_id LIMIT 1
        ) AS seat ON true
        ORDER BY held.place
    ) AS seat_numbers
FROM clock
CROSS JOIN LATERAL (
    SELECT few.*
    FROM (
        SELECT of_status.*
        FROM unnest(:statuses::text[]) AS wanted (status)
        CROSS JOIN LATERAL (
            SELECT r.* FROM reservations r
            WHERE r.event_id = :event_id AND r.status = wanted.status
                AND r.created_version < :before_version AND r.created_version > 0
                AND (:overdue_as_pending::boolean OR wanted.status <> 'pending' OR r.expires_at > clock.now)
            ORDER BY r.created_version DESC
            LIMIT :limit
        ) AS of_status
        UNION ALL
        SELECT overdue.*
        FROM (
            SELECT r.* FROM reservations r
            WHERE :overdue_besides::boolean AND r.event_id = :event_id AND r.status = 'pending'
                AND r.expires_at <= (SELECT now FROM clock) AND r.created_version < :before_version
            ORDER BY r.created_version DESC
            LIMIT :limit
        ) AS overdue
    ) AS few
    ORDER BY few.created_version DESC
    LIMIT :limit
) AS newest
ORDER BY newest.created_version DESC

-- reservations_of_user_in_event
-- Read a user's reservations of an event up to a version, newest first, and the time. They are found among all of the
-- user's, which are in the order of their times. A buyer has few, and an index of their own would cost each reservation
-- as much as that of its event.
WITH clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
)
SELECT newest.*, clock.now,
    ARRAY(
        SELECT seat.seat_number
        FROM unnest(newest.seat_ids) WITH ORDINALITY AS held (id, place)
        LEFT JOIN LATERAL (
            SELECT s.seat_number FROM seats s WHERE s.id = held.id AND s.event_id = newest.event_id LIMIT 1
        ) AS seat ON true
        ORDER BY held.place
    ) AS seat_numbers
FROM clock
CROSS JOIN LATERAL (
    SELECT r.* FROM reservations r
    WHERE r.user_id COLLATE "POSIX" = :user_id AND r.event_id = :event_id
        AND (r.created_at, r.id) < (:before_time::timestamptz, :before_id::uuid)
        AND r.created_version <= :until_version
        AND CASE WHEN r.status = 'pending' AND r.expires_at <= clock.now THEN 'cancelled' ELSE r.status END
            = ANY (:statuses::text[])
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :limit
) AS newest
ORDER BY newest.created_at DESC, newest.id DESC
