-- event_keys
-- Tell the key of every so many entries of the list `events` (reads.sql), behind an offset and within a span.
WITH page AS (
    (
        SELECT id, created_at FROM events WHERE :all_drafts::boolean AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT :span::bigint + :offset::bigint
    )
    UNION ALL
    (
        SELECT id, created_at FROM events WHERE NOT :all_drafts::boolean AND published AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT :span::bigint + :offset::bigint
    )
    UNION ALL
    (
        SELECT draft.id, draft.created_at
        FROM unnest(:drafts_of::uuid[]) AS of_organiser (id)
        CROSS JOIN LATERAL (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND NOT published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :span::bigint + :offset::bigint
        ) AS draft
    )
    ORDER BY created_at DESC, id DESC
    LIMIT :span OFFSET :offset
)
SELECT created_at, id
FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM page) AS placed
WHERE placed.place % :step::bigint = 0
ORDER BY placed.place

-- keys_of_events_of
-- Tell the key of every so many entries of the list `events_of` (reads.sql), behind an offset and within a span.
WITH page AS (
    SELECT of_one.id, of_one.created_at
    FROM unnest(:organiser_ids::uuid[]) AS of_organiser (id)
    CROSS JOIN LATERAL (
        (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :span::bigint + :offset::bigint
        )
        UNION ALL
        (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND NOT published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :span::bigint + :offset::bigint
        )
    ) AS of_one
    ORDER BY of_one.created_at DESC, of_one.id DESC
    LIMIT :span OFFSET :offset
)
SELECT created_at, id
FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM page) AS placed
WHERE placed.place % :step::bigint = 0
ORDER BY placed.place

-- reservation_keys
-- Tell the key of every so many entries of the list `reservations` (reads.sql), behind an offset and within a span.
WITH page AS (
    SELECT r.created_at, r.id
    FROM reservations r
    WHERE r.user_id COLLATE "POSIX" = :user_id
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :span OFFSET :offset
)
SELECT created_at, id
FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM page) AS placed
WHERE placed.place % :step::bigint = 0
ORDER BY placed.place

-- keys_of_reservations_at
-- Tell the key of every so many entries of the list `reservations_at` (reads.sql), behind an offset and within a span.
WITH page AS (
    SELECT r.created_at, r.id
    FROM reservations r JOIN events e ON e.id = r.event_id
    WHERE r.user_id COLLATE "POSIX" = :user_id AND e.organiser_id = ANY (:organiser_ids::uuid[])
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :span OFFSET :offset
)
SELECT created_at, id
FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM page) AS placed
WHERE placed.place % :step::bigint = 0
ORDER BY placed.place

-- booked_keys
-- Tell the key of every so many entries of the list `booked` (storefront.sql), behind an offset and within a span.
WITH page AS (
    SELECT r.created_at, r.id
    FROM unnest(:user_ids::text[]) AS buyer (id)
    CROSS JOIN LATERAL (
        SELECT one.created_at, one.id FROM reservations one
        WHERE one.user_id COLLATE "POSIX" = buyer.id
        ORDER BY one.created_at DESC, one.id DESC
        LIMIT :span::bigint + :offset::bigint
    ) AS r
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :span OFFSET :offset
)
SELECT created_at, id
FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM page) AS placed
WHERE placed.place % :step::bigint = 0
ORDER BY placed.place
