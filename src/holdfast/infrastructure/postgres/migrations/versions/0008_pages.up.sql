-- Tables of the pages. The version before ignores them.

-- step: sessions
-- Who has signed in to the pages. The digest is the SHA-256 of the 256 random bits in the browser's cookie.
CREATE TABLE sessions (
    digest     bytea       NOT NULL,
    user_id    text        NOT NULL COLLATE "C",
    admin      boolean     NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (digest),
    CONSTRAINT sessions_digest_check CHECK (octet_length(digest) = 32)
);
CREATE INDEX sessions_of_user_idx ON sessions (user_id, created_at);
CREATE INDEX sessions_expiry_idx ON sessions (expires_at);

-- step: links
-- Links that sign somebody in once. The digest is the SHA-256 of the 256 random bits in the link.
CREATE TABLE sign_in_links (
    digest     bytea       NOT NULL,
    user_id    text        NOT NULL COLLATE "C",
    admin      boolean     NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_links_pkey PRIMARY KEY (digest),
    CONSTRAINT sign_in_links_digest_check CHECK (octet_length(digest) = 32)
);
CREATE INDEX sign_in_links_expiry_idx ON sign_in_links (expires_at);

-- step: ticket keys
-- The Ed25519 keys with which every node signs tickets. At most one signs: the one that is not retired. A key that is
-- retired loses its private half, so that nobody can sign with it again. A key that is revoked is not published either:
-- what it signed is no ticket any more. The id is the first 8 bytes of the public key's SHA-256.
CREATE TABLE ticket_keys (
    id          bytea       NOT NULL,
    private_key bytea,
    public_key  bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz,
    revoked_at  timestamptz,
    CONSTRAINT ticket_keys_pkey PRIMARY KEY (id),
    CONSTRAINT ticket_keys_lengths_check CHECK (
        octet_length(id) = 8 AND octet_length(private_key) = 32 AND octet_length(public_key) = 32
    ),
    CONSTRAINT ticket_keys_retired_check CHECK (
        (private_key IS NULL) = (retired_at IS NOT NULL) AND (revoked_at IS NULL OR retired_at IS NOT NULL)
    )
);
CREATE UNIQUE INDEX ticket_keys_signing_idx ON ticket_keys ((true)) WHERE retired_at IS NULL;

-- step: events_published_of_organiser_idx, outside a transaction
-- The organisers' own lists. No sale changes a column of it, so the rows of events can still be updated in place.
CREATE INDEX CONCURRENTLY events_published_of_organiser_idx ON events (organiser_id, created_at DESC, id DESC)
WHERE deleted_at IS NULL AND published;

-- step: events_upcoming_idx, outside a transaction
-- The buyers' list of events, by when they start.
CREATE INDEX CONCURRENTLY events_upcoming_idx ON events (start_at, id) WHERE deleted_at IS NULL AND published;
