#!/bin/sh
# Brings a backup into an empty stack: `make restore FROM=var/backups/…` calls it. See docs/runbooks/restore.md.
set -eu
from=${1:-}
[ -f "$from/SHA256SUMS" ] || { echo "no backup in '$from': make restore FROM=var/backups/<time>" >&2; exit 1; }
[ -n "$(docker compose ps -q postgres)" ] || { echo 'no stack is running here: start it with docker compose up -d --wait' >&2; exit 1; }
(cd "$from" && sha256sum --quiet --check SHA256SUMS) || { echo "the backup in $from is damaged: nothing was changed" >&2; exit 1; }
officers=$(docker compose exec -T postgres psql --username postgres --dbname attendance -Atc 'select count(*) from employee' </dev/null)
if [ "$officers" != 0 ] && [ "${FORCE:-no}" != yes ]; then
  echo "this stack holds $officers officers: restore into an empty one, or give FORCE=yes to replace all that it holds" >&2
  exit 1
fi

docker compose stop attendance feedback scoring notifications
for database in attendance feedback scoring notifications; do
  docker compose exec -T postgres pg_restore --username postgres --dbname "$database" --clean --if-exists --no-owner \
    --role=migrations --no-privileges --exit-on-error --single-transaction <"$from/$database.dump"
done
docker compose run --rm --no-deps -T roles </dev/null # the rights on the tables that were just made
docker compose run --rm --no-deps -T migrate </dev/null # a backup of an older release
docker compose up --detach --wait
docker compose run --rm --no-deps -T admin republish </dev/null
docker compose run --rm --no-deps -T admin scores verify </dev/null
