-- event_of_seats
-- Read the state of an event that is neither deleted nor archived, how many seats it has, its categories, and the
-- sections of its hall.
SELECT
    e.version, coalesce(last.at, e.created_at) AS at, last.kind, last.reservation_id,
    e.available + e.reserved + e.confirmed AS seats,
    category.numbers AS category_numbers, category.keys AS category_keys, category.prices AS category_prices,
    h.sections
FROM events e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT array_agg(c.number) AS numbers, array_agg(c.key) AS keys, array_agg(c.price) AS prices
    FROM categories c WHERE c.event_id = e.id
) AS category
LEFT JOIN halls h ON h.event_id = e.id
WHERE e.id = :event_id AND e.deleted_at IS NULL AND e.archived_at IS NULL

-- seats_of_channels
-- Read the seats of each channel of an event, and whether it has opened.
SELECT
    ch.key, ch.opened_at IS NOT NULL OR coalesce(ch.opens_to_all_at <= clock_timestamp(), false) AS is_open,
    ARRAY(
        SELECT cs.seat_id FROM channel_seats cs WHERE cs.event_id = ch.event_id AND cs.channel_key = ch.key
    ) AS seat_ids
FROM channels ch WHERE ch.event_id = :event_id

-- seats_to_choose
-- Read the seats of an event in chart order, and whether each is taken.
SELECT
    s.id, coalesce(s.section_key, s.section) AS section, s.row_name, s.x, s.y, s.price, s.category, s.area, s.accessible,
    s.restricted_view, s.companion_of, claim.taken
FROM seats s
LEFT JOIN LATERAL (
    SELECT true AS taken FROM claims c WHERE c.seat_id = s.id AND c.event_id = :event_id LIMIT 1
) AS claim ON true
WHERE s.event_id = :event_id
ORDER BY s.position
