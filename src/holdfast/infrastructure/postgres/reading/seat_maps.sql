-- freshness
-- Compare the known version of each event (null if none is known) with the event. Of each log, the first entry returned
-- is that at the known version, or the last one if no version is known or the event has not reached it. Then follow
-- those after it, up to :entries_max in all. Version 0 has no entry; the event's creation stands in for it. The seats
-- that channels keep back do not count as available.
SELECT
    known.place, e.version AS event_version, e.deleted_at IS NOT NULL AS deleted,
    e.archived_at IS NOT NULL AS archived, e.published,
    hold.overdue OR coalesce(channel.due, false) AS overdue,
    e.available - coalesce(channel.kept_back, 0) AS available, e.available + e.reserved + e.confirmed AS seats,
    e.chart_edits, e.price_edits,
    coalesce(entry.version, 0) AS version, entry.kind, entry.reservation_id, entry.seat_ids,
    entry.freed_seat_ids, entry.kept_back_seat_ids,
    coalesce(entry.at, e.created_at) AS at, e.created_at
FROM unnest(:event_ids::uuid[], :known_versions::bigint[]) WITH ORDINALITY AS known (event_id, version, place)
CROSS JOIN LATERAL (
    SELECT
        one.version, one.available, one.reserved, one.confirmed, one.chart_edits, one.price_edits, one.created_at,
        one.deleted_at, one.archived_at, one.published
    FROM events one WHERE one.id = known.event_id LIMIT 1
) AS e
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.event_id = known.event_id AND r.status = 'pending' AND r.expires_at <= (SELECT clock_timestamp())
    ) AS overdue
) AS hold
CROSS JOIN LATERAL (
    SELECT sum(k.kept_back)::int AS kept_back, bool_or(k.opens_to_all_at <= (SELECT clock_timestamp())) AS due
    FROM channels k WHERE k.event_id = known.event_id AND k.opened_at IS NULL
) AS channel
LEFT JOIN LATERAL (
    SELECT
        c.version, c.kind, c.reservation_id, c.at,
        CASE WHEN c.version > known.version AND c.reservation_id IS NOT NULL THEN c.seat_ids ELSE '{}' END AS seat_ids,
        CASE WHEN c.version > known.version THEN c.freed_seat_ids ELSE '{}' END AS freed_seat_ids,
        CASE WHEN c.version > known.version THEN c.kept_back_seat_ids ELSE '{}' END AS kept_back_seat_ids
    FROM changes c WHERE c.event_id = known.event_id AND c.version >= least(known.version, e.version)
    ORDER BY c.version
    LIMIT :entries_max::int + 1
) AS entry ON true
ORDER BY known.place, entry.version

-- load_maps
-- Load the seats of events in one snapshot; :listed says for each event whether its list is wanted too. Ids, statuses
-- and holders come in chart order. The list comes in the order of seat numbers: the constant parts of the seats' JSON,
-- in the API's format and separated by line breaks, which JSON never contains, and the seats' positions in the chart.
-- What categories contribute is written once for each, and found by its number. Only for free seats of events with
-- channels that are not open is it looked up whether one of these has the seat.
SELECT
    asked.place, asked.listed, e.version, e.chart_edits, e.price_edits, coalesce(last.at, e.created_at) AS at,
    last.kind, last.reservation_id, hold.overdue OR coalesce(closed.due, false) AS overdue,
    chart.ids, chart.codes, chart.holders, list.heads, list.positions
