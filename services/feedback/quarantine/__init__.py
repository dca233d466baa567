"""Quarantined votes: a person accepts or dismisses them without seeing the answers."""
