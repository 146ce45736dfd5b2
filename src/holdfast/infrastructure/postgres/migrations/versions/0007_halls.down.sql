-- step: index, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS changes_of_holds_idx;

-- step: changes
ALTER TABLE changes
    DROP COLUMN freed_seat_ids,
    DROP COLUMN kept_back_seat_ids,
    DROP COLUMN detail,
    DROP CONSTRAINT changes_kind_check,
    ADD CONSTRAINT changes_kind_check CHECK (
        kind IN ('reserved', 'confirmed', 'cancelled', 'expired', 'seats_added', 'event_edited', 'event_deleted')
    ) NOT VALID;

-- step: reservations_of_event_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS reservations_of_event_idx;

-- step: reservations
ALTER TABLE reservations
    DROP COLUMN prices,
    DROP COLUMN extensions,
    DROP COLUMN beyond_limit,
    DROP CONSTRAINT reservations_status_check,
    ADD CONSTRAINT reservations_status_check CHECK (
        status = 'pending' AND cancel_reason IS NULL AND confirmed_at IS NULL
        OR status = 'confirmed' AND cancel_reason IS NULL AND confirmed_at IS NOT NULL
        OR status = 'cancelled' AND cancel_reason IN ('user', 'expired', 'event_deleted') AND confirmed_at IS NULL
    ) NOT VALID;

-- step: channels
DROP TABLE channel_seats;
DROP TABLE channels;

-- step: seats
-- Seats without a price of their own keep what their category costs now.
ALTER TABLE seats DROP CONSTRAINT seats_priced_check;
UPDATE seats s SET price = c.price FROM categories c
WHERE s.price IS NULL AND c.event_id = s.event_id AND c.number = s.category;
ALTER TABLE seats ADD CONSTRAINT seats_price_given_check CHECK (price IS NOT NULL) NOT VALID;
-- step: check of seats, outside a transaction
ALTER TABLE seats VALIDATE CONSTRAINT seats_price_given_check;
-- step: columns of seats
ALTER TABLE seats ALTER COLUMN price SET NOT NULL;
ALTER TABLE seats
    DROP CONSTRAINT seats_price_given_check,
    DROP COLUMN category,
    DROP COLUMN section_key,
    DROP COLUMN x,
    DROP COLUMN y,
    DROP COLUMN area,
    DROP COLUMN accessible,
    DROP COLUMN restricted_view,
    DROP COLUMN companion_of;

-- step: halls
DROP TABLE halls;

-- step: categories
DROP TABLE categories;

-- step: events_drafts_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS events_drafts_idx;
-- step: events_published_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS events_published_idx;

-- step: events
ALTER TABLE events
    DROP COLUMN confirmation,
    DROP COLUMN timezone,
    DROP COLUMN currency,
    DROP COLUMN sale_opens_at,
    DROP COLUMN sale_closes_at,
    DROP COLUMN chart_edits,
    DROP COLUMN price_edits;
