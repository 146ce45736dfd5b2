-- store_new_holds
-- Write batches, each of a different event, that created new holds and nothing else, as most do. What the rows have in
-- common is sent once, and the claims and log entries follow from the reservations. All holds begin at :now and end at
-- :expires_at. The events are sorted by id, and what belongs to each is found by bisection, as in `store_batch`.
WITH guard AS (
    UPDATE events e SET
        version = (:versions::bigint[])[width_bucket(e.id, :event_ids::uuid[])],
        available = (:available::int[])[width_bucket(e.id, :event_ids::uuid[])],
        reserved = (:reserved::int[])[width_bucket(e.id, :event_ids::uuid[])],
        confirmed = (:confirmed::int[])[width_bucket(e.id, :event_ids::uuid[])],
        pending_reservations = (:pending_reservations::int[])[width_bucket(e.id, :event_ids::uuid[])],
        confirmed_reservations = (:confirmed_reservations::int[])[width_bucket(e.id, :event_ids::uuid[])]
    WHERE e.id = ANY (:event_ids::uuid[])
        AND e.version = (:loaded_versions::bigint[])[width_bucket(e.id, :event_ids::uuid[])]
    RETURNING 1
),
made AS MATERIALIZED (
    SELECT
        n.id, n.event_id, n.user_id, n.idempotency_key, n.fingerprint, n.total_amount, n.version,
        n.beyond_limit,
        (:seat_ids::uuid[])[n.first_seat : n.last_seat] AS seat_ids,
        (:prices::bigint[])[n.first_seat : n.last_seat] AS prices
    FROM unnest(
        :reservation_ids::uuid[], :reservation_event_ids::uuid[], :user_ids::text[], :idempotency_keys::text[],
        :fingerprints::bytea[], :total_amounts::bigint[], :created_versions::bigint[], :beyond_limit::boolean[],
        :first_seats::int[], :last_seats::int[]
    ) AS n (
        id, event_id, user_id, idempotency_key, fingerprint, total_amount, version, beyond_limit, first_seat, last_seat
    )
),
created AS (
    INSERT INTO reservations (
        id, event_id, user_id, idempotency_key, fingerprint, seat_ids, prices, status, cancel_reason, total_amount,
        created_at, expires_at, confirmed_at, created_version, changed_version, beyond_limit
    )
    SELECT
        m.id, m.event_id, m.user_id, m.idempotency_key, m.fingerprint, m.seat_ids, m.prices, 'pending', NULL,
        m.total_amount, :now, :expires_at, NULL, m.version, m.version, m.beyond_limit
    FROM made m
    RETURNING 1
),
claimed AS (
    INSERT INTO claims (seat_id, event_id, reservation_id, status, expires_at)
    SELECT held.seat_id, m.event_id, m.id, 'reserved', :expires_at
    FROM made m CROSS JOIN LATERAL unnest(m.seat_ids) AS held (seat_id)
    RETURNING 1
),
logged AS (
    INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
    SELECT m.event_id, m.version, 'reserved', m.id, m.seat_ids, :now FROM made m
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM guard) AS events,
    (SELECT count(*) FROM created) AS created,
    0 AS changed,
    (SELECT count(*) FROM claimed) AS claims_added,
    0 AS claims_moved,
    0 AS claims_removed,
    (SELECT count(*) FROM logged) AS log

