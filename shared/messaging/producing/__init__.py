"""From the outbox to a topic."""
