-- try_to_lead
-- Become the one process that exports totals of this cell. The session holds the lock until it ends. Advisory locks
-- belong to the whole database, so cells that are schemas of one database need keys of their own.
SELECT pg_try_advisory_lock(
    1215259748, CASE current_schema() WHEN 'public' THEN 1 ELSE hashtext('totals of ' || current_schema()) END
)

-- slice_of_events
-- Sum up live reservations for the events after :after_event_id up to :until_event_id or, if that is null, for the next
-- :slice_events. The sums come from the events' counters, which an invariant compares with the reservations; those of
-- archived events are not here any more. Also return the last of these events, or null if there are no more.
SELECT
    coalesce(sum(few.pending_reservations) FILTER (WHERE few.archived_at IS NULL), 0)::bigint AS pending,
    coalesce(sum(few.confirmed_reservations) FILTER (WHERE few.archived_at IS NULL), 0)::bigint AS confirmed,
    CASE WHEN count(*) = :slice_events THEN (array_agg(few.id ORDER BY few.id DESC))[1] END AS last
FROM (
    SELECT id, pending_reservations, confirmed_reservations, archived_at
    FROM events
    WHERE id > :after_event_id AND id <= coalesce(:until_event_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
    ORDER BY id LIMIT CASE WHEN :until_event_id IS NULL THEN :slice_events::bigint END
) AS few

-- busiest_events
-- Find the :events_max with the most seats taken among the same events.
SELECT few.id, few.name, few.available, few.reserved, few.confirmed
FROM (
    SELECT id, name, available, reserved, confirmed, created_at, deleted_at, archived_at
    FROM events
    WHERE id > :after_event_id AND id <= coalesce(:until_event_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
    ORDER BY id LIMIT CASE WHEN :until_event_id IS NULL THEN :slice_events::bigint END
) AS few
WHERE few.deleted_at IS NULL AND few.archived_at IS NULL
ORDER BY few.reserved + few.confirmed DESC, few.created_at DESC, few.id
LIMIT :events_max

-- overdue_in_total
-- Count overdue holds, and find how long the oldest is overdue, by walking the index of pending reservations.
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

-- oldest_snapshot
-- Find how long the oldest transaction has been open that keeps dead rows from being removed. Only members of
-- pg_monitor can see the sessions of other roles.
SELECT greatest(
    0,
    (
        SELECT max(extract(epoch FROM clock_timestamp() - a.xact_start)) FROM pg_stat_activity a
        WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
            AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
    ),
    (
        SELECT max(extract(epoch FROM clock_timestamp() - p.prepared)) FROM pg_prepared_xacts p
        WHERE p.database = current_database()
    )
)::double precision
