-- lock_event
-- Take the one lock of an event. Nothing else is sent before the result has arrived.
SELECT 1 FROM events WHERE id = :event_id FOR NO KEY UPDATE

-- lock_event_unless_locked
-- Take the lock of an event only if it is free, so that an event locked by another session does not occupy a writer.
SELECT 1 FROM events WHERE id = :event_id FOR NO KEY UPDATE SKIP LOCKED

-- event_exists
-- Distinguish an event that could not be locked from one that does not exist.
SELECT true FROM events WHERE id = :event_id

-- locked_version
-- Read the version of a locked event. After a COMMIT whose answer was lost, it shows whether that COMMIT stored
-- anything.
SELECT version FROM events WHERE id = :event_id

-- log_from
-- Read the log of a locked event from a version on, for free seats that are behind it.
SELECT c.version, c.at, c.kind, c.reservation_id, c.seat_ids, c.freed_seat_ids
FROM changes c WHERE c.event_id = :event_id AND c.version >= :version
ORDER BY c.version
LIMIT :steps_max

-- lock_idle_events
-- Lock those of some events that no other session has locked. The result of this statement is not read, because it is
-- sent together with BEGIN. The locked events are kept in a setting of the transaction, which `load_batch` reads.
SELECT set_config('holdfast.locked_events', coalesce(string_agg(idle.id::text, ' '), ''), true)
FROM unnest(:event_ids::uuid[]) AS asked (id)
CROSS JOIN LATERAL (SELECT e.id FROM events e WHERE e.id = asked.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS idle

-- load_batch
-- Read what the batches of some events (:event_ids) can touch, and the time, in one snapshot: the requested seats; the
-- reservations that the requests' users and keys have made before; the reservations that are to end or to change, each
-- with its event, and which of these changes are in the log; for each event, up to :overdue_max overdue holds in
-- addition to those on the requested seats; if the event limits the seats of a buyer, how many the requests' users have;
-- if a requested seat has no price of its own, the prices of the event's categories; and if it has channels, these, and
-- in which of them the seats of all this are. What only some seats have comes in lists of its own, which most events
-- lack.
WITH clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
),
wanted AS MATERIALIZED (
    SELECT
        wish.event_id, seat.id AS seat_id, seat.price, seat.category, seat.area, seat.companion_of,
        claim.reservation_id, claim.status, claim.expires_at
    FROM unnest(:wanted_seat_ids::uuid[], :wanted_event_ids::uuid[]) AS wish (seat_id, event_id)
    CROSS JOIN LATERAL (
        SELECT s.id, s.price, s.category, s.area, s.companion_of
        FROM seats s WHERE s.id = wish.seat_id AND s.event_id = wish.event_id LIMIT 1
    ) AS seat
    LEFT JOIN LATERAL (
        SELECT c.reservation_id, c.status, c.expires_at
        FROM claims c WHERE c.seat_id = wish.seat_id AND c.event_id = wish.event_id LIMIT 1
    ) AS claim ON true
),
touched AS MATERIALIZED (
    -- what the requests' keys have made before
    SELECT wish.event_id, prior.id
    FROM unnest(:key_user_ids::text[], :idempotency_keys::text[], :key_event_ids::uuid[])
        AS wish (user_id, idempotency_key, event_id)
    CROSS JOIN LATERAL (
        SELECT r.id FROM reservations r
        WHERE r.idempotency_key = wish.idempotency_key AND r.user_id = wish.user_id AND r.event_id = wish.event_id
        LIMIT 1
    ) AS prior
    UNION
    SELECT asked.event_id, asked.id
    FROM unnest(:asked_reservation_ids::uuid[], :asked_event_ids::uuid[]) AS asked (id, event_id)
    UNION
    -- overdue holds of each event, those overdue the longest first
    SELECT asked.event_id, overdue.id FROM unnest(:event_ids::uuid[]) AS asked (event_id)
    CROSS JOIN LATERAL (
        SELECT r.id FROM reservations r
        WHERE r.event_id = asked.event_id AND r.status = 'pending' AND r.expires_at <= (SELECT now FROM clock)
        ORDER BY r.expires_at
        LIMIT :overdue_max
    ) AS overdue
    UNION
    -- overdue holds on the requested seats
    SELECT w.event_id, w.reservation_id FROM wanted w
    WHERE w.status = 'reserved' AND w.expires_at <= (SELECT now FROM clock)
)
SELECT
    clock.now,
    asked.event_id::text = ANY (string_to_array(current_setting('holdfast.locked_events', true), ' ')) AS locked,
    e.version,
    coalesce(last.at, e.created_at) AS last_at,
    last.kind AS last_kind,
    last.reservation_id AS last_reservation_id,
    e.start_at,
    e.deleted_at IS NOT NULL AS deleted,
    e.archived_at IS NOT NULL AS archived,
    e.available,
    e.reserved,
    e.confirmed,
    e.pending_reservations,
    e.confirmed_reservations,
    e.max_seats_per_buyer,
    e.published, e.sale_opens_at, e.sale_closes_at, e.confirmation,
    had.buyers,
    had.seats_of_buyers,
    channel.keys AS channel_keys,
    channel.code_digests,
    channel.open_at AS channels_open_at,
    channel.opened AS channels_opened,
    channel.kept_back,
    member.seat_ids AS channel_seat_ids,
    member.keys AS channel_seat_keys,
    seats.ids AS seat_ids,
    seats.prices,
    seats.unpriced_ids,
    seats.categories_of_unpriced,
    category.numbers AS category_numbers,
    category.prices AS category_prices,
    seats.area_ids,
    seats.companion_ids,
    seats.companions_of,
    seats.claimed_by,
    seats.claim_statuses,
    seats.claims_expire_at,
    ARRAY(
        SELECT found.reservation FROM touched t
        CROSS JOIN LATERAL (
            SELECT r AS reservation FROM reservations r WHERE r.id = t.id AND r.event_id = asked.event_id LIMIT 1
        ) AS found
        WHERE t.event_id = asked.event_id
    ) AS reservations,
    ARRAY(
        SELECT found.change_id
        FROM unnest(:change_ids::text[], :changed_reservation_ids::uuid[], :change_event_ids::uuid[])
            AS wish (change_id, reservation_id, event_id)
        CROSS JOIN LATERAL (
            SELECT c.detail AS change_id FROM changes c
            WHERE c.reservation_id = wish.reservation_id AND c.detail = wish.change_id
                AND c.kind IN ('extended', 'seats_changed')
            LIMIT 1
        ) AS found
        WHERE wish.event_id = asked.event_id
    ) AS logged_changes
