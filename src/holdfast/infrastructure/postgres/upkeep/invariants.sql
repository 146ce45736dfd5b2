-- one_buyer_per_seat
-- No seat stands in two live reservations.
SELECT live.event_id, live.seat_id, array_agg(live.id) AS reservation_ids
FROM (
    SELECT event_id, id, unnest(seat_ids) AS seat_id FROM reservations WHERE status IN ('pending', 'confirmed')
) AS live
GROUP BY live.event_id, live.seat_id
HAVING count(*) > 1

-- claims_are_reservations
-- Every live reservation has its claim on each of its seats, and no claim stands without one.
SELECT
    coalesce(c.event_id, live.event_id) AS event_id, coalesce(c.seat_id, live.seat_id) AS seat_id,
    c.reservation_id AS claimed_by, c.status AS claim_status, live.id AS reserved_by, live.status AS reservation_status
FROM (
    SELECT event_id, id, status, expires_at, unnest(seat_ids) AS seat_id
    FROM reservations WHERE status IN ('pending', 'confirmed')
) AS live
FULL JOIN claims c ON c.seat_id = live.seat_id AND c.event_id = live.event_id AND c.reservation_id = live.id
WHERE c.seat_id IS NULL OR live.id IS NULL OR c.expires_at <> live.expires_at
    OR (c.status = 'reserved') <> (live.status = 'pending')

-- seats_are_of_their_event
-- Every reserved seat is on the chart of the reservation's event. Each has its agreed price, which is the seat's own
-- where it has one, and the total is the sum of them.
SELECT
    r.event_id, r.id AS reservation_id, r.total_amount, count(s.id) AS seats_found,
    sum(coalesce(wanted.price, s.price)) AS prices
FROM reservations r
CROSS JOIN LATERAL unnest(r.seat_ids, r.prices) AS wanted (seat_id, price)
LEFT JOIN seats s ON s.id = wanted.seat_id AND s.event_id = r.event_id
GROUP BY r.event_id, r.id, r.total_amount, r.seat_ids, r.prices
HAVING count(s.id) <> cardinality(r.seat_ids) OR sum(coalesce(wanted.price, s.price)) IS DISTINCT FROM r.total_amount
    OR cardinality(r.prices) <> cardinality(r.seat_ids) OR bool_or(wanted.price <> s.price)

-- charts_have_events
-- Every seat and every reservation belongs to an event that was once created.
SELECT orphan.event_id, orphan.kind
FROM (
    SELECT DISTINCT event_id, 'seats' AS kind FROM seats
    UNION ALL SELECT DISTINCT event_id, 'reservations' FROM reservations
    UNION ALL SELECT DISTINCT event_id, 'changes' FROM changes
) AS orphan
LEFT JOIN events e ON e.id = orphan.event_id
WHERE e.id IS NULL

-- counters_count
-- The counters of an event equal its seats by status, and never exceed its total. Those of an archived event are compared
-- with its archive instead.
SELECT
    e.id AS event_id, e.available, e.reserved, e.confirmed, e.total_seats,
    coalesce(chart.seats, 0) AS seats, coalesce(live.reserved, 0) AS claims_reserved,
    coalesce(live.confirmed, 0) AS claims_confirmed, e.pending_reservations, e.confirmed_reservations,
    coalesce(made.pending, 0) AS reservations_pending, coalesce(made.confirmed, 0) AS reservations_confirmed
FROM events e
LEFT JOIN (SELECT event_id, count(*) AS seats FROM seats GROUP BY event_id) AS chart ON chart.event_id = e.id
LEFT JOIN (
    SELECT
        event_id, count(*) FILTER (WHERE status = 'reserved') AS reserved,
        count(*) FILTER (WHERE status = 'confirmed') AS confirmed
    FROM claims GROUP BY event_id
) AS live ON live.event_id = e.id
LEFT JOIN (
    SELECT
        event_id, count(*) FILTER (WHERE status = 'pending') AS pending,
        count(*) FILTER (WHERE status = 'confirmed') AS confirmed
    FROM reservations GROUP BY event_id
) AS made ON made.event_id = e.id
WHERE e.archived_at IS NULL AND (
    e.reserved <> coalesce(live.reserved, 0) OR e.confirmed <> coalesce(live.confirmed, 0)
    OR e.available <> coalesce(chart.seats, 0) - coalesce(live.reserved, 0) - coalesce(live.confirmed, 0)
    OR e.available + e.reserved + e.confirmed > e.total_seats
    OR e.pending_reservations <> coalesce(made.pending, 0)
    OR e.confirmed_reservations <> coalesce(made.confirmed, 0)
)

