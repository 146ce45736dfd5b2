-- Halls with categories and areas, channels that keep seats back, the times of the sale, and what the reservation of a
-- hold that can be extended and changed needs. The version before ignores all of it.

-- step: events
-- `chart_edits` is what the chart's version is ahead of the number of its seats: it grows when a hall replaces seats or a
-- category gets other ones. So a node of the version before raises the chart's version too when it adds seats.
-- `price_edits` counts the changes of categories' prices, which leave the chart's version as it is.
ALTER TABLE events
    ADD COLUMN confirmation   text    NOT NULL DEFAULT 'buyer',
    ADD COLUMN timezone       text    NOT NULL DEFAULT 'UTC',
    ADD COLUMN currency       text    NOT NULL DEFAULT 'JPY',
    ADD COLUMN sale_opens_at  timestamptz,
    ADD COLUMN sale_closes_at timestamptz,
    ADD COLUMN chart_edits    integer NOT NULL DEFAULT 0,
    ADD COLUMN price_edits    integer NOT NULL DEFAULT 0;
ALTER TABLE events
    ADD CONSTRAINT events_confirmation_check CHECK (confirmation IN ('buyer', 'seller')) NOT VALID;
-- step: check of events, outside a transaction
ALTER TABLE events VALIDATE CONSTRAINT events_confirmation_check;

-- step: events_published_idx, outside a transaction
-- The list of events, which everybody reads, must not go through the drafts of one organiser who made very many.
CREATE INDEX CONCURRENTLY events_published_idx ON events (created_at DESC, id DESC)
WHERE deleted_at IS NULL AND published;
-- step: events_drafts_idx, outside a transaction
CREATE INDEX CONCURRENTLY events_drafts_idx ON events (organiser_id, created_at DESC, id DESC)
WHERE deleted_at IS NULL AND NOT published;

-- step: categories
-- The price categories of an event. A seat refers to its category by number, which stays when the key or price changes.
CREATE TABLE categories (
    event_id uuid     NOT NULL,
    number   smallint NOT NULL,
    place    smallint NOT NULL,
    key      text     NOT NULL COLLATE "C",
    name     text     NOT NULL,
    color    text     NOT NULL,
    price    bigint   NOT NULL,
    CONSTRAINT categories_pkey PRIMARY KEY (event_id, number),
    CONSTRAINT categories_key UNIQUE (event_id, key),
    CONSTRAINT categories_price_check CHECK (price BETWEEN 0 AND 1000000000000)
);

-- step: halls
-- The document of an event's hall, from which its seats were made. `sections` is what choosing seats needs of it: key,
-- name, floor and focal point of each section, and whether it is an area.
CREATE TABLE halls (
    event_id uuid  NOT NULL,
    document text  NOT NULL,
    sections jsonb NOT NULL,
    CONSTRAINT halls_pkey PRIMARY KEY (event_id)
);

-- step: seats
-- A seat without a price of its own (null) costs what its category costs. `section_key` is the section's name in the
-- hall's document, `x` and `y` are in the document's units. The places of an area for general admission are seats too.
ALTER TABLE seats
    ALTER COLUMN price DROP NOT NULL,
    ADD COLUMN category         smallint,
    ADD COLUMN section_key      text COLLATE "C",
    ADD COLUMN x                real,
    ADD COLUMN y                real,
    ADD COLUMN area             boolean NOT NULL DEFAULT false,
    ADD COLUMN accessible       boolean NOT NULL DEFAULT false,
    ADD COLUMN restricted_view  boolean NOT NULL DEFAULT false,
    ADD COLUMN companion_of     uuid;
ALTER TABLE seats
    ADD CONSTRAINT seats_priced_check CHECK (price IS NOT NULL OR category IS NOT NULL) NOT VALID;
-- step: check of seats, outside a transaction
ALTER TABLE seats VALIDATE CONSTRAINT seats_priced_check;

