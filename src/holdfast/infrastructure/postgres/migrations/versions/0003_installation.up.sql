-- What is true of all nodes together: one row. Up to `finished` no node of an older version is left, so that what came
-- with these migrations may be used. `holdfast migrate finish` moves it; the nodes read it every few seconds.
CREATE TABLE installation (
    one      boolean NOT NULL DEFAULT true,
    finished text    NOT NULL COLLATE "C",
    CONSTRAINT installation_pkey PRIMARY KEY (one),
    CONSTRAINT installation_one_check CHECK (one)
);
INSERT INTO installation (finished) VALUES ('0001');
