-- event
-- Find an event that is not deleted.
SELECT
    id, organiser_id, name, description, venue, start_at, end_at, total_seats, max_seats_per_buyer, published,
    timezone, currency, sale_opens_at, sale_closes_at, confirmation, created_at, updated_at, version, available,
    reserved, confirmed, false AS deleted, archived_at IS NOT NULL AS archived
FROM events WHERE id = :event_id AND deleted_at IS NULL

-- events
-- List events, newest first: those that are published, and the drafts of some organisers, or all. What is listed is
-- found without going through the drafts of others, of which there may be any number.
WITH page AS (
    (
        SELECT id, created_at FROM events WHERE :all_drafts::boolean AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
    )
    UNION ALL
    (
        SELECT id, created_at FROM events WHERE NOT :all_drafts::boolean AND published AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
    )
    UNION ALL
    (
        SELECT draft.id, draft.created_at
        FROM unnest(:drafts_of::uuid[]) AS of_organiser (id)
        CROSS JOIN LATERAL (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND NOT published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
        ) AS draft
    )
    ORDER BY created_at DESC, id DESC
    LIMIT :limit OFFSET :offset
)
SELECT
    e.id, e.organiser_id, e.name, e.description, e.venue, e.start_at, e.end_at, e.total_seats, e.max_seats_per_buyer,
    e.published, e.timezone, e.currency, e.sale_opens_at, e.sale_closes_at, e.confirmation, e.created_at, e.updated_at,
    e.version, e.available, e.reserved, e.confirmed, false AS deleted,
    e.archived_at IS NOT NULL AS archived
FROM page
CROSS JOIN LATERAL (SELECT * FROM events one WHERE one.id = page.id LIMIT 1) AS e
ORDER BY page.created_at DESC, page.id DESC

-- events_of
-- List the events of some organisers, drafts too, newest first. Drafts and published events each have an index.
WITH page AS (
    SELECT of_one.id, of_one.created_at
    FROM unnest(:organiser_ids::uuid[]) AS of_organiser (id)
    CROSS JOIN LATERAL (
        (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
        )
        UNION ALL
        (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND NOT published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
        )
    ) AS of_one
    ORDER BY of_one.created_at DESC, of_one.id DESC
    LIMIT :limit OFFSET :offset
)
SELECT
    e.id, e.organiser_id, e.name, e.description, e.venue, e.start_at, e.end_at, e.total_seats, e.max_seats_per_buyer,
    e.published, e.timezone, e.currency, e.sale_opens_at, e.sale_closes_at, e.confirmation, e.created_at, e.updated_at,
    e.version, e.available, e.reserved, e.confirmed, false AS deleted,
    e.archived_at IS NOT NULL AS archived
FROM page
CROSS JOIN LATERAL (SELECT * FROM events one WHERE one.id = page.id LIMIT 1) AS e
ORDER BY page.created_at DESC, page.id DESC

-- event_stamps
-- List the same events, only by their ids and the times of their last edits.
WITH page AS (
    (
        SELECT id, created_at FROM events WHERE :all_drafts::boolean AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
    )
    UNION ALL
    (
        SELECT id, created_at FROM events WHERE NOT :all_drafts::boolean AND published AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
    )
    UNION ALL
    (
        SELECT draft.id, draft.created_at
        FROM unnest(:drafts_of::uuid[]) AS of_organiser (id)
        CROSS JOIN LATERAL (
            SELECT id, created_at FROM events
            WHERE organiser_id = of_organiser.id AND NOT published AND deleted_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT :limit::bigint + :offset::bigint
        ) AS draft
    )
    ORDER BY created_at DESC, id DESC
    LIMIT :limit OFFSET :offset
)
SELECT e.id, e.updated_at
FROM page
CROSS JOIN LATERAL (SELECT one.id, one.updated_at FROM events one WHERE one.id = page.id LIMIT 1) AS e
ORDER BY page.created_at DESC, page.id DESC

-- seat
-- Find a seat of an event that is not deleted; an overdue hold no longer counts, nor does a channel that is due to open.
SELECT
    s.id, s.event_id, s.seat_number, s.section, s.row_name, coalesce(s.price, kind.price) AS price,
    kind.key AS category, c.status, c.reservation_id, e.version, e.archived_at IS NOT NULL AS archived,
    c.status IS NULL AND EXISTS (
        SELECT 1 FROM channel_seats m JOIN channels k ON k.event_id = m.event_id AND k.key = m.channel_key
        WHERE m.seat_id = s.id AND m.event_id = s.event_id AND k.opened_at IS NULL
            AND (k.opens_to_all_at IS NULL OR k.opens_to_all_at > clock_timestamp())
    ) AS blocked
FROM seats s
JOIN events e ON e.id = s.event_id AND e.deleted_at IS NULL
LEFT JOIN claims c ON c.seat_id = s.id AND c.event_id = s.event_id
    AND (c.status = 'confirmed' OR c.expires_at > clock_timestamp())
LEFT JOIN categories kind ON kind.event_id = s.event_id AND kind.number = s.category
WHERE s.id = :seat_id
LIMIT 1

-- reservation
-- Find a caller's reservation, the version of its event, and the time.
SELECT r.*, e.version, clock_timestamp() AS now
FROM reservations r
JOIN events e ON e.id = r.event_id
WHERE r.id = :reservation_id AND r.user_id = :user_id
LIMIT 1

-- archived_reservation
-- Find the event of an archived reservation, and the digest that tells whose it was.
SELECT event_id, buyer FROM archived_reservations WHERE id = :reservation_id LIMIT 1

-- reservations
-- List a caller's reservations, newest first, and the time.
SELECT r.*, clock_timestamp() AS now
FROM reservations r
WHERE r.user_id COLLATE "POSIX" = :user_id
ORDER BY r.created_at DESC, r.id DESC
LIMIT :limit OFFSET :offset

-- reservations_at
-- List a buyer's reservations of some organisers' events, newest created first, and the time.
SELECT r.*, clock_timestamp() AS now
FROM reservations r JOIN events e ON e.id = r.event_id
WHERE r.user_id COLLATE "POSIX" = :user_id AND e.organiser_id = ANY (:organiser_ids::uuid[])
ORDER BY r.created_at DESC, r.id DESC
LIMIT :limit OFFSET :offset
