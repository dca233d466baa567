#!/bin/sh
# Dumps the four databases of the running stack into a folder of its own: `make backup` calls it.
# They are dumped one after the other, not at one moment: what one knows before another are facts with revisions, and
# publishing again (restore.sh does) brings them together. Kafka is not copied: its records come from the databases.
# The secrets are not in it. Keep a copy of them elsewhere: without link_key the links that were sent open nothing.
set -eu
target=${1:-var/backups}

[ -n "$(docker compose ps -q postgres)" ] || { echo 'no stack is running here: start it with docker compose up -d --wait' >&2; exit 1; }
umask 077
folder=$target/$(date -u +%Y%m%dT%H%M%SZ)
work=$folder.partial
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
for database in attendance feedback scoring notifications; do
  docker compose exec -T postgres pg_dump --username postgres --format=custom "$database" </dev/null >"$work/$database.dump"
  # a dump that cannot be listed is none
  docker compose exec -T postgres pg_restore --list <"$work/$database.dump" >/dev/null
done
(cd "$work" && sha256sum ./*.dump >SHA256SUMS)
mv "$work" "$folder"
echo "written to $folder"
