-- try_to_lead
-- Become the one process that archives this cell. The session holds the lock until it ends. Advisory locks belong to the
-- whole database, so cells that are schemas of one database need keys of their own.
SELECT pg_try_advisory_lock(
    1215259748, CASE current_schema() WHEN 'public' THEN 3 ELSE hashtext('archive of ' || current_schema()) END
)

-- sessions_settings
-- Have values written in one way only, whatever is set for the server, the database or the role; and have rows looked up
-- by their keys, one by one, however large the tables are.
SELECT
    set_config('timezone', 'UTC', false), set_config('bytea_output', 'hex', false),
    set_config('datestyle', 'ISO, YMD', false), set_config('enable_hashjoin', 'off', false),
    set_config('enable_mergejoin', 'off', false), set_config('tcp_keepalives_idle', '5', false),
    set_config('tcp_keepalives_interval', '2', false), set_config('tcp_keepalives_count', '3', false)

-- finished_upgrade
-- Read the migration up to which no older node is left.
SELECT finished FROM installation

-- due_events
-- List the next events by when they finished, :after that time, and whether something is pending in them: a hold, or a
-- channel that will open. Events that were restored less than :after ago are not due, which is told like something
-- pending. Conditions on channels do not stand in WHERE, where an index of all channels that are due could be chosen for
-- them.
SELECT
    next.id, next.finished_at,
    extract(epoch FROM now() - :after::interval - greatest(next.finished_at, a.restored_at))::double precision AS due_seconds,
    next.held OR coalesce(a.restored_at > now() - :after::interval, false)
        OR next.deleted_at IS NULL AND coalesce(channel.waits, false) AS pending
FROM (
    SELECT
        e.id, e.deleted_at, e.pending_reservations > 0 OR e.reserved > 0 AS held,
        coalesce(e.deleted_at, greatest(e.end_at, e.sale_closes_at)) AS finished_at
    FROM events e
    WHERE e.archived_at IS NULL
        AND coalesce(e.deleted_at, greatest(e.end_at, e.sale_closes_at)) <= now() - :after::interval
        AND (coalesce(e.deleted_at, greatest(e.end_at, e.sale_closes_at)), e.id) > (:after_finished_at, :after_event_id)
    ORDER BY coalesce(e.deleted_at, greatest(e.end_at, e.sale_closes_at)), e.id LIMIT :events_max
) AS next
LEFT JOIN LATERAL (
    SELECT one.restored_at FROM archives one WHERE one.event_id = next.id LIMIT 1
) AS a ON true
CROSS JOIN LATERAL (
    SELECT bool_or(k.opened_at IS NULL AND k.opens_to_all_at IS NOT NULL) AS waits
    FROM channels k WHERE k.event_id = next.id
) AS channel
ORDER BY next.finished_at, next.id

-- event_to_archive
-- Read an event's row without what archiving changes in it, and the schema's migration.
SELECT
    (to_jsonb(e) - 'archived_at')::text AS event_row, e.version, e.confirmed, e.archived_at,
    e.pending_reservations > 0 OR e.reserved > 0 AS held, (SELECT version_num FROM alembic_version) AS schema
FROM events e WHERE e.id = :event_id

-- count_rows
-- Count an event's reservations and log entries, as of a version, and the reservations that its log tells of.
SELECT
    (SELECT version FROM events WHERE id = :event_id) AS version,
    (SELECT count(*) FROM reservations WHERE event_id = :event_id AND created_version > 0) AS reservations,
    log.changes, log.reserved
FROM (
    SELECT count(*) AS changes, count(*) FILTER (WHERE kind = 'reserved') AS reserved
    FROM changes WHERE event_id = :event_id
) AS log

