-- Events spread over several databases, the cells. The version before reads no further databases, so none is added before
-- the upgrade is finished.

-- step: cells
-- The cells of the installation, as cell 0 knows them: `holdfast cells add` writes a row for each. Ids that are older
-- than `added_at` are not of this cell, whatever their bits say. A drained cell takes no new events. The table is empty
-- in other cells, and where there is only cell 0 and it is not drained.
CREATE TABLE cells (
    number     integer     NOT NULL,
    name       text        NOT NULL,
    added_at   timestamptz NOT NULL,
    drained_at timestamptz,
    CONSTRAINT cells_pkey PRIMARY KEY (number),
    CONSTRAINT cells_number_check CHECK (number BETWEEN 0 AND 4095)
);

-- step: number of this database
-- Which cell this database is, and since when; null until there is more than one cell. So a node whose CELLS names the
-- wrong database finds out before it writes anything.
ALTER TABLE installation ADD COLUMN cell integer, ADD COLUMN cell_added_at timestamptz;
ALTER TABLE installation ADD CONSTRAINT installation_cell_check CHECK (
    cell BETWEEN 0 AND 4095 AND cell_added_at IS NOT NULL OR cell IS NULL AND cell_added_at IS NULL
) NOT VALID;
ALTER TABLE installation VALIDATE CONSTRAINT installation_cell_check;

-- step: audit_at_idx, outside a transaction
-- For the audit of all cells in one list: where the entries of one begin that are older than an entry of another.
CREATE INDEX CONCURRENTLY audit_at_idx ON audit (at, position);
