-- step: events_upcoming_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS events_upcoming_idx;

-- step: events_published_of_organiser_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS events_published_of_organiser_idx;

-- step: ticket keys
DROP TABLE ticket_keys;

-- step: links
DROP TABLE sign_in_links;

-- step: sessions
DROP TABLE sessions;
