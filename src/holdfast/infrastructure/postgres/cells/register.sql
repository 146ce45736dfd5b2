-- own_number
-- Read which cell this database is, and since when; null if it was never told.
SELECT cell AS number, cell_added_at AS added_at FROM installation

-- cells
-- List the cells of the installation. Only cell 0 has them.
SELECT number, added_at, drained_at IS NOT NULL AS drained FROM cells ORDER BY number

-- planned_seats
-- Count the seats of the events that are not over, as planned: most events get their seats some time after they were
-- created, and those that are created in the meantime must not all go to one cell. Drafts and published events each have
-- an index.
SELECT (
    SELECT coalesce(sum(total_seats), 0)::bigint FROM events
    WHERE published AND deleted_at IS NULL AND start_at > (SELECT clock_timestamp())
) + (
    SELECT coalesce(sum(total_seats), 0)::bigint FROM events
    WHERE NOT published AND deleted_at IS NULL AND start_at > (SELECT clock_timestamp())
) AS seats

-- ping
-- Make sure that the database answers.
SELECT 1
