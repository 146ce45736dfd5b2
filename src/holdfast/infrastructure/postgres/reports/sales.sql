-- sums_of_log
-- Add up a stretch of an event's log by minute and category: the seats that were held, sold and released, and what the
-- sold ones cost. Also return the state of the event at the end of the stretch, and the edits of its chart; without any
-- sums if nothing happened to seats. A reservation without prices was made when each seat had its own, which has never
-- changed. Seats are looked up only for that, or if :by_category.
SELECT last.at, last.kind, last.reservation_id, e.chart_edits, sums.*
FROM events e
JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = :until_version LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT
        floor(extract(epoch FROM c.at) / 60)::bigint AS minute,
        seat.category,
        count(*) FILTER (WHERE moved.how = 'held') AS held,
        count(*) FILTER (WHERE moved.how = 'sold') AS sold,
        count(*) FILTER (WHERE moved.how = 'released') AS released,
        coalesce(
            sum(coalesce(bought.prices[array_position(bought.seat_ids, moved.seat_id)], seat.price, 0))
                FILTER (WHERE moved.how = 'sold'),
            0
        )::bigint AS revenue
    FROM changes c
    LEFT JOIN LATERAL (
        SELECT r.seat_ids, r.prices FROM reservations r
        WHERE c.kind = 'confirmed' AND r.id = c.reservation_id AND r.event_id = c.event_id LIMIT 1
    ) AS bought ON true
    CROSS JOIN LATERAL (
        SELECT
            CASE c.kind WHEN 'confirmed' THEN 'sold' WHEN 'cancelled' THEN 'released' WHEN 'expired' THEN 'released'
                ELSE 'held' END AS how,
            unnest(c.seat_ids) AS seat_id
        UNION ALL
        SELECT 'released' AS how, unnest(c.freed_seat_ids) AS seat_id
    ) AS moved
    LEFT JOIN LATERAL (
        SELECT s.category, s.price FROM seats s
        WHERE (:by_category::boolean OR moved.how = 'sold' AND bought.prices IS NULL)
            AND s.id = moved.seat_id AND s.event_id = c.event_id
        LIMIT 1
    ) AS seat ON true
    WHERE c.event_id = e.id AND c.version > :after_version AND c.version <= :until_version
        AND c.kind IN ('reserved', 'confirmed', 'cancelled', 'expired', 'seats_changed')
    GROUP BY 1, 2
) AS sums ON true
WHERE e.id = :event_id AND e.deleted_at IS NULL
