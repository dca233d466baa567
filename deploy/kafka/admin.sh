#!/usr/bin/env bash
# Runs one of Kafka's own tools as the administrator: docker compose exec kafka bash /deploy/admin.sh kafka-topics.sh --describe
set -euo pipefail
tool=${1:?name one of the tools in /opt/kafka/bin}
shift
login=$(mktemp)
trap 'rm -f "$login"' EXIT
{
  echo 'security.protocol=SASL_PLAINTEXT'
  echo 'sasl.mechanism=PLAIN'
  printf 'sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="%s";\n' \
    "$(cat /run/secrets/kafka_admin_password)"
} >"$login"
# this tool must not use the broker's heap size
KAFKA_HEAP_OPTS=-Xmx128m "/opt/kafka/bin/$tool" --bootstrap-server 127.0.0.1:9092 --command-config "$login" "$@"
