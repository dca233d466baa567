#!/bin/sh
# Dumps the four databases of the running stack into a new folder: `make backup` calls it.
# They are dumped one after the other, not at the same time: records have revisions, and publishing again (restore.sh does
# it) makes the databases consistent. Kafka is not copied: its records come from the databases.
# The secrets are not included. Keep a copy of them elsewhere: without link_key the sent links do not work, without
# ballot_key the votes that wait for a group are lost; if ballot_key is next to the backup, whoever finds both can read them.
set -eu
. "$(dirname "$0")/dotenv.sh"
target=${1:-var/backups}

[ -n "$(docker compose ps -q postgres)" ] || { echo 'no stack is running here: start it with docker compose up -d --wait' >&2; exit 1; }
umask 077
time=$(date -u +%Y%m%dT%H%M%SZ)
folder=$target/$time
work=$folder.partial
mkdir -p "$target"
mkdir "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

postgres() { docker compose exec -T postgres "$@"; }

# Describes the dumps, for people and for restore.sh, which refuses dumps of a newer release.
containers=$(docker compose ps --all -q attendance)
{
  echo "time $time"
  echo "image $(docker inspect --format '{{ .Image }}' "${containers%%[!0-9a-f]*}" 2>/dev/null || echo unknown)"
} >"$work/manifest"
# Readers before their owners: an owner may be ahead, because publishing again updates its readers. A reader that is ahead would
# have a revision that its owner later uses again for other content.
for database in notifications scoring feedback attendance; do
  version=$(postgres psql --username postgres --dbname "$database" -Atc 'select version_num from alembic_version' </dev/null)
  echo "schema $database $version" >>"$work/manifest"
  postgres pg_dump --username postgres --format=custom "$database" </dev/null >"$work/$database.dump"
  # a dump that cannot be listed is not valid
  postgres pg_restore --list <"$work/$database.dump" >/dev/null
done
(cd "$work" && sha256sum manifest ./*.dump >SHA256SUMS)
sync
mv "$work" "$folder"
echo "written to $folder"
echo "keep a copy elsewhere, and a separate copy of $(dotenv SECRETS deploy/secrets): the backup contains no secrets" >&2
