-- lock_event
-- Take the one lock of an event. Nothing else is sent before the result has arrived.
SELECT 1 FROM events WHERE id = :event_id FOR NO KEY UPDATE

-- event_after_lock
-- Read a locked event, deleted or not, and the time.
SELECT
    clock_timestamp() AS now, id, organiser_id, name, description, venue, start_at, end_at, total_seats,
    max_seats_per_buyer, published, timezone, currency, sale_opens_at, sale_closes_at, confirmation, created_at,
    updated_at, version, available, reserved, confirmed, deleted_at IS NOT NULL AS deleted,
    archived_at IS NOT NULL AS archived
FROM events WHERE id = :event_id

-- clock
-- Read the database's time.
SELECT clock_timestamp()

-- insert_event
-- Store a new event. If an earlier attempt has already stored it, that is not a conflict.
INSERT INTO events (
    id, organiser_id, name, description, venue, start_at, end_at, total_seats, max_seats_per_buyer, published,
    timezone, currency, sale_opens_at, sale_closes_at, confirmation, created_at, updated_at
)
SELECT
    :event_id, :organiser_id, :name, :description, :venue, :start_at, :end_at, :total_seats,
    :max_seats_per_buyer::integer, :published, :timezone, :currency, :sale_opens_at::timestamptz,
    :sale_closes_at::timestamptz, :confirmation, t.now, t.now
FROM (SELECT clock_timestamp() AS now) AS t
ON CONFLICT (id) DO NOTHING

-- update_event
-- Replace the details of a locked event, and keep since which version it has its purchase limit.
UPDATE events SET
    name = :name, description = :description, venue = :venue, start_at = :start_at, end_at = :end_at,
    total_seats = :total_seats, max_seats_per_buyer = :max_seats_per_buyer::integer, published = :published,
    timezone = :timezone, currency = :currency, sale_opens_at = :sale_opens_at, sale_closes_at = :sale_closes_at,
    confirmation = :confirmation,
    purchase_limit_since = CASE
        WHEN max_seats_per_buyer IS DISTINCT FROM :max_seats_per_buyer::integer THEN version + 1
        ELSE purchase_limit_since
    END,
    updated_at = :now, version = version + 1
WHERE id = :event_id AND version = :loaded_version

-- feature_is_on
-- Tell whether upgrades are finished up to a migration, so that no node of an older version is left.
SELECT finished >= :migration FROM installation

-- log_change
-- Append one entry without seats or reservation.
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
VALUES (:event_id, :version, :kind, NULL, '{}', :at)

-- cancel_holds_of_deleted_event
-- Cancel all live holds of a locked event, each with a log entry after :loaded_version; overdue ones are expired
-- instead. The entries are in the order in which the holds were made. As in `store_batch`, nothing is joined: planned
-- on empty tables, a join would compare each of ten thousand holds with every other.
WITH cancelled AS (
    UPDATE reservations r SET
        status = 'cancelled',
        cancel_reason = CASE WHEN r.expires_at <= :now THEN 'expired' ELSE 'event_deleted' END,
        changed_version = :loaded_version + width_bucket(
            r.created_version,
            ARRAY(
                SELECT h.created_version FROM reservations h
                WHERE h.event_id = :event_id AND h.status = 'pending' ORDER BY h.created_version
            )
        )
    WHERE r.event_id = :event_id AND r.status = 'pending'
    RETURNING r.id, r.seat_ids, r.changed_version AS version, r.cancel_reason AS reason
),
held AS MATERIALIZED (
    SELECT
        array_agg(seat.id ORDER BY seat.id) AS seat_ids,
        array_agg(c.id ORDER BY seat.id) AS reservation_ids
    FROM cancelled c CROSS JOIN LATERAL unnest(c.seat_ids) AS seat (id)
),
freed AS (
    DELETE FROM claims c
    WHERE c.seat_id = ANY ((SELECT seat_ids FROM held)::uuid[]) AND c.event_id = :event_id AND c.status = 'reserved'
        AND c.reservation_id
            = (SELECT reservation_ids FROM held)[width_bucket(c.seat_id, (SELECT seat_ids FROM held))]
    RETURNING 1
),
logged AS (
    INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
    SELECT
        :event_id, c.version, CASE WHEN c.reason = 'expired' THEN 'expired' ELSE 'cancelled' END, c.id, c.seat_ids,
        :now
    FROM cancelled c
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM cancelled) AS holds,
    (SELECT count(*) FROM freed) AS seats,
    (SELECT count(*) FROM logged) AS log

-- delete_event
-- Mark a locked event deleted. The seats it frees count as available.
UPDATE events SET
    deleted_at = :now, version = :version, available = available + reserved, reserved = 0,
    pending_reservations = 0
WHERE id = :event_id AND version = :loaded_version AND confirmed = 0

-- delete_channels_of_deleted_event
-- Delete the channels of a deleted event, or they would still be opened at their times. Which seats they had stays.
DELETE FROM channels WHERE event_id = :event_id

-- has_entry
-- Return whether the log has the entry that an earlier attempt made at this time.
SELECT EXISTS (SELECT 1 FROM changes WHERE event_id = :event_id AND version = :version AND at = :at)

-- has_other_forms
-- Return whether an event has seat numbers in a form other than NFC; few events have.
SELECT EXISTS (SELECT 1 FROM seats WHERE event_id = :event_id AND seat_number IS NOT NFC NORMALIZED)

-- taken_seat_numbers
-- Return those of the given seat numbers that the event already has, or that look the same as one it has, in the order
-- given.
SELECT wanted.seat_number
FROM unnest(:seat_numbers::text[]) WITH ORDINALITY AS wanted (seat_number, place)
WHERE EXISTS (
        SELECT 1 FROM seats s
        WHERE s.event_id = :event_id AND s.seat_number IN (wanted.seat_number, normalize(wanted.seat_number))
    )
    OR EXISTS (
        SELECT 1 FROM seats s
        WHERE s.event_id = :event_id AND s.seat_number IS NOT NFC NORMALIZED
            AND normalize(s.seat_number) = normalize(wanted.seat_number)
    )
ORDER BY wanted.place

-- count_added_seats
-- Raise a locked event's version and its available seats.
UPDATE events SET version = version + 1, available = available + :added_seats
WHERE id = :event_id AND version = :loaded_version
