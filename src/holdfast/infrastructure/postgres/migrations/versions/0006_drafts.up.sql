-- step: events
ALTER TABLE events ADD COLUMN published boolean NOT NULL DEFAULT true;
