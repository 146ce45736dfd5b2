-- The PostgreSQL roles of Holdfast, each with what it needs and no more:
--
--   holdfast_owner    owns the tables: `holdfast migrate …`
--   holdfast_app      the nodes and the workers: `holdfast serve`, `holdfast work`, `holdfast keys …`
--   holdfast_archiver archives finished events, and restores them: `holdfast archive …`, and a worker that is given it in
--                     ARCHIVE_DB_USER. It alone may remove reservations and the log
--   holdfast_auditor  reads everything but password hashes, sessions and private keys, and writes nothing: `holdfast check`
--
-- So a node that was broken into, or a mistake of ours, can append to the audit and to the log of sales, and can neither
-- change nor remove what stands there.
--
-- Run it in Holdfast's database as a superuser, or as a role that may create roles and owns the database, after the first
-- `holdfast migrate up` and after each later one. It can be run again at any time:
--
--   psql -d holdfast -f deploy/postgres/roles.sql
--
-- and once per role, since no password stands here: \password holdfast_app
--
-- Other names: psql -v owner=… -v app=… -v archiver=… -v auditor=…, where an owner that exists already keeps its tables.

\set ON_ERROR_STOP on
\if :{?owner}
\else
    \set owner holdfast_owner
\endif
\if :{?app}
\else
    \set app holdfast_app
\endif
\if :{?archiver}
\else
    \set archiver holdfast_archiver
\endif
\if :{?auditor}
\else
    \set auditor holdfast_auditor
\endif

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY[:'owner', :'app', :'archiver', :'auditor']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles)
\gexec

BEGIN;

-- The owner. Tables that another role has made become its own.
SELECT format('GRANT CREATE, USAGE ON SCHEMA %I TO %I', current_schema(), :'owner')
\gexec
SELECT format('ALTER TABLE %I.%I OWNER TO %I', schemaname, tablename, :'owner')
FROM pg_tables WHERE schemaname = current_schema() AND tableowner <> :'owner'
\gexec

-- Nobody makes anything in the schema but the owner. Temporary tables, which the audit of the promises needs, are
-- allowed to the others.
SELECT format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema())
\gexec
SELECT format('REVOKE CREATE ON SCHEMA %I FROM %I, %I, %I', current_schema(), :'app', :'archiver', :'auditor')
\gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO %I, %I, %I', current_schema(), :'app', :'archiver', :'auditor')
\gexec
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I, %I, %I', current_database(), :'app', :'archiver', :'auditor')
\gexec

-- What each may do with each table. What is not named here, they may not.
SELECT format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I, %I, %I', current_schema(), :'app', :'archiver', :'auditor')
\gexec
SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), :'auditor')
\gexec
SELECT format('REVOKE ALL ON %I.%I FROM %I', schemaname, tablename, :'auditor')
FROM pg_tables WHERE tablename IN ('accounts', 'sessions', 'sign_in_links', 'ticket_keys')
    AND schemaname = current_schema()
\gexec
SELECT format(
    'GRANT SELECT (id, public_key, created_at, retired_at, revoked_at) ON %I.%I TO %I', schemaname, tablename, :'auditor'
)
FROM pg_tables WHERE tablename = 'ticket_keys' AND schemaname = current_schema()
\gexec
SELECT format('GRANT %s ON %I.%I TO %I', granted.privileges, current_schema(), granted.table_name, :'app')
FROM (
    VALUES
        -- Appended to, never changed.
        ('changes', 'SELECT, INSERT'),
        ('audit', 'SELECT, INSERT'),
        -- A hall may be replaced until the first seat of it is held.
        ('seats', 'SELECT, INSERT, UPDATE, DELETE'),
        ('categories', 'SELECT, INSERT, UPDATE, DELETE'),
        ('halls', 'SELECT, INSERT, UPDATE, DELETE'),
        ('channels', 'SELECT, INSERT, UPDATE, DELETE'),
        ('channel_seats', 'SELECT, INSERT, UPDATE, DELETE'),
        ('organisers', 'SELECT, INSERT'),
        -- Changed, never removed.
        ('events', 'SELECT, INSERT, UPDATE'),
        ('reservations', 'SELECT, INSERT, UPDATE'),
        ('api_keys', 'SELECT, INSERT, UPDATE'),
        ('accounts', 'SELECT, INSERT, UPDATE'),
        ('rights', 'SELECT, UPDATE'),
        ('ticket_keys', 'SELECT, INSERT, UPDATE (private_key, retired_at, revoked_at)'),
        -- What stands there is true at the moment only.
        ('claims', 'SELECT, INSERT, UPDATE, DELETE'),
        ('members', 'SELECT, INSERT, UPDATE, DELETE'),
        ('sessions', 'SELECT, INSERT, DELETE'),
        ('sign_in_links', 'SELECT, INSERT, DELETE'),
        -- Which events are archived. The app only reads it: what it may not remove, it may not call archived either.
        ('archives', 'SELECT'),
        ('archived_reservations', 'SELECT'),
        -- How far the schema is.
        ('alembic_version', 'SELECT'),
        ('migration_steps', 'SELECT'),
        ('installation', 'SELECT'),
        -- Which cells there are. The owner adds and drains them: `holdfast cells …`.
        ('cells', 'SELECT')
) AS granted (table_name, privileges)
JOIN pg_tables ON tablename = granted.table_name AND schemaname = current_schema()
\gexec
SELECT format('GRANT %s ON %I.%I TO %I', granted.privileges, current_schema(), granted.table_name, :'archiver')
FROM (
    VALUES
        ('events', 'SELECT, UPDATE (archived_at)'),
        ('seats', 'SELECT'),
        ('channels', 'SELECT'),
        -- They leave for a file and come back as they were.
        ('claims', 'SELECT, INSERT, DELETE'),
        ('reservations', 'SELECT, INSERT, DELETE'),
        ('changes', 'SELECT, INSERT, DELETE'),
        ('archives', 'SELECT, INSERT, UPDATE'),
        ('archived_reservations', 'SELECT, INSERT, DELETE'),
        ('alembic_version', 'SELECT'),
        ('installation', 'SELECT')
) AS granted (table_name, privileges)
JOIN pg_tables ON tablename = granted.table_name AND schemaname = current_schema()
\gexec

COMMIT;
