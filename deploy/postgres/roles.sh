#!/usr/bin/env bash
# Roles, databases and rights, applied at every start: so a new password is a new secret file.
# - migrations: owns the four databases and their tables; only the migration step uses it.
# - attendance, feedback, scoring, notifications: log into their own database only; they read and write rows, and
#   cannot create or drop a table.
set -euo pipefail
. "$(dirname "$0")/locale.sh"

secret() {
  local value
  value=$(cat "/run/secrets/$1") && [ -n "$value" ] || { echo "secret $1 is missing or empty: run make secrets" >&2; exit 1; }
  printf '%s' "$value"
}
PGPASSWORD=$(secret database_superuser_password)
migrations=$(secret database_migrations_password)
export PGPASSWORD PGHOST=postgres PGUSER=postgres PGCONNECT_TIMEOUT=10

run() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$1"; }

role() { # name password
  run postgres <<SQL
set log_min_duration_statement = -1; -- on a slow disk the log would have the password
select 'create role $1' where not exists (select from pg_roles where rolname = '$1') \gexec
alter role $1 with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 60 password '$2';
-- An error's message may quote a value, as in: invalid input syntax for type uuid: "...". The service logs its SQLSTATE.
alter role $1 set log_min_messages to log;
SQL
}

# Volumes of older releases: these two databases have no data of ours, and their catalogs sort by "C". Postgres would warn at each connection.
run postgres <<SQL
select format('alter database %I refresh collation version', datname) from pg_database
  where datname in ('postgres', 'template1') and datcollversion <> pg_database_collation_actual_version(oid) \gexec
SQL
role migrations "$migrations"
for service in attendance feedback scoring notifications; do
  role "$service" "$(secret "database_${service}_password")"
  run postgres <<SQL
select \$\$create database $service owner migrations $CREATE_OPTIONS\$\$
  where not exists (select from pg_database where datname = '$service') \gexec
alter database $service owner to migrations;
revoke all on database $service from public;
grant connect on database $service to $service;
SQL
  run "$service" <<SQL
alter schema public owner to migrations;
revoke all on schema public from public;
grant usage on schema public to $service;
grant select, insert, update, delete on all tables in schema public to $service;
grant usage, select on all sequences in schema public to $service;
alter default privileges for role migrations in schema public grant select, insert, update, delete on tables to $service;
alter default privileges for role migrations in schema public grant usage, select on sequences to $service;
SQL
done
run postgres <<SQL
revoke connect on database postgres from public;
revoke connect on database template1 from public;
SQL
echo 'roles and databases are as roles.sh says'
