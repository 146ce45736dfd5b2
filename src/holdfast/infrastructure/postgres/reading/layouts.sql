-- event
-- Read the state of an event, the document of its hall, and its categories in their order.
SELECT
    e.version, e.chart_edits, e.price_edits, coalesce(last.at, e.created_at) AS at, last.kind, last.reservation_id,
    h.document, category.numbers, category.keys, category.names, category.colors, category.prices
FROM events e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
LEFT JOIN halls h ON h.event_id = e.id
CROSS JOIN LATERAL (
    SELECT
        array_agg(c.number ORDER BY c.place) AS numbers, array_agg(c.key ORDER BY c.place) AS keys,
        array_agg(c.name ORDER BY c.place) AS names, array_agg(c.color ORDER BY c.place) AS colors,
        array_agg(c.price ORDER BY c.place) AS prices
    FROM categories c WHERE c.event_id = e.id
) AS category
WHERE e.id = :event_id AND e.deleted_at IS NULL AND e.archived_at IS NULL

-- seats
-- Read an event's seats in chart order, with what a layout tells of them.
SELECT
    id, seat_number, section, section_key, row_name, category, x, y, area, accessible, companion_of, restricted_view
FROM seats WHERE event_id = :event_id ORDER BY position
