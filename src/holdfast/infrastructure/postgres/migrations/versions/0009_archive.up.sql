-- Finished events whose reservations, claims and log are in a file. The version before knows nothing of it, so no event
-- is archived before the upgrade is finished.

-- step: events
-- When its claims, changes and reservations left for a file; null while they are here.
ALTER TABLE events ADD COLUMN archived_at timestamptz;

-- step: events_finished_idx, outside a transaction
-- For the archiver, which looks for events by when they finished: when they were deleted or, if they were not, when they
-- ended and their sale too. No sale changes a column of it, so the rows of events can still be updated in place.
CREATE INDEX CONCURRENTLY events_finished_idx ON events (coalesce(deleted_at, greatest(end_at, sale_closes_at)), id)
WHERE archived_at IS NULL;

-- step: archives
-- The file of each event that is archived, or was and is restored (`restored_at`). `bytes` and `sha256` are of the file,
-- `version` is the event's, and the counts are of the rows that are in the file.
CREATE TABLE archives (
    event_id     uuid        NOT NULL,
    file         text        NOT NULL COLLATE "C",
    format       text        NOT NULL,
    sha256       bytea       NOT NULL,
    bytes        bigint      NOT NULL,
    version      bigint      NOT NULL,
    claims       bigint      NOT NULL,
    reservations bigint      NOT NULL,
    changes      bigint      NOT NULL,
    archived_at  timestamptz NOT NULL,
    restored_at  timestamptz,
    CONSTRAINT archives_pkey PRIMARY KEY (event_id),
    CONSTRAINT archives_sha256_check CHECK (octet_length(sha256) = 32)
);

-- step: archived reservations
-- The reservations of archived events, so that one's buyer is told that it is archived, and everybody else that it does
-- not exist. `buyer` is the first 8 bytes of the SHA-256 of the reservation's id and its user's. It is short, because
-- this table is what remains of an archived sale: a tenth of what was there before.
CREATE TABLE archived_reservations (
    id       uuid  NOT NULL,
    event_id uuid  NOT NULL,
    buyer    bytea NOT NULL,
    CONSTRAINT archived_reservations_pkey PRIMARY KEY (id, event_id),
    CONSTRAINT archived_reservations_buyer_check CHECK (octet_length(buyer) = 8)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000
);