-- versions_without_gaps
-- The log of an event counts 1, 2, 3 … up to the event's version, unless it is in an archive.
SELECT e.id AS event_id, e.version, count(c.version) AS entries, min(c.version) AS first, max(c.version) AS last
FROM events e
LEFT JOIN changes c ON c.event_id = e.id
WHERE e.archived_at IS NULL
GROUP BY e.id, e.version
HAVING count(c.version) <> e.version OR coalesce(max(c.version), 0) <> e.version
    OR coalesce(min(c.version), 1) <> 1

-- no_late_confirmation
-- Nothing was confirmed at or after the end of its hold.
SELECT event_id, id AS reservation_id, confirmed_at, expires_at
FROM reservations WHERE status = 'confirmed' AND confirmed_at >= expires_at

-- legal_transitions
-- A reservation is reserved once, may then be extended and get other seats, and ends at most once: confirmed, cancelled
-- or expired. Nothing follows its end.
SELECT
    event_id, reservation_id, array_agg(kind ORDER BY version) AS kinds, array_agg(version ORDER BY version) AS versions
FROM changes
WHERE reservation_id IS NOT NULL
GROUP BY event_id, reservation_id
HAVING (array_agg(kind ORDER BY version))[1] <> 'reserved' OR count(*) FILTER (WHERE kind = 'reserved') <> 1
    OR max(version) > min(version) FILTER (WHERE kind IN ('confirmed', 'cancelled', 'expired'))

-- seats_pass_from_hand_to_hand
-- In the log no seat is taken while it is held or sold, and none is kept, sold or freed by another than its holder.
SELECT steps.event_id, steps.seat_id, steps.version, steps.kind, steps.step, steps.step_before, steps.reservation_id
FROM (
    SELECT
        told.*, lag(told.step) OVER w AS step_before, lag(told.reservation_id) OVER w AS reservation_before
    FROM (
        SELECT
            c.event_id, s.seat_id, c.version, c.kind, c.reservation_id,
            CASE
                WHEN s.place > cardinality(c.seat_ids) THEN 'frees'
                WHEN c.kind IN ('reserved', 'seats_changed') THEN 'takes'
                WHEN c.kind = 'extended' THEN 'keeps'
                WHEN c.kind = 'confirmed' THEN 'sells'
                ELSE 'frees'
            END AS step
        FROM changes c
        CROSS JOIN LATERAL unnest(c.seat_ids || c.freed_seat_ids) WITH ORDINALITY AS s (seat_id, place)
        WHERE c.reservation_id IS NOT NULL
    ) AS told
    WINDOW w AS (PARTITION BY told.event_id, told.seat_id ORDER BY told.version)
) AS steps
WHERE (steps.step = 'takes' AND steps.step_before <> 'frees')
    OR (
        steps.step <> 'takes' AND (
            steps.step_before IS NULL OR steps.step_before NOT IN ('takes', 'keeps')
            OR steps.reservation_before <> steps.reservation_id
        )
    )

