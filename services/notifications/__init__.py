"""Notices: reward and coaching as drafts that a person releases, nudges and alerts, and their delivery."""
