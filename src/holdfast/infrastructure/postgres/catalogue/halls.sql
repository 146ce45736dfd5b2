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
