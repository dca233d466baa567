#!/bin/sh
# Writes connect.env for the running stack: the settings with which the command line, the sample and scripts reach it.
# `make connect` calls it. It has the same names as the one of `make up`, and the stack's name.
set -eu
. "$(dirname "$0")/dotenv.sh"
folder=${1:-var/compose}
secrets=$(dotenv SECRETS deploy/secrets)
protocol=$(dotenv KAFKA_EXTERNAL_PROTOCOL SASL_SSL)
files=$(dotenv COMPOSE_FILE "")
zone=$(dotenv TIMEZONE Asia/Jakarta)

[ -n "$(docker compose ps -q gateway)" ] || {
  echo 'no stack is running here: start it with docker compose up -d --wait' >&2
  exit 1
}
port=$(docker compose port gateway 8080 2>/dev/null || true)
case $port in
  '' | *:0) url=$(docker compose exec -T attendance printenv KINERJA_PUBLIC_URL </dev/null) ;; # HTTPS: deploy/compose.https.yml
  *) url=http://127.0.0.1:${port##*:} ;;
esac
project=$(docker inspect --format '{{ index .Config.Labels "com.docker.compose.project" }}' "$(docker compose ps -q gateway)")
mkdir -p "$folder"
umask 077
{
  echo "KINERJA_URL=$url"
  echo "KINERJA_OPERATOR_KEY=$(cat "$secrets/operator_key")"
  echo "KINERJA_COMPOSE_PROJECT=$project"
  echo "KINERJA_TIMEZONE=$zone"
  if [ -n "$files" ]; then echo "KINERJA_COMPOSE_FILE=$files"; fi
} >"$folder/connect.env.new"

# The listener for HR systems is an overlay (deploy/compose.external.yml); if it is on, a subscriber for tests is created.
servers=
for broker in kafka kafka2 kafka3; do # the two others: deploy/compose.cluster.yml
  port=$(docker compose port "$broker" 9094 2>/dev/null || true)
  case $port in '' | *:0) ;; *) servers=$servers,127.0.0.1:${port##*:} ;; esac
done
if [ -n "$servers" ]; then
  # Kafka stores only a hash of the user's password, so a lost one is replaced; a new volume of Kafka does not know the user
  if [ ! -s "$folder/sandbox.env" ] ||
    ! docker compose run --rm --no-deps -T admin subscribers list </dev/null | grep -qx sandbox; then
    docker compose run --rm --no-deps -T admin subscribers remove sandbox </dev/null >/dev/null 2>&1 || true
    docker compose run --rm --no-deps -T admin subscribers add sandbox --env </dev/null >"$folder/sandbox.env"
  fi
  {
    echo "KAFKA_BOOTSTRAP_SERVERS=${servers#,}"
    echo "KAFKA_SECURITY_PROTOCOL=$protocol"
    echo "KAFKA_SASL_MECHANISM=SCRAM-SHA-512"
    cat "$folder/sandbox.env"
    if [ "$protocol" = SASL_SSL ]; then echo "KAFKA_SSL_CA_LOCATION=$secrets/kafka_ca.pem"; fi
  } >>"$folder/connect.env.new"
fi
mv "$folder/connect.env.new" "$folder/connect.env"
echo "written to $folder/connect.env"
