-- step: events
-- `purchase_limit_since` is the event's version since which it has its limit, null where it was made with it: reservations
-- from before may exceed the limit.
ALTER TABLE events
    ADD COLUMN max_seats_per_buyer  integer,
    ADD COLUMN purchase_limit_since bigint,
    ADD CONSTRAINT events_max_seats_per_buyer_check CHECK (max_seats_per_buyer BETWEEN 1 AND 1000) NOT VALID;
-- step: check, outside a transaction
ALTER TABLE events VALIDATE CONSTRAINT events_max_seats_per_buyer_check;
-- step: reservations_of_buyer_idx, outside a transaction
-- A buyer's live reservations of an event, which are those without a reason for their end. It does not say so by `status`:
-- then statements that look for pending holds could choose it while tables are small, and go through all sold ones.
CREATE INDEX CONCURRENTLY reservations_of_buyer_idx ON reservations (event_id, user_id) WHERE cancel_reason IS NULL;
