"""Scores: published, explained, shown, recomputed."""
