-- step: events
ALTER TABLE events DROP COLUMN published;
