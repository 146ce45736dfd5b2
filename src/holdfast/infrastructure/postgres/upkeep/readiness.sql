-- server
-- Tell what kind of server and database this is, and what this role's sessions are set to.
SELECT
    pg_is_in_recovery() AS standby,
    current_setting('server_version_num')::int AS version_number,
    pg_encoding_to_char(d.encoding) AS encoding,
    current_setting('client_encoding') AS client_encoding,
    current_setting('default_transaction_read_only') = 'on' AS read_only,
    current_setting('holdfast.throw_away', true) IS NOT DISTINCT FROM 'on' AS throw_away,
    ARRAY(
        SELECT durable.name FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS durable (name)
        WHERE current_setting(durable.name) = 'off'
    ) AS not_durable
FROM pg_database d WHERE d.datname = current_database()

-- schema_version
-- Name the newest migration that this schema has.
SELECT version_num FROM alembic_version

-- lock_nothing
-- Do what each batch begins with, for no event: whoever may not write cannot.
SELECT 1 FROM events WHERE false FOR NO KEY UPDATE

-- missing_grants
-- Name what this role may not do with our tables and must; tables that are not there are the schema's matter.
SELECT needed.privilege || ' on ' || needed.table_name AS missing
FROM unnest(
    ARRAY['events', 'seats', 'claims', 'reservations', 'changes'],
    ARRAY[
        'SELECT, INSERT, UPDATE', 'SELECT, INSERT', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE',
        'SELECT, INSERT'
    ]
) AS of_table (table_name, privileges)
CROSS JOIN LATERAL (
    SELECT of_table.table_name, one AS privilege FROM unnest(string_to_array(of_table.privileges, ', ')) AS one
) AS needed
WHERE to_regclass(needed.table_name) IS NOT NULL
    AND NOT has_table_privilege(to_regclass(needed.table_name), needed.privilege)

-- finished_upgrade
-- Name the migration up to which no node of an older version is left, so that what came with it may be used.
SELECT finished FROM installation
