-- lock_event
-- Take the one lock of an event; nothing else is sent before its answer.
SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE

-- event_after_lock
-- Read a locked event, deleted or not, and the time.
SELECT
    clock_timestamp() AS now, id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at,
    version, available, reserved, confirmed, deleted_at IS NOT NULL AS deleted
FROM events WHERE id = $1

-- insert_event
-- Store a new event; its own earlier commit is no conflict.
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, $6, $7, t.now, t.now FROM (SELECT clock_timestamp() AS now) AS t
ON CONFLICT (id) DO NOTHING

-- update_event
-- Replace the details of a locked event.
UPDATE events SET
    name = $3, description = $4, venue = $5, start_at = $6, end_at = $7, total_seats = $8, updated_at = $9,
    version = version + 1
WHERE id = $1 AND version = $2

-- log_change
-- Append one entry without seats or reservation.
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at) VALUES ($1, $2, $3, NULL, '{}', $4)

-- cancel_holds_of_deleted_event
-- Cancel all live holds of a locked event, each with its entry after version $2; those overdue have expired.
WITH ended AS (
    SELECT
        ctid AS place, id, seat_ids, $2 + row_number() OVER (ORDER BY created_version) AS version,
        CASE WHEN expires_at <= $3 THEN 'expired' ELSE 'event_deleted' END AS reason
    FROM reservations WHERE event_id = $1 AND status = 'pending'
),
cancelled AS (
    UPDATE reservations r SET status = 'cancelled', cancel_reason = e.reason, changed_version = e.version
    FROM ended e WHERE r.ctid = e.place
    RETURNING 1
),
freed AS (
    DELETE FROM claims c USING (SELECT e.id, unnest(e.seat_ids) AS seat_id FROM ended e) AS held
    CROSS JOIN LATERAL (
        SELECT x.ctid AS place FROM claims x WHERE x.seat_id = held.seat_id AND x.event_id = $1 LIMIT 1
    ) AS found
    WHERE c.ctid = found.place AND c.reservation_id = held.id AND c.status = 'reserved'
    RETURNING 1
),
logged AS (
    INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
    SELECT $1, e.version, CASE WHEN e.reason = 'expired' THEN 'expired' ELSE 'cancelled' END, e.id, e.seat_ids, $3
    FROM ended e
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM cancelled) AS holds,
    (SELECT count(*) FROM freed) AS seats,
    (SELECT count(*) FROM logged) AS log

-- delete_event
-- Mark a locked event deleted; its freed seats count as available.
UPDATE events SET
    deleted_at = $3, version = $4, available = available + reserved, reserved = 0,
    pending_reservations = 0
WHERE id = $1 AND version = $2 AND confirmed = 0

-- has_entry
-- Tell whether the log has the entry that an earlier attempt made at this time.
SELECT EXISTS (SELECT 1 FROM changes WHERE event_id = $1 AND version = $2 AND at = $3)

-- has_other_forms
-- Tell whether an event has seat numbers that are stored in another form than NFC; few have.
SELECT EXISTS (SELECT 1 FROM seats WHERE event_id = $1 AND seat_number IS NOT NFC NORMALIZED)

-- taken_seat_numbers
-- Name the seat numbers of a list that the event has already, also where they only look the same, in the list's order.
SELECT wanted.seat_number
FROM unnest($2::text[]) WITH ORDINALITY AS wanted (seat_number, place)
WHERE EXISTS (
        SELECT 1 FROM seats s
        WHERE s.event_id = $1 AND s.seat_number IN (wanted.seat_number, normalize(wanted.seat_number))
    )
    OR EXISTS (
        SELECT 1 FROM seats s
        WHERE s.event_id = $1 AND s.seat_number IS NOT NFC NORMALIZED
            AND normalize(s.seat_number) = normalize(wanted.seat_number)
    )
ORDER BY wanted.place

-- count_added_seats
-- Raise a locked event's version and its available seats.
UPDATE events SET version = version + 1, available = available + $3
WHERE id = $1 AND version = $2