FROM unnest(:event_ids::uuid[], :listed::boolean[]) WITH ORDINALITY AS asked (event_id, listed, place)
CROSS JOIN LATERAL (
    SELECT one.version, one.chart_edits, one.price_edits, one.created_at
    FROM events one WHERE one.id = asked.event_id AND one.deleted_at IS NULL AND one.archived_at IS NULL LIMIT 1
) AS e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c
    WHERE c.event_id = asked.event_id AND c.version = e.version LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT 1 FROM reservations r
        WHERE r.event_id = asked.event_id AND r.status = 'pending' AND r.expires_at <= (SELECT clock_timestamp())
    ) AS overdue
) AS hold
CROSS JOIN LATERAL (
    SELECT array_agg(k.key) AS keys, bool_or(k.opens_to_all_at <= (SELECT clock_timestamp())) AS due
    FROM channels k WHERE k.event_id = asked.event_id AND k.opened_at IS NULL
) AS closed
CROSS JOIN LATERAL (
    SELECT
        string_agg(uuid_send(s.id), '') AS ids,
        string_agg(
            CASE s.status
                WHEN 'reserved' THEN '\x01'::bytea
                WHEN 'confirmed' THEN '\x02'
                ELSE CASE
                    WHEN closed.keys IS NULL THEN '\x00'::bytea
                    WHEN (
                        SELECT m.channel_key = ANY (closed.keys) FROM channel_seats m
                        WHERE m.seat_id = s.id AND m.event_id = asked.event_id LIMIT 1
                    ) THEN '\x03'
                    ELSE '\x00'
                END
            END,
            ''
        ) AS codes,
        string_agg(coalesce(uuid_send(s.reservation_id), '\x00000000000000000000000000000000'), '') AS holders
    FROM (
        SELECT seat.id, claim.status, claim.reservation_id
        FROM seats seat
        LEFT JOIN LATERAL (
            SELECT c.status, c.reservation_id FROM claims c
            WHERE c.seat_id = seat.id AND c.event_id = asked.event_id LIMIT 1
        ) AS claim ON true
        WHERE seat.event_id = asked.event_id
        ORDER BY seat.position
    ) AS s
) AS chart
CROSS JOIN LATERAL (
    SELECT array_agg(c.number) AS numbers, array_agg(c.price) AS prices, array_agg(to_json(c.key)::text) AS keys
    FROM categories c WHERE c.event_id = asked.event_id AND asked.listed
) AS category
CROSS JOIN LATERAL (
    SELECT
        convert_to(string_agg(s.head, E'\n'), 'UTF8') AS heads,
        string_agg(int4send(s.position), '') AS positions
    FROM (
        SELECT
            '{"id":"' || seat.id || '","event_id":"' || seat.event_id || '","seat_number":' || to_json(seat.seat_number)
            || coalesce(',"section":' || to_json(seat.section), '')
            || coalesce(',"row":' || to_json(seat.row_name), '')
            || ',"price":' || CASE
                WHEN seat.category IS NULL THEN seat.price || ','
                ELSE
                    coalesce(seat.price, category.prices[array_position(category.numbers, seat.category)])
                    || ',"category":' || category.keys[array_position(category.numbers, seat.category)] || ','
            END AS head,
            seat.position
        FROM seats seat
        WHERE seat.event_id = asked.event_id AND asked.listed
        ORDER BY seat.seat_number
    ) AS s
) AS list
ORDER BY asked.place

-- added_seats
-- Read the seats of an event from :first_position in its chart onwards, in one snapshot, as `load_maps` does; if
-- :listed, with their list.
SELECT
    e.version, coalesce(last.at, e.created_at) AS at, last.kind, last.reservation_id,
    added.ids, added.heads, added.positions
FROM events e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT array_agg(c.number) AS numbers, array_agg(c.price) AS prices, array_agg(to_json(c.key)::text) AS keys
    FROM categories c WHERE c.event_id = e.id AND :listed
) AS category
CROSS JOIN LATERAL (
    SELECT
        string_agg(uuid_send(s.id), '' ORDER BY s.position) AS ids,
        convert_to(string_agg(s.head, E'\n' ORDER BY s.seat_number) FILTER (WHERE :listed), 'UTF8') AS heads,
        string_agg(int4send(s.position), '' ORDER BY s.seat_number) FILTER (WHERE :listed) AS positions
    FROM (
        SELECT
            seat.id, seat.position, seat.seat_number,
            '{"id":"' || seat.id || '","event_id":"' || seat.event_id || '","seat_number":' || to_json(seat.seat_number)
            || coalesce(',"section":' || to_json(seat.section), '')
            || coalesce(',"row":' || to_json(seat.row_name), '')
            || ',"price":' || CASE
                WHEN seat.category IS NULL THEN seat.price || ','
                ELSE
                    coalesce(seat.price, category.prices[array_position(category.numbers, seat.category)])
                    || ',"category":' || category.keys[array_position(category.numbers, seat.category)] || ','
            END AS head
        FROM seats seat
        WHERE seat.event_id = :event_id AND seat.position >= :first_position
    ) AS s
) AS added
WHERE e.id = :event_id AND e.deleted_at IS NULL AND e.archived_at IS NULL