-- log_tells_of_reservations
-- Every reservation stands in the log as it was made and as it now is, and the log tells of no other. Its entries name
-- its seats; if it got others, the entries together give the seats that it now has.
WITH told AS (
    SELECT
        event_id, reservation_id, array_agg(kind ORDER BY version) AS kinds,
        array_agg(version ORDER BY version) AS versions, min(seat_ids) AS seats_first, max(seat_ids) AS seats_last,
        count(*) FILTER (WHERE kind = 'extended') AS extensions,
        count(*) FILTER (WHERE kind = 'seats_changed') AS seat_changes
    FROM changes WHERE reservation_id IS NOT NULL
    GROUP BY event_id, reservation_id
),
reseated AS (
    SELECT left_over.event_id, left_over.reservation_id, array_agg(left_over.seat_id ORDER BY left_over.seat_id) AS seat_ids
    FROM (
        SELECT c.event_id, c.reservation_id, s.seat_id
        FROM told t
        JOIN changes c ON c.event_id = t.event_id AND c.reservation_id = t.reservation_id
        CROSS JOIN LATERAL unnest(c.seat_ids || c.freed_seat_ids) WITH ORDINALITY AS s (seat_id, place)
        WHERE t.seat_changes > 0 AND c.kind IN ('reserved', 'seats_changed')
        GROUP BY c.event_id, c.reservation_id, s.seat_id
        HAVING sum(CASE WHEN s.place > cardinality(c.seat_ids) THEN -1 ELSE 1 END) > 0
    ) AS left_over
    GROUP BY left_over.event_id, left_over.reservation_id
)
SELECT
    coalesce(r.event_id, c.event_id) AS event_id, coalesce(r.id, c.reservation_id) AS reservation_id,
    r.status, r.cancel_reason, r.created_version, r.changed_version, r.extensions, c.kinds, c.versions
FROM reservations r
FULL JOIN told c ON c.event_id = r.event_id AND c.reservation_id = r.id
LEFT JOIN reseated n ON n.event_id = r.event_id AND n.reservation_id = r.id
LEFT JOIN changes last ON c.seat_changes > 0 AND last.event_id = r.event_id AND last.version = r.changed_version
WHERE r.id IS NULL OR c.reservation_id IS NULL
    OR c.versions[1] <> r.created_version OR c.versions[cardinality(c.versions)] <> r.changed_version
    OR c.extensions <> r.extensions
    OR (c.seat_changes = 0 AND (c.seats_first <> r.seat_ids OR c.seats_last <> r.seat_ids))
    OR (
        c.seat_changes > 0 AND (
            n.seat_ids IS DISTINCT FROM ARRAY(SELECT seat_id FROM unnest(r.seat_ids) AS now (seat_id) ORDER BY seat_id)
            OR (last.kind <> 'seats_changed' AND last.seat_ids <> r.seat_ids)
        )
    )
    OR NOT c.kinds[cardinality(c.kinds)] = ANY (CASE
        WHEN r.status = 'pending' THEN ARRAY['reserved', 'extended', 'seats_changed']
        WHEN r.status = 'confirmed' THEN ARRAY['confirmed']
        WHEN r.cancel_reason = 'expired' THEN ARRAY['expired']
        ELSE ARRAY['cancelled']
    END)

-- one_effect_per_key
-- A user's idempotency key made at most one reservation of an event.
SELECT event_id, user_id, count(*) AS reservations
FROM reservations GROUP BY event_id, user_id, idempotency_key HAVING count(*) > 1

-- purchase_limits_hold
-- When a buyer last got seats of an event under its present limit, they had no more than that. What they had before the
-- limit was set, or when it was higher, is theirs, and so is what the box office gave them beyond it. A hold that had
-- run out by then does not count, recorded or not.
SELECT
    live.event_id, live.user_id, live.max_seats_per_buyer, live.last_version, sum(cardinality(live.seat_ids)) AS seats
FROM (
    SELECT
        r.event_id, r.user_id, r.seat_ids, r.status, r.expires_at, r.beyond_limit, e.max_seats_per_buyer,
        e.purchase_limit_since, coalesce(grown.version, r.created_version) AS version,
        max(coalesce(grown.version, r.created_version)) FILTER (WHERE NOT r.beyond_limit) OVER buyer AS last_version,
        max(coalesce(grown.at, r.created_at)) FILTER (WHERE NOT r.beyond_limit) OVER buyer AS last_at
    FROM reservations r
    JOIN events e ON e.id = r.event_id
    LEFT JOIN (
        SELECT event_id, reservation_id, max(version) AS version, max(at) AS at FROM changes
        WHERE kind = 'seats_changed' AND cardinality(seat_ids) > coalesce(cardinality(freed_seat_ids), 0)
        GROUP BY event_id, reservation_id
    ) AS grown ON grown.event_id = r.event_id AND grown.reservation_id = r.id
    WHERE e.max_seats_per_buyer IS NOT NULL AND r.status IN ('pending', 'confirmed')
    WINDOW buyer AS (PARTITION BY r.event_id, r.user_id)
) AS live
WHERE live.last_version > coalesce(live.purchase_limit_since, 0)
    AND (live.status = 'confirmed' OR live.expires_at > live.last_at)
    AND (NOT live.beyond_limit OR live.version < live.last_version)
