#!/bin/sh
# Run once by the image of PostgreSQL, in an empty database: the role that Tocsin signs in as.
# It owns its database and is no superuser, so that row-level security binds it.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set password="$DATABASE_PASSWORD" <<'SQL'
CREATE ROLE tocsin LOGIN PASSWORD :'password'
    NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
CREATE DATABASE tocsin OWNER tocsin ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE tocsin FROM PUBLIC;
SQL
