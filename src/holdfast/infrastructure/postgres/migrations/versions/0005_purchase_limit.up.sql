-- step: events
-- `purchase_limit_since` is the event's version at which the limit was set, null if the event was created with it:
-- reservations from before may exceed the limit.
ALTER TABLE events
    ADD COLUMN max_seats_per_buyer  integer,
    ADD COLUMN purchase_limit_since bigint,
    ADD CONSTRAINT events_max_seats_per_buyer_check CHECK (max_seats_per_buyer BETWEEN 1 AND 1000) NOT VALID;
-- step: check, outside a transaction
ALTER TABLE events VALIDATE CONSTRAINT events_max_seats_per_buyer_check;
-- step: reservations_of_buyer_idx, outside a transaction
-- A buyer's live reservations of an event, which are those without a `cancel_reason`. The condition does not use
-- `status`; otherwise statements that look for pending holds could choose this index while tables are small, and read
-- all sold ones.
CREATE INDEX CONCURRENTLY reservations_of_buyer_idx ON reservations (event_id, user_id) WHERE cancel_reason IS NULL;
