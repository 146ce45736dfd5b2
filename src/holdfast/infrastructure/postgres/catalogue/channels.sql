-- open_due
-- Record the opening of an event's channels that are due, each with a log entry, in the order in which `decide()` does it.
-- An entry names the seats that it frees, unless there are more than :named_max.
WITH due AS MATERIALIZED (
    SELECT k.key, k.kept_back, :version::bigint + row_number() OVER (ORDER BY k.opens_to_all_at, k.key) AS version
    FROM channels k WHERE k.event_id = :event_id AND k.opened_at IS NULL AND k.opens_to_all_at <= :now
),
opened AS (
    UPDATE channels k SET opened_at = :now
    WHERE k.event_id = :event_id AND k.key = ANY (ARRAY(SELECT d.key FROM due d))
    RETURNING 1
),
logged AS (
    INSERT INTO changes (
        event_id, version, kind, reservation_id, seat_ids, freed_seat_ids, kept_back_seat_ids, detail, at
    )
    SELECT
        :event_id, d.version, 'channel_opened', NULL, '{}',
        CASE WHEN d.kept_back <= :named_max::int THEN ARRAY(
            SELECT m.seat_id FROM channel_seats m
            WHERE m.event_id = :event_id AND m.channel_key = d.key AND (
                SELECT true FROM claims c WHERE c.seat_id = m.seat_id AND c.event_id = :event_id LIMIT 1
            ) IS NULL
        ) END,
        '{}', d.key, :now
    FROM due d
    RETURNING 1
)
SELECT (SELECT count(*) FROM opened) AS opened, (SELECT count(*) FROM logged) AS logged

-- raise_version
-- Raise a locked event's version.
UPDATE events SET version = :version WHERE id = :event_id AND version = :loaded_version

-- channel
-- Read a channel, and how many seats it has.
SELECT k.key, k.name, k.code_digest, k.opens_to_all_at, k.opened_at, k.kept_back, (
    SELECT count(*) FROM channel_seats m WHERE m.event_id = k.event_id AND m.channel_key = k.key
) AS seats
FROM channels k WHERE k.event_id = :event_id AND k.key = :key

-- count_channels
-- Count an event's channels.
SELECT count(*) FROM channels WHERE event_id = :event_id

-- put_channel
-- Store a channel, or replace what is said of it.
INSERT INTO channels (event_id, key, name, code_digest, opens_to_all_at, opened_at)
VALUES (:event_id, :key, :name, :code_digest, :opens_to_all_at, :opened_at)
ON CONFLICT (event_id, key) DO UPDATE SET
    name = excluded.name, code_digest = excluded.code_digest, opens_to_all_at = excluded.opens_to_all_at,
    opened_at = excluded.opened_at

-- free_seats
-- Find the free seats of a channel, at most :seats_max.
SELECT m.seat_id FROM channel_seats m
WHERE m.event_id = :event_id AND m.channel_key = :key AND (
    SELECT true FROM claims c WHERE c.seat_id = m.seat_id AND c.event_id = :event_id LIMIT 1
) IS NULL
LIMIT :seats_max

-- some_seats
-- Find seats of a channel, free or not, at most :seats_max.
SELECT m.seat_id FROM channel_seats m WHERE m.event_id = :event_id AND m.channel_key = :key
ORDER BY m.seat_id LIMIT :seats_max

-- unknown_seats
-- Return those of the given seats that the event does not have, in the order given.
SELECT wanted.seat_id
FROM unnest(:seat_ids::uuid[]) WITH ORDINALITY AS wanted (seat_id, place)
WHERE (SELECT true FROM seats s WHERE s.id = wanted.seat_id AND s.event_id = :event_id LIMIT 1) IS NULL
ORDER BY wanted.place