-- step: channels
-- A channel keeps seats back from everybody who does not name its code. `kept_back` counts those of its seats that are
-- free. From `opens_to_all_at` on they are for everybody, recorded (`opened_at`) or not.
CREATE TABLE channels (
    event_id        uuid    NOT NULL,
    key             text    NOT NULL COLLATE "C",
    name            text    NOT NULL,
    code_digest     bytea,
    opens_to_all_at timestamptz,
    opened_at       timestamptz,
    kept_back       integer NOT NULL DEFAULT 0,
    CONSTRAINT channels_pkey PRIMARY KEY (event_id, key),
    CONSTRAINT channels_kept_back_check CHECK (kept_back >= 0)
) WITH (fillfactor = 50);

-- step: channel seats
-- The seats of channels, free or not. A seat is in at most one channel.
CREATE TABLE channel_seats (
    seat_id     uuid NOT NULL,
    event_id    uuid NOT NULL,
    channel_key text NOT NULL COLLATE "C",
    CONSTRAINT channel_seats_pkey PRIMARY KEY (seat_id, event_id)
);
CREATE INDEX channel_seats_channel_idx ON channel_seats (event_id, channel_key, seat_id);
CREATE INDEX channels_due_idx ON channels (opens_to_all_at) WHERE opened_at IS NULL;

-- step: reservations
-- `prices` are those of `seat_ids`, in the same order; null in reservations made by the version before. `extensions`
-- counts how often the hold was extended. The purchase limit does not apply to a reservation that is `beyond_limit`.
ALTER TABLE reservations
    ADD COLUMN prices       bigint[],
    ADD COLUMN extensions   smallint NOT NULL DEFAULT 0,
    ADD COLUMN beyond_limit boolean  NOT NULL DEFAULT false;
ALTER TABLE reservations
    DROP CONSTRAINT reservations_status_check,
    ADD CONSTRAINT reservations_status_check CHECK (
        status = 'pending' AND cancel_reason IS NULL AND confirmed_at IS NULL
        OR status = 'confirmed' AND cancel_reason IS NULL AND confirmed_at IS NOT NULL
        OR status = 'cancelled' AND cancel_reason IN ('user', 'expired', 'event_deleted', 'seller')
            AND confirmed_at IS NULL
    ) NOT VALID;
-- step: check of reservations, outside a transaction
ALTER TABLE reservations VALIDATE CONSTRAINT reservations_status_check;

-- step: reservations_of_event_idx, outside a transaction
-- For an organiser's list of an event's reservations, newest first, by status. The condition is true of all rows, and
-- only this list repeats it, so that no other statement can use the index: planned on empty tables, a batch could choose
-- it to look for overdue holds, and read all holds of the event.
CREATE INDEX CONCURRENTLY reservations_of_event_idx ON reservations (event_id, status, created_version DESC)
WHERE created_version > 0;

-- step: changes
-- `freed_seat_ids` are the seats that a hold gave up in the same step in which it got `seat_ids`. Of what an entry
-- freed, `kept_back_seat_ids` are the seats that a channel keeps back. In the entries about a channel these two columns
-- are the seats that became free for all and the free ones that were kept back; null if there are too many to name.
-- `detail` is the key of the channel that an entry is about.
ALTER TABLE changes
    ADD COLUMN freed_seat_ids     uuid[],
    ADD COLUMN kept_back_seat_ids uuid[],
    ADD COLUMN detail             text;
ALTER TABLE changes
    DROP CONSTRAINT changes_kind_check,
    ADD CONSTRAINT changes_kind_check CHECK (
        kind IN (
            'reserved', 'confirmed', 'cancelled', 'expired', 'extended', 'seats_changed',
            'seats_added', 'hall_changed', 'categories_changed',
            'channel_changed', 'channel_deleted', 'channel_opened', 'seats_kept_back', 'seats_given_back',
            'event_edited', 'event_deleted'
        )
    ) NOT VALID;
-- step: check of changes, outside a transaction
ALTER TABLE changes VALIDATE CONSTRAINT changes_kind_check;
-- step: changes_of_holds_idx, outside a transaction
-- The entries between the first and the last one of a reservation, of which most have none. A batch looks up whether an
-- earlier attempt has made a change, by its id, and the log's checks find what the reservation's row does not name.
CREATE INDEX CONCURRENTLY changes_of_holds_idx ON changes (reservation_id, detail)
    WHERE kind IN ('extended', 'seats_changed');