GROUP BY live.event_id, live.user_id, live.max_seats_per_buyer, live.last_version
HAVING sum(cardinality(live.seat_ids)) > live.max_seats_per_buyer

-- holds_are_within_the_sale
-- Since an event was last edited, nothing was held before its sale opened, nor after it had closed or the event had begun.
SELECT
    r.event_id, r.id AS reservation_id, r.created_at, e.sale_opens_at, least(e.start_at, e.sale_closes_at) AS closes_at
FROM reservations r
JOIN events e ON e.id = r.event_id
WHERE r.created_at > e.updated_at
    AND (r.created_at < e.sale_opens_at OR r.created_at >= least(e.start_at, e.sale_closes_at))

-- deleted_events_are_empty
-- A deleted event has no live reservation, and its log ends with the deletion. The log may be in an archive.
SELECT e.id AS event_id, e.version, last.kind, (
    SELECT count(*) FROM reservations r WHERE r.event_id = e.id AND r.status IN ('pending', 'confirmed')
) AS live
FROM events e
LEFT JOIN changes last ON last.event_id = e.id AND last.version = e.version
WHERE e.deleted_at IS NOT NULL AND (
    last.kind IS DISTINCT FROM 'event_deleted' AND e.archived_at IS NULL
    OR EXISTS (SELECT 1 FROM reservations r WHERE r.event_id = e.id AND r.status IN ('pending', 'confirmed'))
)

-- archived_events_are_in_their_files
-- Of an archived event no claim, reservation or log entry is left, and its archive has as many as its row says. An event
-- that is not archived has no archive, or one that was restored.
SELECT
    e.id AS event_id, e.archived_at, a.file, e.version, a.version AS version_in_file, a.changes AS changes_in_file,
    e.reserved, e.confirmed, a.claims AS claims_in_file, e.pending_reservations, e.confirmed_reservations,
    a.reservations AS reservations_in_file
FROM events e
LEFT JOIN archives a ON a.event_id = e.id AND a.restored_at IS NULL
WHERE (e.archived_at IS NULL) <> (a.event_id IS NULL)
    OR e.archived_at IS NOT NULL AND (
        e.id IN (SELECT event_id FROM claims)
        OR EXISTS (SELECT 1 FROM reservations r WHERE r.event_id = e.id)
        OR EXISTS (SELECT 1 FROM changes c WHERE c.event_id = e.id)
        OR e.reserved > 0 OR e.pending_reservations > 0
        OR a.version <> e.version OR a.changes <> e.version OR a.claims <> e.confirmed
        OR a.reservations < e.confirmed_reservations
    )

-- archived_reservations_are_told_of
-- As many reservations are told to be in an archive as there are in its file, and none of an event that is not archived.
SELECT
    coalesce(a.event_id, told.event_id) AS event_id, a.reservations AS reservations_in_file,
    coalesce(told.reservations, 0) AS reservations_told
FROM (SELECT event_id, reservations FROM archives WHERE restored_at IS NULL) AS a
FULL JOIN (
    SELECT event_id, count(*) AS reservations FROM archived_reservations GROUP BY event_id
) AS told ON told.event_id = a.event_id
WHERE a.reservations IS DISTINCT FROM coalesce(told.reservations, 0)

