-- server
-- Read the kind of server and database, and the settings of this role's sessions.
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
-- Read the newest migration of this schema.
SELECT version_num FROM alembic_version

-- lock_nothing
-- Lock like a batch at its start, but no row: a role that may not write is refused.
SELECT 1 FROM events WHERE false FOR NO KEY UPDATE

-- missing_grants
-- List the privileges on our tables that this role needs and lacks. Missing tables are left to the schema probe.
SELECT needed.privilege || ' on ' || needed.table_name AS missing
FROM (
    VALUES
        ('events', 'SELECT, INSERT, UPDATE'),
        ('seats', 'SELECT, INSERT, UPDATE, DELETE'),
        ('categories', 'SELECT, INSERT, UPDATE, DELETE'),
        ('halls', 'SELECT, INSERT, UPDATE, DELETE'),
        ('channels', 'SELECT, INSERT, UPDATE, DELETE'),
        ('channel_seats', 'SELECT, INSERT, UPDATE, DELETE'),
        ('claims', 'SELECT, INSERT, UPDATE, DELETE'),
        ('reservations', 'SELECT, INSERT, UPDATE'),
        ('changes', 'SELECT, INSERT'),
        ('organisers', 'SELECT, INSERT'),
        ('members', 'SELECT, INSERT, UPDATE, DELETE'),
        ('api_keys', 'SELECT, INSERT, UPDATE'),
        ('accounts', 'SELECT, INSERT, UPDATE'),
        ('rights', 'SELECT, UPDATE'),
        ('audit', 'SELECT, INSERT'),
        ('archives', 'SELECT'),
        ('archived_reservations', 'SELECT'),
        ('cells', 'SELECT')
) AS of_table (table_name, privileges)
CROSS JOIN LATERAL (
    SELECT of_table.table_name, one AS privilege FROM unnest(string_to_array(of_table.privileges, ', ')) AS one
) AS needed
WHERE to_regclass(needed.table_name) IS NOT NULL
    AND NOT has_table_privilege(to_regclass(needed.table_name), needed.privilege)

-- finished_upgrade
-- Read the migration up to which no older node is left, so that its features may be used.
SELECT finished FROM installation
