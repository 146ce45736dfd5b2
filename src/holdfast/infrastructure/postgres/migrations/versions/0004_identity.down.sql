-- step: organiser of events
ALTER TABLE events DROP COLUMN organiser_id;

-- step: tables
DROP TABLE audit;
DROP TABLE rights;
DROP TABLE accounts;
DROP TABLE api_keys;
DROP TABLE members;
DROP TABLE organisers;