-- keep_back
-- Put seats into a channel, out of any other one, and keep the counts of free seats. Returns how many of the seats exist
-- and how many of these are free; those that are held or sold (a hold that has run out is not); those that are new in the
-- channel, and of these the free ones, and those free ones that a channel which is not open has kept back so far.
WITH asked AS MATERIALIZED (
    SELECT wanted.seat_id, before.channel_key, before.closed, claim.status, claim.expires_at
    FROM unnest(:seat_ids::uuid[]) AS wanted (seat_id)
    CROSS JOIN LATERAL (
        SELECT true AS found FROM seats s WHERE s.id = wanted.seat_id AND s.event_id = :event_id LIMIT 1
    ) AS seat
    LEFT JOIN LATERAL (
        SELECT m.channel_key, (
            SELECT k.opened_at IS NULL FROM channels k WHERE k.event_id = :event_id AND k.key = m.channel_key
        ) AS closed
        FROM channel_seats m WHERE m.seat_id = wanted.seat_id AND m.event_id = :event_id LIMIT 1
    ) AS before ON true
    LEFT JOIN LATERAL (
        SELECT c.status, c.expires_at FROM claims c
        WHERE c.seat_id = wanted.seat_id AND c.event_id = :event_id LIMIT 1
    ) AS claim ON true
),
put AS (
    INSERT INTO channel_seats (seat_id, event_id, channel_key)
    SELECT a.seat_id, :event_id, :key FROM asked a WHERE a.channel_key IS DISTINCT FROM :key
    ON CONFLICT (seat_id, event_id) DO UPDATE SET channel_key = excluded.channel_key
    RETURNING 1
),
counted AS (
    UPDATE channels k SET kept_back = k.kept_back + CASE
        WHEN k.key = :key THEN (
            SELECT count(*) FROM asked a WHERE a.status IS NULL AND a.channel_key IS DISTINCT FROM :key
        )
        ELSE -(SELECT count(*) FROM asked a WHERE a.status IS NULL AND a.channel_key = k.key)
    END
    WHERE k.event_id = :event_id AND k.key = ANY (
        ARRAY(SELECT DISTINCT a.channel_key FROM asked a WHERE a.channel_key IS DISTINCT FROM :key) || :key::text
    )
    RETURNING 1
)
SELECT
    count(*) AS seats,
    count(*) FILTER (WHERE a.status IS NULL) AS free,
    coalesce(array_agg(a.seat_id) FILTER (
        WHERE a.status = 'confirmed' OR a.status = 'reserved' AND a.expires_at > :now
    ), '{}') AS taken,
    coalesce(array_agg(a.seat_id) FILTER (WHERE a.channel_key IS DISTINCT FROM :key), '{}') AS joined,
    coalesce(
        array_agg(a.seat_id) FILTER (WHERE a.status IS NULL AND a.channel_key IS DISTINCT FROM :key), '{}'
    ) AS joined_free,
    coalesce(
        array_agg(a.seat_id) FILTER (WHERE a.status IS NULL AND a.closed AND a.channel_key IS DISTINCT FROM :key), '{}'
    ) AS kept_back_before,
    (SELECT count(*) FROM put) AS put
FROM asked a

-- give_back
-- Take those of some seats that are in a channel out of it, and keep its count of free seats. Returns them, and the free
-- ones among them.
WITH asked AS MATERIALIZED (
    SELECT wanted.seat_id, (
        SELECT true FROM claims c WHERE c.seat_id = wanted.seat_id AND c.event_id = :event_id LIMIT 1
    ) IS NULL AS free
    FROM unnest(:seat_ids::uuid[]) AS wanted (seat_id)
    CROSS JOIN LATERAL (
        SELECT m.channel_key FROM channel_seats m
        WHERE m.seat_id = wanted.seat_id AND m.event_id = :event_id LIMIT 1
    ) AS present
    WHERE present.channel_key = :key
),
gone AS (
    DELETE FROM channel_seats m
    WHERE m.seat_id = ANY (ARRAY(SELECT a.seat_id FROM asked a)) AND m.event_id = :event_id
    RETURNING 1
),
counted AS (
    UPDATE channels k SET kept_back = k.kept_back - (SELECT count(*) FROM asked a WHERE a.free)
    WHERE k.event_id = :event_id AND k.key = :key
    RETURNING 1
)
SELECT
    coalesce(array_agg(a.seat_id), '{}') AS gone,
    coalesce(array_agg(a.seat_id) FILTER (WHERE a.free), '{}') AS free,
    (SELECT count(*) FROM gone) AS deleted
FROM asked a

-- delete_channel
-- Delete a channel that has no seats any more.
DELETE FROM channels WHERE event_id = :event_id AND key = :key AND kept_back = 0

-- log_channel
-- Append an entry about a channel: its seats, those that it made free for all, and those that it keeps back from now on.
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, freed_seat_ids, kept_back_seat_ids, detail, at)
VALUES (:event_id, :version, :kind, NULL, :seat_ids, :freed_seat_ids, :kept_back_seat_ids, :key, :now)

-- seats_of_sections
-- Find the seats of some sections, by the sections' keys or names, at most :seats_max.
SELECT s.id, s.section, s.section_key FROM seats s
WHERE s.event_id = :event_id AND (
    s.section IN (SELECT unnest(:sections::text[])) OR s.section_key IN (SELECT unnest(:sections::text[]))
)
LIMIT :seats_max

-- seats_of_rows
-- Find the seats of some rows, at most :seats_max. A row comes with its section's key or name, or with null for all rows
-- of that label.
SELECT s.id, s.row_name, s.section, s.section_key
FROM (
    SELECT DISTINCT wanted.row_name, wanted.section
    FROM unnest(:rows::text[], :sections::text[]) AS wanted (row_name, section)
) AS wanted
JOIN seats s ON s.event_id = :event_id AND s.row_name = wanted.row_name
    AND (wanted.section IS NULL OR wanted.section = s.section OR wanted.section = s.section_key)
LIMIT :seats_max

-- seats_of_categories
-- Find the seats of some price categories, by key, at most :seats_max.
SELECT s.id, c.key FROM categories c
JOIN seats s ON s.event_id = c.event_id AND s.category = c.number
WHERE c.event_id = :event_id AND c.key = ANY (:categories::text[])
LIMIT :seats_max
