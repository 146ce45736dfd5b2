-- channels
-- Read the channels of an event that is not deleted, by key, with the event's version and the time. An event without
-- channels is a single row without a key.
SELECT
    e.version, clock_timestamp() AS now, k.key, k.name, k.code_digest, k.opens_to_all_at, k.opened_at, k.kept_back, (
        SELECT count(*) FROM channel_seats m WHERE m.event_id = k.event_id AND m.channel_key = k.key
    ) AS seats
FROM events e
LEFT JOIN channels k ON k.event_id = e.id
WHERE e.id = :event_id AND e.deleted_at IS NULL
ORDER BY k.key

-- channel_seats
-- Read the next :limit seats of a channel after :after by id, as they are to those who reach them: an overdue hold no
-- longer counts. If it has none, that is a single row without a seat. `key` is null if the event has no such channel.
SELECT
    e.version, e.archived_at IS NOT NULL AS archived, k.key, s.id, s.event_id, s.seat_number, s.section, s.row_name, coalesce(s.price, kind.price) AS price,
    kind.key AS category, c.status, c.reservation_id, false AS blocked
FROM events e
LEFT JOIN channels k ON k.event_id = e.id AND k.key = :key
LEFT JOIN LATERAL (
    SELECT m.seat_id FROM channel_seats m
    WHERE m.event_id = e.id AND m.channel_key = k.key AND m.seat_id > :after
    ORDER BY m.seat_id LIMIT :limit
) AS member ON true
LEFT JOIN seats s ON s.id = member.seat_id AND s.event_id = e.id
LEFT JOIN claims c ON c.seat_id = s.id AND c.event_id = e.id
    AND (c.status = 'confirmed' OR c.expires_at > clock_timestamp())
LEFT JOIN categories kind ON kind.event_id = e.id AND kind.number = s.category
WHERE e.id = :event_id AND e.deleted_at IS NULL
ORDER BY s.id
