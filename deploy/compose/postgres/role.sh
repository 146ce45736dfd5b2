#!/bin/sh
# The image of PostgreSQL runs this once, when it makes the cluster: an ordinary role for Holdfast, and its database.
set -eu
psql -v ON_ERROR_STOP=1 --username postgres -v password="$HOLDFAST_DB_PASSWORD" <<'SQL'
CREATE ROLE holdfast LOGIN PASSWORD :'password';
CREATE DATABASE holdfast OWNER holdfast ENCODING 'UTF8' TEMPLATE template0;
GRANT pg_read_all_stats TO holdfast;
SQL