-- store_batch
-- Write the netted changes of a batch under their guards, and count the rows of each kind; the caller compares the
-- counts. Each kind of row comes as arrays, one per column. Rows to change are found by `= ANY` of their keys, which
-- are sorted. The position of a key among them, and with it the row's new values, is found by bisection with
-- `width_bucket`. A join with the arrays would leave the planner a choice. If the tables were empty when it planned, it
-- reads all rows of the event for each row that changes: for 32 rows, half a second instead of one millisecond
-- (docs/decisions/0014).
WITH guard AS (
    UPDATE events SET version = :version, available = :available, reserved = :reserved, confirmed = :confirmed,
        pending_reservations = :pending_reservations, confirmed_reservations = :confirmed_reservations
    WHERE id = :event_id AND version = :loaded_version
    RETURNING 1
),
created AS (
    INSERT INTO reservations (
        id, event_id, user_id, idempotency_key, fingerprint, seat_ids, prices, status, cancel_reason, total_amount,
        created_at, expires_at, confirmed_at, created_version, changed_version, extensions, beyond_limit
    )
    SELECT
        n.id, :event_id, n.user_id, n.idempotency_key, n.fingerprint,
        (:created_seat_ids::uuid[])[n.first_seat : n.last_seat], (:created_prices::bigint[])[n.first_seat : n.last_seat],
        n.status, n.cancel_reason, n.total_amount,
        :now, n.expires_at, n.confirmed_at, n.created_version, n.changed_version, n.extensions, n.beyond_limit
    FROM unnest(
        :created_ids::uuid[], :created_user_ids::text[], :created_idempotency_keys::text[],
        :created_fingerprints::bytea[], :created_statuses::text[], :created_cancel_reasons::text[],
        :created_total_amounts::bigint[], :created_expire_at::timestamptz[], :created_confirmed_at::timestamptz[],
        :created_versions::bigint[], :created_changed_versions::bigint[], :created_extensions::smallint[],
        :created_beyond_limit::boolean[], :created_first_seats::int[], :created_last_seats::int[]
    ) AS n (
        id, user_id, idempotency_key, fingerprint, status, cancel_reason, total_amount,
        expires_at, confirmed_at, created_version, changed_version, extensions, beyond_limit, first_seat, last_seat
    )
    RETURNING 1
),
changed AS (
    UPDATE reservations r SET
        status = (:changed_statuses::text[])[width_bucket(r.id, :changed_ids::uuid[])],
        cancel_reason = (:changed_cancel_reasons::text[])[width_bucket(r.id, :changed_ids::uuid[])],
        expires_at = (:changed_expire_at::timestamptz[])[width_bucket(r.id, :changed_ids::uuid[])],
        confirmed_at = (:changed_confirmed_at::timestamptz[])[width_bucket(r.id, :changed_ids::uuid[])],
        changed_version = (:changed_versions::bigint[])[width_bucket(r.id, :changed_ids::uuid[])],
        extensions = (:changed_extensions::smallint[])[width_bucket(r.id, :changed_ids::uuid[])],
        beyond_limit = (:changed_beyond_limit::boolean[])[width_bucket(r.id, :changed_ids::uuid[])],
        total_amount = (:changed_total_amounts::bigint[])[width_bucket(r.id, :changed_ids::uuid[])],
        -- Few holds get other seats. What the others have is not sent.
        seat_ids = CASE WHEN r.id = ANY (:reseated_ids::uuid[]) THEN (:reseated_seat_ids::uuid[])[
            (:reseated_first_seats::int[])[width_bucket(r.id, :reseated_ids::uuid[])]
            : (:reseated_last_seats::int[])[width_bucket(r.id, :reseated_ids::uuid[])]
        ] ELSE r.seat_ids END,
        prices = CASE WHEN r.id = ANY (:reseated_ids::uuid[]) THEN (:reseated_prices::bigint[])[
            (:reseated_first_seats::int[])[width_bucket(r.id, :reseated_ids::uuid[])]
            : (:reseated_last_seats::int[])[width_bucket(r.id, :reseated_ids::uuid[])]
        ] ELSE r.prices END
    WHERE r.id = ANY (:changed_ids::uuid[]) AND r.event_id = :event_id
        -- Not "= 'pending'": the planner could then use the index of pending reservations and read all holds of the
        -- event.
        AND r.status NOT IN ('confirmed', 'cancelled')
        AND r.changed_version = (:changed_loaded_versions::bigint[])[width_bucket(r.id, :changed_ids::uuid[])]
    RETURNING 1
),
claimed AS (
    INSERT INTO claims (seat_id, event_id, reservation_id, status, expires_at)
    SELECT n.seat_id, :event_id, n.reservation_id, n.status, n.expires_at
    FROM unnest(
        :claimed_seat_ids::uuid[], :claimed_reservation_ids::uuid[], :claimed_statuses::text[],
        :claimed_expire_at::timestamptz[]
    ) AS n (seat_id, reservation_id, status, expires_at)
    RETURNING 1
),
moved AS (
    UPDATE claims c SET
        reservation_id = (:moved_reservation_ids::uuid[])[width_bucket(c.seat_id, :moved_seat_ids::uuid[])],
        status = (:moved_statuses::text[])[width_bucket(c.seat_id, :moved_seat_ids::uuid[])],
        expires_at = (:moved_expire_at::timestamptz[])[width_bucket(c.seat_id, :moved_seat_ids::uuid[])]
    WHERE c.seat_id = ANY (:moved_seat_ids::uuid[]) AND c.event_id = :event_id AND c.status = 'reserved'
        AND c.reservation_id
            = (:moved_loaded_reservation_ids::uuid[])[width_bucket(c.seat_id, :moved_seat_ids::uuid[])]
    RETURNING 1
),
freed AS (
    DELETE FROM claims c
    WHERE c.seat_id = ANY (:freed_seat_ids::uuid[]) AND c.event_id = :event_id AND c.status = 'reserved'
        AND c.reservation_id
            = (:freed_loaded_reservation_ids::uuid[])[width_bucket(c.seat_id, :freed_seat_ids::uuid[])]
    RETURNING 1
),
logged AS (
    INSERT INTO changes (
        event_id, version, kind, reservation_id, seat_ids, freed_seat_ids, kept_back_seat_ids, detail, at
    )
    SELECT
        :event_id, n.version, n.kind, n.reservation_id, (:logged_seat_ids::uuid[])[n.first_seat : n.last_seat],
        CASE WHEN n.last_freed >= n.first_freed THEN (:logged_freed_seat_ids::uuid[])[n.first_freed : n.last_freed] END,
        CASE WHEN n.last_kept >= n.first_kept THEN (:logged_kept_back_seat_ids::uuid[])[n.first_kept : n.last_kept] END,
        n.detail, :now
    FROM unnest(
        :logged_versions::bigint[], :logged_kinds::text[], :logged_reservation_ids::uuid[], :logged_details::text[],
        :logged_first_seats::int[], :logged_last_seats::int[],
        :logged_first_freed_seats::int[], :logged_last_freed_seats::int[],
        :logged_first_kept_back_seats::int[], :logged_last_kept_back_seats::int[]
    ) AS n (
        version, kind, reservation_id, detail, first_seat, last_seat, first_freed, last_freed, first_kept, last_kept
    )
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM guard) AS events,
    (SELECT count(*) FROM created) AS created,
    (SELECT count(*) FROM changed) AS changed,
    (SELECT count(*) FROM claimed) AS claims_added,
    (SELECT count(*) FROM moved) AS claims_moved,
    (SELECT count(*) FROM freed) AS claims_removed,
    (SELECT count(*) FROM logged) AS log

