-- Tables for who may do what. The version before ignores them, and creates events as before: they get the default
-- organiser. All tables are small except the audit, which gets a row for each administrative action.

-- step: organisers
CREATE TABLE organisers (
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT organisers_pkey PRIMARY KEY (id)
);
-- Owns all events created before this migration, and all events of `open` mode; the code knows this id.
INSERT INTO organisers (id, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000000', 'Default organiser', clock_timestamp());

-- step: members
CREATE TABLE members (
    user_id      text        NOT NULL COLLATE "C",
    organiser_id uuid        NOT NULL,
    role         text        NOT NULL,
    since        timestamptz NOT NULL,
    CONSTRAINT members_pkey PRIMARY KEY (user_id, organiser_id),
    CONSTRAINT members_organiser_fkey FOREIGN KEY (organiser_id) REFERENCES organisers (id),
    CONSTRAINT members_role_check CHECK (role IN ('box_office', 'organiser'))
);
CREATE INDEX members_organiser_idx ON members (organiser_id, user_id);

-- step: api keys
-- The digest is the SHA-256 of a key; the key itself is not stored.
CREATE TABLE api_keys (
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    role         text        NOT NULL,
    organiser_id uuid,
    digest       bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_organiser_fkey FOREIGN KEY (organiser_id) REFERENCES organisers (id),
    CONSTRAINT api_keys_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT api_keys_role_check CHECK (
        role = 'buyer'
        OR role IN ('box_office', 'organiser') AND organiser_id IS NOT NULL
        OR role = 'admin' AND organiser_id IS NULL
    )
);
CREATE INDEX api_keys_newest_idx ON api_keys (created_at DESC, id DESC);
CREATE INDEX api_keys_organiser_idx ON api_keys (organiser_id, created_at DESC, id DESC);

-- step: accounts
CREATE TABLE accounts (
    name            text        NOT NULL COLLATE "C",
    password_hash   text        NOT NULL,
    created_at      timestamptz NOT NULL,
    password_set_at timestamptz NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (name)
);

-- step: rights
-- One row. Its lock serialises administrative actions, and its version tells every node when its cached keys and
-- members may be out of date.
CREATE TABLE rights (
    one     boolean NOT NULL DEFAULT true,
    version bigint  NOT NULL,
    CONSTRAINT rights_pkey PRIMARY KEY (one),
    CONSTRAINT rights_one_check CHECK (one)
);
INSERT INTO rights (version) VALUES (0);

-- step: audit
-- Who did what to which thing: appended, never changed. `position` is the order of commits, since the audit's advisory
-- lock is held from the insert until the commit.
CREATE TABLE audit (
    position     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    id           uuid        NOT NULL,
    at           timestamptz NOT NULL,
    subject      text        NOT NULL,
    proof        text        NOT NULL,
    verb         text        NOT NULL,
    kind         text        NOT NULL,
    thing_id     text        NOT NULL,
    organiser_id uuid,
    request_id   text        NOT NULL,
    details      jsonb       NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (position),
    CONSTRAINT audit_id_key UNIQUE (id)
);
CREATE INDEX audit_organiser_idx ON audit (organiser_id, position);

-- step: organiser of events
-- PostgreSQL stores the default once and rewrites no row, so the lock is held only for a moment.
ALTER TABLE events ADD COLUMN organiser_id uuid NOT NULL DEFAULT '00000000-0000-7000-8000-000000000000';
