-- categories
-- Read the categories of an event in their order.
SELECT number, key, name, color, price FROM categories WHERE event_id = :event_id ORDER BY place

-- used_categories
-- Return those of the given categories that a seat of the event has.
SELECT c.number
FROM unnest(:numbers::smallint[]) AS c (number)
WHERE EXISTS (SELECT 1 FROM seats s WHERE s.event_id = :event_id AND s.category = c.number)

-- remove_categories
-- Remove all categories of an event but those with the given numbers.
DELETE FROM categories WHERE event_id = :event_id AND number <> ALL (:numbers::smallint[])

-- put_categories
-- Store the categories of an event, in their order.
INSERT INTO categories (event_id, number, place, key, name, color, price)
SELECT :event_id, given.number, given.place, given.key, given.name, given.color, given.price
FROM unnest(:numbers::smallint[], :keys::text[], :names::text[], :colors::text[], :prices::bigint[])
    WITH ORDINALITY AS given (number, key, name, color, price, place)
ON CONFLICT (event_id, number) DO UPDATE SET
    place = excluded.place, key = excluded.key, name = excluded.name, color = excluded.color, price = excluded.price

-- count_edits
-- Raise a locked event's version, and how often its chart and the prices of its categories were edited.
UPDATE events SET
    version = version + 1, chart_edits = chart_edits + :chart_edits, price_edits = price_edits + :price_edits
WHERE id = :event_id AND version = :loaded_version

-- hall_document
-- Read the document of an event's hall.
SELECT document FROM halls WHERE event_id = :event_id

-- chart_version
-- Read the version of an event's chart.
SELECT available + reserved + confirmed + chart_edits FROM events WHERE id = :event_id

-- put_hall
-- Store the document of an event's hall, and what choosing seats needs of its sections.
INSERT INTO halls (event_id, document, sections) VALUES (:event_id, :document, :sections::jsonb)
ON CONFLICT (event_id) DO UPDATE SET document = excluded.document, sections = excluded.sections

-- was_ever_held
-- Return whether the log of an event has an entry about a reservation. The first one is soon found.
SELECT EXISTS (
    SELECT 1
    FROM (
        SELECT c.reservation_id FROM changes c WHERE c.event_id = :event_id AND c.version >= 1 ORDER BY c.version
    ) AS log
    WHERE log.reservation_id IS NOT NULL
)

-- stored_seats
-- Read the next :seats_max seats of an event after :after_number, with what a hall's document says of them.
SELECT
    id, seat_number, section, row_name, section_key, category, price, x, y, area, accessible, restricted_view,
    companion_of
FROM seats
WHERE event_id = :event_id AND seat_number > :after_number
ORDER BY seat_number
LIMIT :seats_max

-- remove_seats
-- Remove all seats of an event. Nobody has ever held one.
DELETE FROM seats WHERE event_id = :event_id

-- remove_channel_seats
-- Take seats that no longer exist out of the event's channels, and count what is left of those. All of it is free.
WITH gone AS (
    DELETE FROM channel_seats k
    WHERE k.event_id = :event_id
        AND NOT EXISTS (SELECT 1 FROM seats s WHERE s.id = k.seat_id AND s.event_id = k.event_id)
    RETURNING k.channel_key
)
UPDATE channels c SET kept_back = c.kept_back - (SELECT count(*) FROM gone WHERE gone.channel_key = c.key)
WHERE c.event_id = :event_id AND c.key IN (SELECT channel_key FROM gone)

-- count_chart
-- Raise a locked event's version, its available seats and how often its chart and the prices of its categories were
-- edited; return the version of the chart.
UPDATE events SET
    version = version + 1, available = available + :more_seats::integer, chart_edits = chart_edits + :chart_edits,
    price_edits = price_edits + :price_edits
WHERE id = :event_id AND version = :loaded_version
RETURNING available + reserved + confirmed + chart_edits AS chart_version