-- claims_of_seats
-- Read the claims on the next seats of an event, by seat number.
SELECT
    count(c.seat_id) AS rows, max(s.seat_number) AS last,
    convert_to(
        string_agg(
            json_build_array('claims', c.seat_id, c.event_id, c.reservation_id, c.status, c.expires_at)::text,
            E'\n' ORDER BY s.seat_number
        ) FILTER (WHERE c.seat_id IS NOT NULL), 'UTF8'
    ) AS lines
FROM (
    SELECT id, seat_number FROM seats WHERE event_id = :event_id AND seat_number > :after_seat_number
    ORDER BY seat_number LIMIT :rows_max
) AS s
LEFT JOIN claims c ON c.seat_id = s.id AND c.event_id = :event_id

-- reservations_of_status
-- Read the next reservations of an event that have a status, in the order in which they were made.
SELECT
    count(*) AS rows, max(r.created_version) AS last,
    convert_to(
        string_agg(
            json_build_array(
                'reservations', r.id, r.event_id, r.user_id, r.idempotency_key, r.fingerprint, r.seat_ids, r.status,
                r.cancel_reason, r.total_amount, r.created_at, r.expires_at, r.confirmed_at, r.created_version,
                r.changed_version, r.prices, r.extensions, r.beyond_limit
            )::text,
            E'\n' ORDER BY r.created_version
        ), 'UTF8'
    ) AS lines
FROM (
    SELECT
        id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, cancel_reason, total_amount, created_at,
        expires_at, confirmed_at, created_version, changed_version, prices, extensions, beyond_limit
    FROM reservations
    WHERE event_id = :event_id AND status = :status AND created_version > 0 AND created_version > :after_version
    ORDER BY created_version LIMIT :rows_max
) AS r

-- changes_after
-- Read the next entries of an event's log: at most :rows_max, and no more than :bytes_max of them unless one alone is
-- larger, since an entry can name a million seats.
SELECT
    count(*) AS rows, max(c.version) AS last,
    convert_to(
        string_agg(
            json_build_array(
                'changes', c.event_id, c.version, c.kind, c.reservation_id, c.seat_ids, c.at, c.freed_seat_ids,
                c.kept_back_seat_ids, c.detail
            )::text,
            E'\n' ORDER BY c.version
        ), 'UTF8'
    ) AS lines
FROM (
    SELECT
        next.*, row_number() OVER w AS place,
        sum(pg_column_size(seat_ids) + coalesce(pg_column_size(freed_seat_ids), 0)
            + coalesce(pg_column_size(kept_back_seat_ids), 0)) OVER w AS bytes
    FROM (
        SELECT event_id, version, kind, reservation_id, seat_ids, at, freed_seat_ids, kept_back_seat_ids, detail
        FROM changes WHERE event_id = :event_id AND version > :after_version
        ORDER BY version LIMIT :rows_max
    ) AS next
    WINDOW w AS (ORDER BY next.version)
) AS c
WHERE c.place = 1 OR c.bytes <= :bytes_max

-- lock_event
-- Lock an event.
SELECT 1 FROM events WHERE id = :event_id FOR NO KEY UPDATE

-- record_archive
-- Enter the file of an event; one that it had before has been restored.
INSERT INTO archives (
    event_id, file, format, sha256, bytes, version, claims, reservations, changes, archived_at
)
VALUES (
    :event_id, :file, :format, :sha256, :size_bytes, :version, :claims, :reservations, :changes, clock_timestamp()
)
ON CONFLICT (event_id) DO UPDATE SET
    file = excluded.file, format = excluded.format, sha256 = excluded.sha256, bytes = excluded.bytes,
    version = excluded.version, claims = excluded.claims, reservations = excluded.reservations,
    changes = excluded.changes, archived_at = excluded.archived_at, restored_at = NULL

