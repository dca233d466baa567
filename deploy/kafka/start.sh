#!/usr/bin/env bash
# Starts the broker with the passwords of the secret files: so they are not in a Compose file or in `docker inspect`.
set -euo pipefail

secret() {
  local value
  value=$(cat "/run/secrets/$1") && [ -n "$value" ] || { echo "secret $1 is missing or empty: run make secrets" >&2; exit 1; }
  printf '%s' "$value"
}
broker=$(secret kafka_broker_password)
admin=$(secret kafka_admin_password)

# A broker on a volume of another cluster would never reach a quorum, or join with records that the others do not have.
was=$(sed -n 's/^cluster.id=//p' "$KAFKA_LOG_DIRS/meta.properties" 2>/dev/null || true)
if [ -n "$was" ] && [ "$was" != "$CLUSTER_ID" ]; then
  echo "the data volume is of cluster $was, this is $CLUSTER_ID: deploy/compose.cluster.yml says how to move" >&2
  exit 1
fi

# Brokers and the administrator log in with PLAIN, configured here; services and subscribers with SCRAM, stored in Kafka itself.
plain="org.apache.kafka.common.security.plain.PlainLoginModule required username=\"broker\" password=\"$broker\""
plain="$plain user_broker=\"$broker\" user_admin=\"$admin\";"
scram='org.apache.kafka.common.security.scram.ScramLoginModule required;'
export KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG=$plain
export KAFKA_LISTENER_NAME_INTERNAL_PLAIN_SASL_JAAS_CONFIG=$plain
export KAFKA_LISTENER_NAME_INTERNAL_SCRAM___SHA___512_SASL_JAAS_CONFIG=$scram
export KAFKA_LISTENER_NAME_EXTERNAL_SCRAM___SHA___512_SASL_JAAS_CONFIG=$scram
# On a full disk the broker ends at each start with unclear errors, and recovers automatically when there is space.
free=$(df -Pm "$KAFKA_LOG_DIRS" | awk 'NR == 2 { print $4 }')
[ "$free" -ge 32 ] || echo "the disk of Kafka is full ($free MB free): docs/runbooks/broker-down.md" >&2
exec /etc/kafka/docker/run
