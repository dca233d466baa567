#!/bin/sh
# Creates the missing secrets of a stack, one file each; never replaces one. `make secrets` calls it.
# The folder is private (700); the files are readable, because a container's user differs from the host's.
set -eu
. "$(dirname "$0")/dotenv.sh"
folder=${1:-$(dotenv SECRETS deploy/secrets)}
names='
database_superuser_password database_migrations_password
database_attendance_password database_feedback_password database_scoring_password database_notifications_password
kafka_broker_password kafka_admin_password
kafka_attendance_password kafka_feedback_password kafka_scoring_password kafka_notifications_password
operator_key link_key ballot_key canary_key
'
mkdir -p "$folder"
chmod 700 "$folder"
made=0
for name in $names; do
  if [ ! -e "$folder/$name" ]; then
    # 32 random bytes in letters and digits: no character with a special meaning in a URL, a shell or a JAAS line
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
    made=$((made + 1))
  fi
  [ -s "$folder/$name" ] || { echo "secret $folder/$name is empty: delete it and run make secrets again" >&2; exit 1; }
  chmod 444 "$folder/$name"
done
# Empty by default, so that a mail server without login needs no step: fill it if the server requires a password.
[ -e "$folder/smtp_password" ] || : >"$folder/smtp_password"
chmod 444 "$folder/smtp_password"
echo "$made secrets made in $folder"
# Containers read these folders with their own users; a clone with umask 077 lets nobody else read. They contain no secret.
cd "$(dirname "$0")"
find caddy grafana kafka postgres prometheus \( ! -perm -o=r -o -type d ! -perm -o=x \) -exec chmod a+rX {} +
