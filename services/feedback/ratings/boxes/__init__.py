"""Ballot boxes: encrypted, one per target."""
