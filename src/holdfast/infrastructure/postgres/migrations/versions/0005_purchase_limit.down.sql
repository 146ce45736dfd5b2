-- step: index, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS reservations_of_buyer_idx;
-- step: events
ALTER TABLE events
    DROP COLUMN max_seats_per_buyer,
    DROP COLUMN purchase_limit_since;
