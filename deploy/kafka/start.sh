#!/usr/bin/env bash
# Starts the broker with the passwords of the secret files: they appear in no compose file and in no `docker inspect`.
set -euo pipefail

secret() {
  local value
  value=$(cat "/run/secrets/$1") && [ -n "$value" ] || { echo "secret $1 is missing or empty: run make secrets" >&2; exit 1; }
  printf '%s' "$value"
}
broker=$(secret kafka_broker_password)
admin=$(secret kafka_admin_password)

# A volume of another cluster would start into one that never gets its quorum, or join with records that the others do not have.
was=$(sed -n 's/^cluster.id=//p' "$KAFKA_LOG_DIRS/meta.properties" 2>/dev/null || true)
if [ -n "$was" ] && [ "$was" != "$CLUSTER_ID" ]; then
  echo "the data volume is of cluster $was, this is $CLUSTER_ID: how to move is said in deploy/compose.cluster.yml" >&2
  exit 1
fi

# Brokers and the administrator log in by PLAIN, known from the start; services and subscribers by SCRAM, kept in Kafka itself.
plain="org.apache.kafka.common.security.plain.PlainLoginModule required username=\"broker\" password=\"$broker\""
plain="$plain user_broker=\"$broker\" user_admin=\"$admin\";"
scram='org.apache.kafka.common.security.scram.ScramLoginModule required;'
export KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG=$plain
export KAFKA_LISTENER_NAME_INTERNAL_PLAIN_SASL_JAAS_CONFIG=$plain
export KAFKA_LISTENER_NAME_INTERNAL_SCRAM___SHA___512_SASL_JAAS_CONFIG=$scram
export KAFKA_LISTENER_NAME_EXTERNAL_SCRAM___SHA___512_SASL_JAAS_CONFIG=$scram
# On a full disk the broker ends as often as it is started, in riddles, and goes on by itself once there is room.
free=$(df -Pm "$KAFKA_LOG_DIRS" | awk 'NR == 2 { print $4 }')
[ "$free" -ge 32 ] || echo "the disk of Kafka is full ($free MB free): docs/runbooks/broker-down.md" >&2
exec /etc/kafka/docker/run
