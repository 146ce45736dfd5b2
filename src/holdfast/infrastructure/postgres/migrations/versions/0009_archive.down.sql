-- step: archived reservations
-- The version before would take an archived event for one that has sold nothing. So this step refuses while there is one.
DO $$
BEGIN
    IF EXISTS (SELECT FROM events WHERE archived_at IS NOT NULL) THEN
        RAISE EXCEPTION 'there are archived events; bring them back first: holdfast archive restore --all';
    END IF;
END
$$;
DROP TABLE archived_reservations;

-- step: archives
DROP TABLE archives;

-- step: events_finished_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS events_finished_idx;

-- step: events
ALTER TABLE events DROP COLUMN archived_at;
