-- What is true of all nodes together, in one row. `finished` is the migration up to which no older node is left, so
-- that the features that came with it may be used. `holdfast migrate finish` sets it; the nodes read it every few
-- seconds.
CREATE TABLE installation (
    one      boolean NOT NULL DEFAULT true,
    finished text    NOT NULL COLLATE "C",
    CONSTRAINT installation_pkey PRIMARY KEY (one),
    CONSTRAINT installation_one_check CHECK (one)
);
INSERT INTO installation (finished) VALUES ('0001');