FROM clock
CROSS JOIN unnest(:event_ids::uuid[]) WITH ORDINALITY AS asked (event_id, place)
LEFT JOIN LATERAL (SELECT * FROM events x WHERE x.id = asked.event_id LIMIT 1) AS e ON true
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT
        array_agg(w.seat_id) AS ids,
        array_agg(w.price) AS prices,
        array_agg(w.seat_id) FILTER (WHERE w.price IS NULL) AS unpriced_ids,
        array_agg(w.category) FILTER (WHERE w.price IS NULL) AS categories_of_unpriced,
        array_agg(w.seat_id) FILTER (WHERE w.area) AS area_ids,
        array_agg(w.seat_id) FILTER (WHERE w.companion_of IS NOT NULL) AS companion_ids,
        array_agg(w.companion_of) FILTER (WHERE w.companion_of IS NOT NULL) AS companions_of,
        array_agg(w.reservation_id) AS claimed_by,
        array_agg(w.status) AS claim_statuses,
        array_agg(w.expires_at) AS claims_expire_at
    FROM wanted w WHERE w.event_id = asked.event_id
) AS seats
CROSS JOIN LATERAL (
    -- Of an event whose requested seats have prices of their own nothing of this is run.
    SELECT array_agg(c.number) AS numbers, array_agg(c.price) AS prices
    FROM categories c WHERE c.event_id = asked.event_id AND seats.unpriced_ids IS NOT NULL
) AS category
CROSS JOIN LATERAL (
    -- Of an event without a limit nothing of this is run. A hold that ran out no longer counts, recorded or not.
    SELECT array_agg(buyer.user_id) AS buyers, array_agg(owned.seats) AS seats_of_buyers
    FROM (
        SELECT wish.user_id
        FROM unnest(:key_user_ids::text[], :key_event_ids::uuid[]) AS wish (user_id, event_id)
        WHERE wish.event_id = asked.event_id AND e.max_seats_per_buyer IS NOT NULL
        UNION
        SELECT wish.user_id
        FROM unnest(:buyer_user_ids::text[], :buyer_event_ids::uuid[]) AS wish (user_id, event_id)
        WHERE wish.event_id = asked.event_id AND e.max_seats_per_buyer IS NOT NULL
    ) AS buyer
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(cardinality(r.seat_ids)), 0)::int AS seats FROM reservations r
        WHERE r.event_id = asked.event_id AND r.user_id = buyer.user_id AND r.cancel_reason IS NULL
            AND (r.status = 'confirmed' OR r.expires_at > clock.now)
    ) AS owned
) AS had
CROSS JOIN LATERAL (
    SELECT
        array_agg(c.key) AS keys,
        array_agg(c.code_digest) AS code_digests,
        array_agg(c.opens_to_all_at) AS open_at,
        array_agg(c.opened_at IS NOT NULL) AS opened,
        array_agg(c.kept_back) AS kept_back
    FROM channels c WHERE c.event_id = asked.event_id
) AS channel
CROSS JOIN LATERAL (
    -- Of an event without channels nothing of this is run.
    SELECT array_agg(seat.id) AS seat_ids, array_agg(found.channel_key) AS keys
    FROM (
        SELECT w.seat_id AS id FROM wanted w WHERE w.event_id = asked.event_id AND channel.keys IS NOT NULL
        UNION
        SELECT unnest(pending.seat_ids) FROM touched t
        CROSS JOIN LATERAL (
            SELECT r.seat_ids FROM reservations r
            WHERE r.id = t.id AND r.event_id = asked.event_id AND r.status NOT IN ('confirmed', 'cancelled') LIMIT 1
        ) AS pending
        WHERE t.event_id = asked.event_id AND channel.keys IS NOT NULL
    ) AS seat
    CROSS JOIN LATERAL (
        SELECT m.channel_key FROM channel_seats m WHERE m.seat_id = seat.id AND m.event_id = asked.event_id LIMIT 1
    ) AS found
) AS member
ORDER BY asked.place

