"""Topics, users, dead letters, outbox."""
