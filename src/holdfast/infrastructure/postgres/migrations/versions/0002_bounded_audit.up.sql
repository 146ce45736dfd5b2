-- Nothing here changes a row, nobody waits for it, and the version before runs on it.

-- step: changes_at_idx, outside a transaction
-- What was written lately, for the audit. The log is appended in the order of time, which is what a block range index
-- lives on: an insert costs it next to nothing, where a tree would have cost a write each.
CREATE INDEX CONCURRENTLY changes_at_idx ON changes USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- step: seats_not_nfc_idx, outside a transaction
-- Seat numbers that are stored in another form than NFC, by their NFC form: seats that look alike are found by it. It is
-- nearly empty, so that bulk calls do not pay for it. Not unique, since what is there already shall not stop a release;
-- the event's lock and a look-up under it hold the rule.
CREATE INDEX CONCURRENTLY seats_not_nfc_idx ON seats (event_id, normalize(seat_number)) WHERE seat_number IS NOT NFC NORMALIZED;

-- step: autovacuum of events
-- When autovacuum looks at a table: after so many rows, however large the table has become. A share of the table, as is
-- the default, means millions of dead rows once a season's reservations have gathered.
-- Events: the row of a hot event is updated with each batch, some hundred times a second.
ALTER TABLE events SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
-- step: autovacuum of claims
-- Claims and reservations: one dead row for each hold that ends. A vacuum of so few leaves the indexes alone and takes
-- less than a second; so many gather in ten seconds of a storm, or in an ordinary day.
ALTER TABLE claims SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
-- step: autovacuum of reservations
ALTER TABLE reservations SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
-- step: autovacuum of changes
-- The log and the charts are only appended to: vacuum marks their new pages as visible to all, and freezes them early
-- instead of all at once.
ALTER TABLE changes SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000
);
-- step: autovacuum of seats
ALTER TABLE seats SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
