-- known_cells
-- List the cells that this database knows. Only cell 0 knows any.
SELECT number, name, added_at, drained_at FROM cells ORDER BY number

-- clock
-- Read the time by PostgreSQL's clock.
SELECT clock_timestamp()

-- take_number
-- Tell a database which cell it is, for good: a number that it has already is kept.
UPDATE installation SET cell = :number, cell_added_at = :added_at WHERE cell IS NULL

-- add_cell
-- Enter a cell into the list of cell 0, from which nodes learn of it. One that is there is kept.
INSERT INTO cells (number, name, added_at, drained_at)
VALUES (:number, :name, :added_at, CASE WHEN :drained::boolean THEN clock_timestamp() END)
ON CONFLICT (number) DO NOTHING

-- lock_cells
-- Have changes of the list wait for each other, so that no two of them drain the last two cells.
LOCK TABLE cells IN SHARE ROW EXCLUSIVE MODE

-- drain_cell
-- Take a cell out of those that get new events, and keep since when.
UPDATE cells SET drained_at = coalesce(drained_at, clock_timestamp()) WHERE number = :number

-- undrain_cell
-- Have a cell get new events again.
UPDATE cells SET drained_at = NULL WHERE number = :number

-- relations
-- Name some of the tables that are in the schema of this session.
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1 LIMIT 3

-- has_events
-- Tell whether there is any event.
SELECT EXISTS (SELECT FROM events)

-- takes_writes
-- Tell whether the server is a standby, or refuses to write for another reason.
SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only

-- available_seats
-- Count the free seats of events that are not over.
SELECT coalesce(sum(available), 0)::bigint FROM events WHERE deleted_at IS NULL AND start_at > clock_timestamp()

-- ids_of_other_cells
-- Find ids of events, seats and reservations that name another cell than :number (in twelve bits of their seventh and
-- eighth byte). A cell that has had its number from the beginning can have none. Cell 0 also has ids from before there
-- were cells, so there only those count that name one of the cells :numbers and were made (by the time in their first
-- six bytes) after it was added, at :since_milliseconds.
SELECT things.kind, things.id::text AS id, things.cell
FROM (
    SELECT
        listed.kind,
        listed.id,
        (get_byte(uuid_send(listed.id), 6) & 15) * 256 + get_byte(uuid_send(listed.id), 7) AS cell,
        ('x' || lpad(left(replace(listed.id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint AS made_milliseconds
    FROM (
        SELECT 'event' AS kind, id FROM events
        UNION ALL
        SELECT 'seat', id FROM seats
        UNION ALL
        SELECT 'reservation', id FROM reservations
    ) AS listed
) AS things
LEFT JOIN unnest(:numbers::int[], :since_milliseconds::bigint[]) AS known (number, since)
    ON known.number = things.cell AND things.made_milliseconds > known.since
WHERE things.cell <> :number AND (:number <> 0 OR known.number IS NOT NULL)