-- list_page
-- Read the next :seats_max seats of an event after :after_number, in the format of `load_maps`. Only seats whose
-- position in the chart is below :chart_seats count.
SELECT
    convert_to(string_agg(s.head, E'\n'), 'UTF8') AS heads,
    string_agg(int4send(s.position), '') AS positions,
    max(s.seat_number) AS last_number
FROM (
    SELECT
        '{"id":"' || seat.id || '","event_id":"' || seat.event_id || '","seat_number":' || to_json(seat.seat_number)
        || coalesce(',"section":' || to_json(seat.section), '')
        || coalesce(',"row":' || to_json(seat.row_name), '')
        || ',"price":' || CASE
            WHEN seat.category IS NULL THEN seat.price || ','
            ELSE
                coalesce(seat.price, category.prices[array_position(category.numbers, seat.category)])
                || ',"category":' || category.keys[array_position(category.numbers, seat.category)] || ','
        END AS head,
        seat.position, seat.seat_number
    FROM seats seat
    CROSS JOIN (
        SELECT array_agg(c.number) AS numbers, array_agg(c.price) AS prices, array_agg(to_json(c.key)::text) AS keys
        FROM categories c WHERE c.event_id = :event_id
    ) AS category
    WHERE seat.event_id = :event_id AND seat.seat_number > :after_number AND seat.position < :chart_seats
    ORDER BY seat.seat_number
    LIMIT :seats_max
) AS s

-- positions
-- Find the positions of seats in the charts of their events, as far as these have been edited just so many times.
SELECT s.id, s.position
FROM unnest(:seat_ids::uuid[], :event_ids::uuid[], :chart_edits::bigint[]) AS wanted (seat_id, event_id, chart_edits)
JOIN LATERAL (SELECT e.chart_edits FROM events e WHERE e.id = wanted.event_id LIMIT 1) AS one
    ON one.chart_edits = wanted.chart_edits
CROSS JOIN LATERAL (
    SELECT x.id, x.position FROM seats x WHERE x.id = wanted.seat_id AND x.event_id = wanted.event_id LIMIT 1
) AS s

-- mark
-- Identify the state of an event at a version.
SELECT c.version, c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = :event_id AND c.version = :version

-- chart
-- Encode the chart of an event in the order of its positions, one JSON array per column. Seats without a price of their
-- own cost what their category costs; `own_prices` has null for them. Without categories these two columns are null.
SELECT
    e.version, e.chart_edits, e.price_edits, coalesce(last.at, e.created_at) AS at, last.kind, last.reservation_id,
    chart.*
FROM events e
LEFT JOIN LATERAL (
    SELECT c.at, c.kind, c.reservation_id FROM changes c WHERE c.event_id = e.id AND c.version = e.version LIMIT 1
) AS last ON true
CROSS JOIN LATERAL (
    SELECT array_agg(c.number) AS numbers, array_agg(c.price) AS prices, array_agg(c.key) AS keys
    FROM categories c WHERE c.event_id = e.id
) AS category
CROSS JOIN LATERAL (
    SELECT
        count(*) AS seats,
        convert_to(coalesce(json_agg(s.id)::text, '[]'), 'UTF8') AS ids,
        convert_to(coalesce(json_agg(s.seat_number)::text, '[]'), 'UTF8') AS seat_numbers,
        convert_to(coalesce(json_agg(s.section)::text, '[]'), 'UTF8') AS sections,
        convert_to(coalesce(json_agg(s.row_name)::text, '[]'), 'UTF8') AS rows,
        convert_to(coalesce(json_agg(s.price)::text, '[]'), 'UTF8') AS prices,
        convert_to(json_agg(s.own_price) FILTER (WHERE category.keys IS NOT NULL)::text, 'UTF8') AS own_prices,
        convert_to(json_agg(s.category) FILTER (WHERE category.keys IS NOT NULL)::text, 'UTF8') AS categories
    FROM (
        SELECT
            seat.id, seat.seat_number, seat.section, seat.row_name, seat.price AS own_price,
            CASE
                WHEN seat.price IS NULL THEN category.prices[array_position(category.numbers, seat.category)]
                ELSE seat.price
            END AS price,
            CASE
                WHEN seat.category IS NOT NULL THEN category.keys[array_position(category.numbers, seat.category)]
            END AS category
        FROM seats seat WHERE seat.event_id = :event_id ORDER BY seat.position
    ) AS s
) AS chart
WHERE e.id = :event_id AND e.deleted_at IS NULL AND e.archived_at IS NULL
