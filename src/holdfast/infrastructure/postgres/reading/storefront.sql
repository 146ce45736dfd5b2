-- upcoming
-- List published events by when they start, from the one after a certain event on, or from a day ago, and the time. The
-- seats that channels keep back are not free for everybody. Conditions on channels do not stand in WHERE, where an index
-- of all channels that are due could be chosen for them.
SELECT
    e.id, e.organiser_id, e.name, e.description, e.venue, e.start_at, e.end_at, e.total_seats, e.max_seats_per_buyer,
    e.published, e.timezone, e.currency, e.sale_opens_at, e.sale_closes_at, e.confirmation, e.created_at, e.updated_at,
    e.version, e.available, e.reserved, e.confirmed, false AS deleted, false AS archived, e.chart_edits, clock_timestamp() AS now,
    (SELECT min(kind.price) FROM categories kind WHERE kind.event_id = e.id) AS category_price,
    (
        SELECT coalesce(sum(
            CASE
                WHEN k.opened_at IS NULL AND (k.opens_to_all_at IS NULL OR k.opens_to_all_at > clock_timestamp())
                    THEN k.kept_back
            END
        ), 0)::bigint
        FROM channels k WHERE k.event_id = e.id
    ) AS kept_back
FROM (
    SELECT * FROM events
    WHERE published AND deleted_at IS NULL AND archived_at IS NULL
        AND (start_at, id) > (
            coalesce(:after_start::timestamptz, (SELECT clock_timestamp()) - interval '1 day'),
            coalesce(:after_id::uuid, '00000000-0000-0000-0000-000000000000')
        )
    ORDER BY start_at, id
    LIMIT :limit
) AS e
ORDER BY e.start_at, e.id

-- now
-- Tell the time, for a page of the list without events.
SELECT clock_timestamp() AS now

-- lowest_prices
-- Find the lowest price of the seats that have prices of their own, for each of some events that have any.
SELECT s.event_id, min(s.price) AS price
FROM seats s
WHERE s.event_id = ANY (:event_ids::uuid[]) AND s.price IS NOT NULL
GROUP BY s.event_id

-- on_sale
-- Read an event with its categories, and the time. It is looked up by its id alone, before the condition that an index
-- of all events that are not deleted would fit, too.
SELECT
    e.id, e.organiser_id, e.name, e.description, e.venue, e.start_at, e.end_at, e.total_seats, e.max_seats_per_buyer,
    e.published, e.timezone, e.currency, e.sale_opens_at, e.sale_closes_at, e.confirmation, e.created_at, e.updated_at,
    e.version, e.available, e.reserved, e.confirmed, false AS deleted,
    e.archived_at IS NOT NULL AS archived, clock_timestamp() AS now,
    kinds.keys, kinds.names, kinds.colors, kinds.prices,
    (
        SELECT coalesce(bool_or(
            k.code_digest IS NOT NULL AND k.opened_at IS NULL
            AND (k.opens_to_all_at IS NULL OR k.opens_to_all_at > clock_timestamp())
        ), false)
        FROM channels k WHERE k.event_id = e.id
    ) AS takes_codes
FROM (SELECT * FROM events WHERE id = :event_id LIMIT 1) AS e
CROSS JOIN LATERAL (
    SELECT
        array_agg(kind.key ORDER BY kind.place) AS keys, array_agg(kind.name ORDER BY kind.place) AS names,
        array_agg(kind.color ORDER BY kind.place) AS colors, array_agg(kind.price ORDER BY kind.place) AS prices
    FROM categories kind WHERE kind.event_id = e.id
) AS kinds
WHERE e.deleted_at IS NULL

-- own_prices
-- Read the prices that seats have of their own: runs of seats that follow each other in the chart and cost the same.
SELECT min(place) AS first, count(*) AS seats, price
FROM (
    SELECT place, price, place - row_number() OVER (PARTITION BY price ORDER BY place) AS island
    FROM (
        SELECT row_number() OVER (ORDER BY s.position) - 1 AS place, s.price FROM seats s WHERE s.event_id = :event_id
    ) AS chart
    WHERE price IS NOT NULL
) AS priced
GROUP BY price, island
ORDER BY first
LIMIT :limit

-- booked
-- List the reservations of some buyers, newest first, and the time.
SELECT r.*, clock_timestamp() AS now
FROM unnest(:user_ids::text[]) AS buyer (id)
CROSS JOIN LATERAL (
    SELECT * FROM reservations one
    WHERE one.user_id COLLATE "POSIX" = buyer.id
    ORDER BY one.created_at DESC, one.id DESC
    LIMIT :limit::bigint + :offset::bigint
) AS r
ORDER BY r.created_at DESC, r.id DESC
LIMIT :limit OFFSET :offset

-- booked_events
-- Find the events of reservations, deleted or not.
SELECT
    e.id, e.organiser_id, e.name, e.description, e.venue, e.start_at, e.end_at, e.total_seats, e.max_seats_per_buyer,
    e.published, e.timezone, e.currency, e.sale_opens_at, e.sale_closes_at, e.confirmation, e.created_at, e.updated_at,
    e.version, e.available, e.reserved, e.confirmed, e.deleted_at IS NOT NULL AS deleted,
    e.archived_at IS NOT NULL AS archived
FROM unnest(:event_ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT * FROM events one WHERE one.id = wanted.id LIMIT 1) AS e

-- live_at
-- List what some buyers hold or have bought in an event, and the time. Up to PostgreSQL 16, an index is not searched for
-- several values of its second column, so with `user_id = ANY` it would read the reservations of all buyers.
SELECT r.*, clock_timestamp() AS now
FROM unnest(:user_ids::text[]) AS buyer (user_id)
CROSS JOIN LATERAL (
    SELECT one.*
    FROM reservations one
    WHERE one.event_id = :event_id AND one.user_id = buyer.user_id AND one.cancel_reason IS NULL
    ORDER BY one.created_at DESC, one.id DESC
    LIMIT 200
) AS r
ORDER BY r.created_at DESC, r.id DESC
LIMIT 200
