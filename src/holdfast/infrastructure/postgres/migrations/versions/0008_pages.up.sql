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
