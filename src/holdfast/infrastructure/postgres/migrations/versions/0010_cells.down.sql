-- step: audit_at_idx, outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS audit_at_idx;

-- step: number of this database
ALTER TABLE installation DROP COLUMN cell_added_at, DROP COLUMN cell;

-- step: cells
DROP TABLE cells;