-- store_channels
-- Write what a batch changes in the channels of its event, under their guards, before it writes anything else: the counts
-- of their free seats, and the openings with their log entries. The seats that an opening frees are those without a claim
-- before the batch; if there are more than :named_max, the entry does not name them. Counts the rows of each kind.
WITH changed AS (
    UPDATE channels c SET
        kept_back = (:kept_back::int[])[array_position(:keys::text[], c.key)],
        opened_at = CASE WHEN c.key = ANY (:opened_keys::text[]) THEN :now ELSE c.opened_at END
    WHERE c.event_id = :event_id AND c.key = ANY (:keys::text[])
        AND c.kept_back = (:loaded_kept_back::int[])[array_position(:keys::text[], c.key)]
        AND NOT (c.key = ANY (:opened_keys::text[]) AND c.opened_at IS NOT NULL)
    RETURNING 1
),
logged AS (
    INSERT INTO changes (
        event_id, version, kind, reservation_id, seat_ids, freed_seat_ids, kept_back_seat_ids, detail, at
    )
    SELECT
        :event_id, o.version, 'channel_opened', NULL, '{}',
        CASE WHEN o.kept_back <= :named_max::int THEN ARRAY(
            SELECT m.seat_id FROM channel_seats m
            WHERE m.event_id = :event_id AND m.channel_key = o.key AND (
                SELECT true FROM claims c WHERE c.seat_id = m.seat_id AND c.event_id = :event_id LIMIT 1
            ) IS NULL
        ) END,
        '{}', o.key, :now
    FROM unnest(:opened_versions::bigint[], :opened_keys::text[], :opened_kept_back::int[]) AS o (version, key, kept_back)
    RETURNING 1
)
SELECT (SELECT count(*) FROM changed) AS channels, (SELECT count(*) FROM logged) AS openings
