"""The records on the topics."""
