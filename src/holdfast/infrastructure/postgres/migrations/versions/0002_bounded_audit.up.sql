-- Nothing here changes a row or blocks anybody, and the version before can run with it.

-- step: changes_at_idx, outside a transaction
-- For the audit, which reads recent entries. The log is appended in the order of time, as a block range index needs: an
-- insert costs next to nothing, while a B-tree would need a write for each.
CREATE INDEX CONCURRENTLY changes_at_idx ON changes USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- step: seats_not_nfc_idx, outside a transaction
-- Seat numbers that are not in NFC, by their NFC form, to find seats that look alike. It is nearly empty, so bulk calls
-- do not pay for it. It is not unique, since existing duplicates must not stop an upgrade; the rule is enforced by the
-- event's lock and a look-up under it.
CREATE INDEX CONCURRENTLY seats_not_nfc_idx ON seats (event_id, normalize(seat_number)) WHERE seat_number IS NOT NFC NORMALIZED;

-- step: autovacuum of events
-- When autovacuum looks at a table: after a fixed number of rows, however large the table is. The default, a share of
-- the table, would mean millions of dead rows after a season. Events: the row of a hot event is updated with each
-- batch, some hundred times per second.
ALTER TABLE events SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
-- step: autovacuum of claims
-- Claims and reservations: one dead row for each hold that ends. Vacuuming this many leaves the indexes alone and takes
-- less than a second; this many come together in ten seconds of heavy load, or on an ordinary day.
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