-- channels_count_free_seats
-- Each channel counts those of its seats that are free. Once the event is archived, that is no longer known.
SELECT k.event_id, k.key, k.kept_back, coalesce(free.seats, 0) AS free_seats
FROM channels k
JOIN events e ON e.id = k.event_id AND e.archived_at IS NULL
LEFT JOIN (
    SELECT m.event_id, m.channel_key, count(*) AS seats
    FROM channel_seats m
    LEFT JOIN claims c ON c.seat_id = m.seat_id AND c.event_id = m.event_id
    WHERE c.seat_id IS NULL
    GROUP BY m.event_id, m.channel_key
) AS free ON free.event_id = k.event_id AND free.channel_key = k.key
WHERE k.kept_back <> coalesce(free.seats, 0)

-- channels_have_their_own_seats
-- Every seat of a channel is on the chart of the event, and the event has the channel. When an event is deleted, its
-- channels go.
SELECT m.event_id, m.seat_id, m.channel_key, s.id IS NOT NULL AS on_chart, k.key IS NOT NULL AS has_channel
FROM channel_seats m
JOIN events e ON e.id = m.event_id AND e.deleted_at IS NULL
LEFT JOIN seats s ON s.id = m.seat_id AND s.event_id = m.event_id
LEFT JOIN channels k ON k.event_id = m.event_id AND k.key = m.channel_key
WHERE s.id IS NULL OR k.key IS NULL

-- openings_are_logged
-- A channel is open from no earlier than it was to open, and the log has the entry that made it so. The log may be in an
-- archive.
SELECT k.event_id, k.key, k.opens_to_all_at, k.opened_at
FROM channels k
JOIN events e ON e.id = k.event_id AND e.archived_at IS NULL
WHERE k.opened_at IS NOT NULL AND (
    k.opens_to_all_at IS NULL OR k.opened_at < k.opens_to_all_at
    OR NOT EXISTS (
        SELECT 1 FROM changes c
        WHERE c.event_id = k.event_id AND c.at = k.opened_at AND c.detail = k.key
            AND c.kind IN ('channel_opened', 'channel_changed')
    )
)

-- charts_are_numbered
-- The seats of a chart have the positions 0, 1, 2 … in it.
SELECT s.event_id, count(*) AS seats, min(s.position) AS first, max(s.position) AS last
FROM seats s
GROUP BY s.event_id
HAVING min(s.position) <> 0 OR max(s.position) <> count(*) - 1 OR sum(s.position) <> count(*) * (count(*) - 1) / 2

-- seats_have_known_categories
-- A seat's category is one of its event's, and a seat without one has a price of its own.
SELECT s.event_id, s.id AS seat_id, s.category, s.price
FROM seats s
LEFT JOIN categories c ON c.event_id = s.event_id AND c.number = s.category
WHERE c.number IS NULL AND (s.category IS NOT NULL OR s.price IS NULL)

-- edits_are_counted
-- Every change of a hall counts as an edit of the chart, and every change of categories as one of their prices. Otherwise
-- readers would take an old chart for the present one.
SELECT e.id AS event_id, e.chart_edits, e.price_edits, edits.halls, edits.categories
FROM events e
JOIN (
    SELECT
        event_id, count(*) FILTER (WHERE kind = 'hall_changed') AS halls,
        count(*) FILTER (WHERE kind = 'categories_changed') AS categories
    FROM changes WHERE kind IN ('hall_changed', 'categories_changed') GROUP BY event_id
) AS edits ON edits.event_id = e.id
WHERE e.chart_edits < edits.halls OR e.price_edits < edits.categories

-- companions_are_not_alone
-- A companion seat is held or sold together with its accessible seat, unless the event has or had channels, whose seats
-- may be opened to all.
SELECT s.event_id, s.id AS seat_id, s.companion_of, r.id AS reservation_id
FROM seats s
JOIN claims c ON c.seat_id = s.id AND c.event_id = s.event_id
JOIN reservations r ON r.id = c.reservation_id AND r.event_id = c.event_id
WHERE s.companion_of IS NOT NULL AND NOT s.companion_of = ANY (r.seat_ids)
    AND NOT EXISTS (SELECT 1 FROM changes l WHERE l.event_id = s.event_id AND l.kind LIKE 'channel%')
