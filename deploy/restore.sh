#!/bin/sh
# Restores a backup into an empty stack: `make restore FROM=var/backups/…` calls it. See docs/runbooks/restore.md.
# It restores into new databases, which replace the present ones in one transaction: a failed dump changes nothing, and no
# tables of a newer release remain, at which migrations would fail.
set -eu
. "$(dirname "$0")/postgres/locale.sh"
from=${1:-}
databases='attendance feedback scoring notifications'
canary=00000000-0000-7000-8000-000000000001 # not a person: it is in an empty stack too
refuse() { echo "$1" >&2; exit 1; }
postgres() { docker compose exec -T postgres "$@"; }
psql() { postgres psql --username postgres --quiet --no-psqlrc --set ON_ERROR_STOP=1 -At "$@" </dev/null; }

[ -f "$from/SHA256SUMS" ] && [ -f "$from/manifest" ] || refuse "no backup in '$from': make restore FROM=var/backups/<time>"
[ -n "$(docker compose ps -q postgres)" ] || refuse 'no stack is running here: start it with docker compose up -d --wait'
for file in manifest attendance.dump feedback.dump scoring.dump notifications.dump; do
  grep -q "[ /]$file\$" "$from/SHA256SUMS" || refuse "the backup in $from is damaged: SHA256SUMS lacks $file; nothing was changed"
done
(cd "$from" && sha256sum --quiet --check SHA256SUMS) || refuse "the backup in $from is damaged: nothing was changed"

for database in $databases; do
  tables=employee
  [ "$database" != notifications ] || tables='employee notice'
  for table in $tables; do
    count=$(psql --dbname "$database" -c "select count(*) from $table where employee_id <> '$canary'") ||
      refuse "database $database has no tables yet: docker compose up -d --wait, then again"
    [ "$count" = 0 ] || [ "${FORCE:-no}" = yes ] ||
      refuse "this stack's database $database holds $count rows of $table: restore into an empty stack, or give FORCE=yes to replace all its data"
  done
  made_at=$(sed -n "s/^schema $database //p" "$from/manifest")
  [ "$made_at" -ge 100 ] ||
    refuse "the backup's $database is of a release whose databases cannot be upgraded (schema $made_at): only that release can restore it (manifest: image)"
  present=$(psql --dbname "$database" -c 'select version_num from alembic_version')
  [ "$made_at" -le "$present" ] ||
    refuse "the backup's $database is of a newer release (schema $made_at, here $present): start that release first (manifest: image)"
done

clear_away() { # databases of an earlier attempt
  for database in $databases; do
    psql -c "drop database if exists ${database}_$1 with (force)" 2>/dev/null || true
  done
}
trap 'clear_away restored' EXIT
trap 'exit 1' HUP INT TERM
clear_away restored
clear_away replaced
swap=
for database in $databases; do
  psql -c "create database ${database}_restored owner migrations $CREATE_OPTIONS"
  postgres pg_restore --username postgres --dbname "${database}_restored" --no-owner --role=migrations --no-privileges \
    --exit-on-error --single-transaction <"$from/$database.dump"
  swap="$swap alter database $database rename to ${database}_replaced; alter database ${database}_restored rename to $database;"
done

docker compose stop attendance feedback scoring notifications
psql -c "$swap" || refuse 'nothing was changed: close all connections to the databases, then docker compose up -d --wait'
docker compose run --rm --no-deps -T roles </dev/null # the rights on the new databases and tables
docker compose run --rm --no-deps -T migrate </dev/null # a backup of an older release
docker compose up --detach --wait
clear_away replaced
docker compose run --rm --no-deps -T admin republish </dev/null
docker compose run --rm --no-deps -T admin scores verify </dev/null
