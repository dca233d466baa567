#!/usr/bin/env bash
# Refuses, in words, what Postgres would refuse in riddles; then starts as the image does.
set -euo pipefail

version=$(cut -d. -f1 "$PGDATA/PG_VERSION" 2>/dev/null || true)
server=$(postgres --version | grep -oE '[0-9]+' | head -n 1)
if [ -n "$version" ] && [ "$version" != "$server" ]; then
  echo "the data volume was made by Postgres $version, this is Postgres $server: docs/runbooks/postgres-version.md" >&2
  exit 1
fi
[ -s /run/secrets/database_superuser_password ] || { echo 'secret database_superuser_password is missing or empty: run make secrets' >&2; exit 1; }
exec docker-entrypoint.sh "$@"
