"""The published language: every record on a topic, and how it travels."""
