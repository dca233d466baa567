#!/bin/sh
# Dumps the four databases of the running stack into a folder of its own: `make backup` calls it.
# They are dumped one after the other, not at one moment: what one knows before another are facts with revisions, and
# publishing again (restore.sh does) brings them together. Kafka is not copied: its records come from the databases.
# The secrets are not in it. Keep a copy of them elsewhere: without link_key the links that were sent open nothing, without
# ballot_key the votes that wait for a group are lost; beside the backup, ballot_key would open them to whoever finds both.
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

# What the dumps are, for people and for restore.sh, which refuses those of a newer release.
containers=$(docker compose ps --all -q attendance)
{
  echo "time $time"
  echo "image $(docker inspect --format '{{ .Image }}' "${containers%%[!0-9a-f]*}" 2>/dev/null || echo unknown)"
} >"$work/manifest"
# Readers before their owners: an owner may be ahead, and publishing again brings its readers up to it. A reader that is ahead would
# hold a revision that its owner gives once more, to another content.
for database in notifications scoring feedback attendance; do
  version=$(postgres psql --username postgres --dbname "$database" -Atc 'select version_num from alembic_version' </dev/null)
  echo "schema $database $version" >>"$work/manifest"
  postgres pg_dump --username postgres --format=custom "$database" </dev/null >"$work/$database.dump"
  # a dump that cannot be listed is none
  postgres pg_restore --list <"$work/$database.dump" >/dev/null
done
(cd "$work" && sha256sum manifest ./*.dump >SHA256SUMS)
sync
mv "$work" "$folder"
echo "written to $folder"
echo "keep a copy elsewhere, and apart from it one of $(dotenv SECRETS deploy/secrets): the backup holds no secrets" >&2
