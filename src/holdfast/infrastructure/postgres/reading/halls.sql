-- categories
-- Read the categories of an event in their order, and the event's version. An event without any has one row of nulls.
SELECT e.version, c.number, c.key, c.name, c.color, c.price
FROM events e
LEFT JOIN categories c ON c.event_id = e.id
WHERE e.id = :event_id AND e.deleted_at IS NULL
ORDER BY c.place

-- hall
-- Read the document of an event's hall, and the versions of its chart and of the event.
SELECT e.version, e.available + e.reserved + e.confirmed + e.chart_edits AS chart_version, h.document
FROM events e
LEFT JOIN halls h ON h.event_id = e.id
WHERE e.id = :event_id AND e.deleted_at IS NULL