-- remove_claims
-- Remove the claims on the next seats of an event, by seat number.
WITH few AS MATERIALIZED (
    SELECT id, seat_number FROM seats WHERE event_id = :event_id AND seat_number > :after_seat_number
    ORDER BY seat_number LIMIT :rows_max
),
gone AS (
    DELETE FROM claims WHERE seat_id = ANY (ARRAY(SELECT id FROM few)) AND event_id = :event_id RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS rows, (SELECT max(seat_number) FROM few) AS last

-- remove_reservations
-- Remove the next reservations of an event that have a status; whose they were is kept.
WITH few AS MATERIALIZED (
    SELECT id, created_version FROM reservations
    WHERE event_id = :event_id AND status = :status AND created_version > 0 AND created_version > :after_version
    ORDER BY created_version LIMIT :rows_max
),
gone AS (
    DELETE FROM reservations WHERE id = ANY (ARRAY(SELECT few.id FROM few)) AND event_id = :event_id
    RETURNING id, event_id, user_id
),
kept AS (
    INSERT INTO archived_reservations (id, event_id, buyer)
    SELECT id, event_id, substring(sha256(uuid_send(id) || convert_to(user_id, 'UTF8')) FOR 8) FROM gone
    RETURNING 1
)
SELECT (SELECT count(*) FROM kept) AS rows, (SELECT max(created_version) FROM few) AS last

-- remove_changes
-- Remove the next entries of an event's log.
WITH gone AS (
    DELETE FROM changes
    WHERE event_id = :event_id AND version > :after_version AND version <= :after_version + :rows_max::bigint
    RETURNING version
)
SELECT count(*) AS rows, max(version) AS last FROM gone

-- mark_archived
-- Say that an event is archived.
UPDATE events SET archived_at = clock_timestamp() WHERE id = :event_id

-- entry_of_event
-- Read the entry of an event's file, and whether its rows are in it.
SELECT
    e.id AS event_id, e.archived_at IS NOT NULL AS archived, e.version AS event_version, a.file, a.format, a.sha256,
    a.bytes, a.version, a.claims, a.reservations, a.changes, a.archived_at, a.restored_at
FROM events e LEFT JOIN archives a ON a.event_id = e.id
WHERE e.id = :event_id

-- entries_after
-- List the next entries, by event.
SELECT
    event_id, file, format, sha256, bytes, version, claims, reservations, changes, archived_at, restored_at
FROM archives WHERE event_id > :after_event_id ORDER BY event_id LIMIT :rows_max

-- restore_claims
-- Bring back claims, given as JSON objects.
INSERT INTO claims (seat_id, event_id, reservation_id, status, expires_at)
SELECT seat_id, event_id, reservation_id, status, expires_at
FROM json_populate_recordset(NULL::claims, :rows::json)

-- restore_reservations
-- Bring back reservations, given as JSON objects; they are no archived ones any more.
WITH back AS (
    INSERT INTO reservations (
        id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, cancel_reason, total_amount, created_at,
        expires_at, confirmed_at, created_version, changed_version, prices, extensions, beyond_limit
    )
    SELECT
        id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, cancel_reason, total_amount, created_at,
        expires_at, confirmed_at, created_version, changed_version, prices, extensions, beyond_limit
    FROM json_populate_recordset(NULL::reservations, :rows::json)
    RETURNING id, event_id
)
DELETE FROM archived_reservations
WHERE id = ANY (ARRAY(SELECT back.id FROM back)) AND event_id = (SELECT back.event_id FROM back LIMIT 1)

-- restore_changes
-- Bring back entries of the log, given as JSON objects.
INSERT INTO changes (
    event_id, version, kind, reservation_id, seat_ids, at, freed_seat_ids, kept_back_seat_ids, detail
)
SELECT event_id, version, kind, reservation_id, seat_ids, at, freed_seat_ids, kept_back_seat_ids, detail
FROM json_populate_recordset(NULL::changes, :rows::json)

-- mark_restored
-- Say that an event is restored.
WITH entry AS (
    UPDATE archives SET restored_at = clock_timestamp() WHERE event_id = :event_id
)
UPDATE events SET archived_at = NULL WHERE id = :event_id
