-- Events. The row is the only lock of its event, and has the version and the counters of its seats. Pages are filled to
-- half, so that the many updates of a hot event stay on one page.
CREATE TABLE events (
    id          uuid        NOT NULL,
    name        text        NOT NULL,
    description text        NOT NULL,
    venue       text        NOT NULL,
    start_at    timestamptz NOT NULL,
    end_at      timestamptz NOT NULL,
    total_seats integer     NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    version     bigint      NOT NULL DEFAULT 0,
    available   integer     NOT NULL DEFAULT 0,
    reserved    integer     NOT NULL DEFAULT 0,
    confirmed   integer     NOT NULL DEFAULT 0,
    pending_reservations   integer NOT NULL DEFAULT 0,
    confirmed_reservations integer NOT NULL DEFAULT 0,
    CONSTRAINT events_pkey PRIMARY KEY (id),
    CONSTRAINT events_total_seats_check CHECK (total_seats BETWEEN 1 AND 1000000),
    CONSTRAINT events_counters_check CHECK (
        available >= 0 AND reserved >= 0 AND confirmed >= 0
        AND pending_reservations >= 0 AND confirmed_reservations >= 0
        AND available + reserved + confirmed <= total_seats
    )
) WITH (fillfactor = 50);

-- For the list of events, newest created first.
CREATE INDEX events_newest_idx ON events (created_at DESC, id DESC) WHERE deleted_at IS NULL;

-- The chart; a seat never changes once added. There is no foreign key to events here and below: the event's lock and an
-- invariant ensure it, and the key would make adding seats a third slower.
CREATE TABLE seats (
    id          uuid    NOT NULL,
    event_id    uuid    NOT NULL,
    seat_number text    NOT NULL COLLATE "C",
    section     text,
    row_name    text,
    price       bigint  NOT NULL,
    position    integer NOT NULL,
    CONSTRAINT seats_pkey PRIMARY KEY (id, event_id),
    CONSTRAINT seats_number_key UNIQUE (event_id, seat_number),
    CONSTRAINT seats_price_check CHECK (price BETWEEN 0 AND 1000000000000)
);

-- The only live claim on a seat, held or sold. Its primary key makes selling a seat twice impossible.
CREATE TABLE claims (
    seat_id        uuid        NOT NULL,
    event_id       uuid        NOT NULL,
    reservation_id uuid        NOT NULL,
    status         text        NOT NULL,
    expires_at     timestamptz NOT NULL,
    CONSTRAINT claims_pkey PRIMARY KEY (seat_id, event_id),
    CONSTRAINT claims_status_check CHECK (status IN ('reserved', 'confirmed'))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

-- Reservations. The idempotency key stays on the row for ever.
CREATE TABLE reservations (
    id              uuid        NOT NULL,
    event_id        uuid        NOT NULL,
    user_id         text        NOT NULL COLLATE "C",
    idempotency_key text        NOT NULL COLLATE "C",
    fingerprint     bytea       NOT NULL,
    seat_ids        uuid[]      NOT NULL,
    status          text        NOT NULL,
    cancel_reason   text,
    total_amount    bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,
    created_version bigint      NOT NULL,
    changed_version bigint      NOT NULL,
    CONSTRAINT reservations_pkey PRIMARY KEY (id, event_id),
    CONSTRAINT reservations_idempotency_key UNIQUE (idempotency_key, user_id, event_id),
    CONSTRAINT reservations_status_check CHECK (
        status = 'pending' AND cancel_reason IS NULL AND confirmed_at IS NULL
        OR status = 'confirmed' AND cancel_reason IS NULL AND confirmed_at IS NOT NULL
        OR status = 'cancelled' AND cancel_reason IN ('user', 'expired', 'event_deleted') AND confirmed_at IS NULL
    ),
    CONSTRAINT reservations_seats_check CHECK (cardinality(seat_ids) BETWEEN 1 AND 20)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- For the overdue holds of an event.
CREATE INDEX reservations_pending_idx ON reservations (event_id, expires_at) WHERE status = 'pending';

-- For a caller's reservations, newest created first. The collation sorts like the column's but has another name, so
-- that only the list can use the index. Otherwise the planner would look up idempotency keys with it while the table is
-- small, and read all reservations of a user for each.
CREATE INDEX reservations_user_idx ON reservations (user_id COLLATE "POSIX", created_at DESC, id DESC);

-- The log: one entry per version of the event, appended and never changed.
CREATE TABLE changes (
    event_id       uuid        NOT NULL,
    version        bigint      NOT NULL,
    kind           text        NOT NULL,
    reservation_id uuid,
    seat_ids       uuid[]      NOT NULL,
    at             timestamptz NOT NULL,
    CONSTRAINT changes_pkey PRIMARY KEY (event_id, version),
    CONSTRAINT changes_kind_check CHECK (
        kind IN ('reserved', 'confirmed', 'cancelled', 'expired', 'seats_added', 'event_edited', 'event_deleted')
    )
);