-- coded_channels
-- Find the channels of an event that have an access code, and whether they are open at this instant.
SELECT
    k.key, k.code_digest,
    k.opened_at IS NOT NULL OR coalesce(k.opens_to_all_at <= clock_timestamp(), false) AS is_open
FROM channels k WHERE k.event_id = :event_id AND k.code_digest IS NOT NULL

-- reservation_owners
-- Find the event and the user of each reservation.
SELECT r.id, r.event_id, r.user_id
FROM unnest(:reservation_ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT x.id, x.event_id, x.user_id FROM reservations x WHERE x.id = wanted.id LIMIT 1
) AS r

-- archived_reservations
-- Find the event of each archived reservation, and the digest that tells whose it was.
SELECT a.id, a.event_id, a.buyer
FROM unnest(:reservation_ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT x.id, x.event_id, x.buyer FROM archived_reservations x WHERE x.id = wanted.id LIMIT 1
) AS a

-- overdue_events
-- Find events with overdue holds or with channels that are due to open, with one index look-up per event that has live
-- holds. The channels of an archived event never open any more.
WITH RECURSIVE clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
),
holding AS (
    (
        SELECT event_id, expires_at FROM reservations WHERE status = 'pending'
        ORDER BY event_id, expires_at LIMIT 1
    )
    UNION ALL
    SELECT next.event_id, next.expires_at
    FROM holding h
    CROSS JOIN LATERAL (
        SELECT r.event_id, r.expires_at FROM reservations r
        WHERE r.status = 'pending' AND r.event_id > h.event_id
        ORDER BY r.event_id, r.expires_at LIMIT 1
    ) AS next
)
SELECT due.event_id
FROM (
    SELECT h.event_id, h.expires_at AS since FROM holding h
    WHERE h.expires_at <= (SELECT now FROM clock)
    UNION ALL
    (
        SELECT k.event_id, k.opens_to_all_at FROM channels k
        WHERE k.opened_at IS NULL AND k.opens_to_all_at <= (SELECT now FROM clock)
            AND (SELECT e.archived_at IS NULL FROM events e WHERE e.id = k.event_id)
        ORDER BY k.opens_to_all_at LIMIT :events_max
    )
) AS due
GROUP BY due.event_id
ORDER BY min(due.since)
LIMIT :events_max
