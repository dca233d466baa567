"""Administration of Kafka: topics, users and rights."""
