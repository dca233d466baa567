#!/bin/sh
# Creates a certificate for Kafka's external listener, signed by its own authority, for 397 days: `make kafka-certificate`.
# Run it again to renew (the authority is unchanged, so subscribers change nothing), then: docker compose up -d --force-recreate kafka
# For a certificate of another authority: put key (PKCS#8) and chain into kafka_certificate.pem, its root into kafka_ca.pem.
set -eu
. "$(dirname "$0")/dotenv.sh"
folder=${1:-$(dotenv SECRETS deploy/secrets)}
host=$(dotenv KAFKA_EXTERNAL_HOST 127.0.0.1)
command -v openssl >/dev/null || { echo 'openssl is needed to make a certificate: install it' >&2; exit 1; }
case $host in
  *[!0-9.]*) name="DNS:$host,DNS:localhost,IP:127.0.0.1" ;;
  *) name="IP:$host,DNS:localhost,IP:127.0.0.1" ;;
esac
umask 077
if [ ! -s "$folder/kafka_ca.key" ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -sha256 -subj '/CN=Kinerja Kafka authority' \
    -keyout "$folder/kafka_ca.key" -out "$folder/kafka_ca.pem" 2>/dev/null
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -newkey rsa:3072 -nodes -sha256 -subj "/CN=$host" -keyout "$work/key.pem" -out "$work/request.pem" 2>/dev/null
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$name" >"$work/extensions"
openssl x509 -req -in "$work/request.pem" -CA "$folder/kafka_ca.pem" -CAkey "$folder/kafka_ca.key" -CAcreateserial \
  -days "${DAYS:-397}" -sha256 -extfile "$work/extensions" -out "$work/certificate.pem" 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$work/key.pem" -out "$work/key8.pem"
cat "$work/key8.pem" "$work/certificate.pem" "$folder/kafka_ca.pem" >"$folder/kafka_certificate.pem"
chmod 444 "$folder/kafka_certificate.pem" "$folder/kafka_ca.pem"
echo "made $folder/kafka_certificate.pem for $host; subscribers need $folder/kafka_ca.pem"
