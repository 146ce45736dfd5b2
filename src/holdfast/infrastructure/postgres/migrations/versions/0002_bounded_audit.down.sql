-- step: indexes, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS changes_at_idx;
DROP INDEX CONCURRENTLY IF EXISTS seats_not_nfc_idx;
-- step: autovacuum of events
ALTER TABLE events RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
    autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
-- step: autovacuum of claims
ALTER TABLE claims RESET (
    autovacuum_vacuum_threshold, autovacuum_vacuum_insert_threshold,
    autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
ALTER TABLE claims SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
-- step: autovacuum of reservations
ALTER TABLE reservations RESET (
    autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold,
    autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
ALTER TABLE reservations SET (autovacuum_vacuum_scale_factor = 0.05);
-- step: autovacuum of changes
ALTER TABLE changes RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor,
    autovacuum_vacuum_insert_threshold, autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
-- step: autovacuum of seats
ALTER TABLE seats RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor,
    autovacuum_vacuum_insert_threshold, autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
