"""Digests, metrics and certificates."""
