#!/usr/bin/env bash
# Reports common faults with clear messages; then starts as the image does.
set -euo pipefail

version=$(cut -d. -f1 "$PGDATA/PG_VERSION" 2>/dev/null || true)
server=$(postgres --version | grep -oE '[0-9]+' | head -n 1)
if [ -n "$version" ] && [ "$version" != "$server" ]; then
  echo "the data volume was made by Postgres $version, this is Postgres $server: docs/runbooks/postgres-version.md" >&2
  exit 1
fi
# Without space for a WAL segment (16 MB) Postgres ends at each start, and recovers automatically when there is space.
free=$(df -Pm "$PGDATA" | awk 'NR == 2 { print $4 }')
[ "$free" -ge 32 ] || echo "the disk of the database is full ($free MB free): docs/runbooks/database-full.md" >&2
[ -s /run/secrets/database_superuser_password ] || { echo 'secret database_superuser_password is missing or empty: run make secrets' >&2; exit 1; }
exec docker-entrypoint.sh "$@"
