"""From a topic into the database."""
